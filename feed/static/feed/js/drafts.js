// What somebody types is kept in the tab until it is posted: it survives a reload, Back, and a log-in in between.

import { on } from "./page.js";

const areaOf = (form) => form?.querySelector?.("textarea[data-limit]");
const isRefused = (form) => Boolean(form.querySelector('[aria-invalid="true"]'));

// Of each user, so that the next user of this tab doesn't get it.
const keyOf = (form) => `rill:draft:${form.elements.as?.value}:${form.getAttribute("action")}`;

export const isDirty = (form) => {
  const area = areaOf(form);
  return Boolean(area) && (isRefused(form) || area.value !== area.defaultValue || [...form.querySelectorAll("select")].some(
    (choice) => [...choice.options].some((option) => option.selected !== option.defaultSelected)));
};

export function keep(form) {
  const area = areaOf(form);
  const { audience, version } = form.elements;
  const draft = { text: area.value, audience: audience?.value, version: version?.value };
  if (area.value && isDirty(form)) sessionStorage.setItem(keyOf(form), JSON.stringify(draft));
  else drop(form);
}

export const drop = (form) => sessionStorage.removeItem(keyOf(form));

// Returns whether there was a draft. Never replaces a text that the server has sent back.
export function restore(form) {
  if (isRefused(form)) return keep(form);
  const area = areaOf(form);
  const kept = sessionStorage.getItem(keyOf(form));
  if (!kept || area.value !== area.defaultValue) return;
  const { text, audience, version } = JSON.parse(kept);
  area.value = text;
  const choice = form.elements.audience;
  if (choice && audience && (!choice.options || [...choice.options].some(({ value }) => value === audience))) choice.value = audience;
  if (version && form.elements.version) form.elements.version.value = version; // what the draft started from
  area.dispatchEvent(new Event("input", { bubbles: true }));
  if (form.closest("#editor")) form.querySelector(".trying").textContent = "Your unsaved changes are back.";
}

const known = new WeakSet();
function restoreAll() {
  for (const area of document.querySelectorAll("textarea[data-limit]")) {
    if (known.has(area)) continue;
    known.add(area);
    restore(area.form);
  }
}
restoreAll();
on("htmx:after:swap", restoreAll);
for (const name of ["input", "change"]) on(name, ({ target }) => areaOf(target.form) && keep(target.form));
on("rill:done", ({ target }) => areaOf(target) && drop(target));
