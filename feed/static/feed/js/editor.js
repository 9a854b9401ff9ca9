// Editing and deleting, in a dialog outside the feed, so that no frame changes it.

import { find, on } from "./page.js";

on("htmx:after:swap", ({ detail: { ctx } }) => {
  const editor = find("editor");
  if (ctx.target === editor && !editor.open) editor.showModal();
});
on("rill:done", () => find("editor").close());
on("click", (event) => {
  if (!event.target.closest("dialog [data-close]")) return;
  event.preventDefault();
  find("editor").close();
});
find("editor").addEventListener("close", () => find("editor").replaceChildren());
