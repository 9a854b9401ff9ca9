// Buttons that copy the text of the element named in their data-copy. Browsers allow that over https and on localhost
// only, so the buttons are hidden until then.

import { find, on } from "./page.js";

const show = () => document.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
if (navigator.clipboard) {
  show();
  on("htmx:after:swap", show);
}

on("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(find(button.dataset.copy).textContent.trim());
    find("status").textContent = "Copied";
    const { textContent } = button;
    if (textContent === "Copied") return;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = textContent), 2000);
  } catch {
    getSelection().selectAllChildren(find(button.dataset.copy)); // not allowed: ready for Ctrl+C
  }
});
