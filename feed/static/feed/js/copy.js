// Buttons that copy the text of the element named in their data-copy. Browsers allow that over https and on localhost
// only, so the buttons are hidden until then.

import { find, on } from "./page.js";

if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));

on("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(find(button.dataset.copy).textContent.trim());
    find("status").textContent = "Copied";
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  } catch {
    getSelection().selectAllChildren(find(button.dataset.copy)); // not allowed: ready for Ctrl+C
  }
});
