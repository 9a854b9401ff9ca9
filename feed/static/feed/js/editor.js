// Editing, in a dialog outside the feed, so that no frame changes it.

import { drop, isDirty } from "./drafts.js";
import { find, on } from "./page.js";

const editor = find("editor");
const form = () => editor.querySelector("form");

on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target === editor && !editor.open) editor.showModal();
});
on("rill:done", () => editor.close());
editor.addEventListener("close", () => editor.replaceChildren());

// Changes are thrown away only when asked to. Closed in any other way, the dialog shows them when it is opened again.
function leave() {
  const question = editor.querySelector("template.asking");
  if (!question || !isDirty(form())) return editor.close();
  if (editor.querySelector("p.asking")) return keepEditing();
  form().append(question.content.cloneNode(true));
  editor.querySelector("[data-keep]").focus();
}
function keepEditing() {
  editor.querySelector("p.asking")?.remove();
  editor.querySelector("textarea").focus();
}
function discard() {
  drop(form());
  editor.close();
}

on("click", (event) => {
  const does = { close: leave, keep: keepEditing, discard };
  const name = Object.keys(does).find((each) => event.target.closest(`dialog [data-${each}]`));
  if (!name) return;
  event.preventDefault();
  does[name]();
});

// Both: a browser lets a page stop `cancel` only once, and a phone's Back gesture has no key.
editor.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  leave();
});
editor.addEventListener("cancel", (event) => {
  event.preventDefault();
  leave();
});

// A press on the backdrop. Not a selection that is drawn out of the dialog.
let pressed;
editor.addEventListener("pointerdown", ({ target }) => (pressed = target));
editor.addEventListener("click", ({ target }) => target === editor && pressed === editor && leave());
