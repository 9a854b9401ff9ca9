// Forms for texts.

import { find, isAscending, on } from "./page.js";

// While one types: the keys that post, the ring that fills, and the box that grows.

const FEW = 200; // characters left, from which on their number is shown
const isMac = /mac|iphone|ipad/i.test(navigator.platform);

on("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest("textarea")?.form.requestSubmit();
});

// Count characters as the server does. JavaScript's `length` counts an emoji twice.
function count(area) {
  const used = [...area.value.trim()].length;
  const left = area.dataset.limit - used;
  const [ring, words, hint] = [".count", ".left", ".hint"].map((name) => area.form.querySelector(name));
  if (!ring) return;
  ring.style.setProperty("--used", Math.min(1, used / area.dataset.limit).toFixed(3));
  ring.textContent = left < FEW ? left : "";
  ring.classList.toggle("over", left < 0);
  if (words) words.textContent = inWords(left);
  if (hint) hint.textContent = `${isMac ? "⌘" : "Ctrl+"}Enter to ${area.form.querySelector("footer .button").textContent.toLowerCase()}`;
}

// In steps, or a screen reader would speak at each key.
function inWords(left) {
  if (left < 0) return "The text is too long.";
  return left < FEW ? `At most ${Math.ceil((left + 1) / 50) * 50} characters are left.` : "";
}

// Opened for good, because what follows would move if it closed.
on("focusin", ({ target }) => target.closest("form[data-send]")?.classList.add("opened"));

// For browsers that don't know `field-sizing`.
function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

function measure(area) {
  count(area);
  grow(area);
}
const measureAll = () => document.querySelectorAll("[data-limit]").forEach(measure);
on("input", ({ target }) => target.dataset.limit && measure(target));
on("htmx:after:swap", measureAll);
measureAll();

// What somebody types is kept in the tab until it is posted: it survives a reload, Back, and a log-in in between.

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

// An answer to a comment is written in the form of its thread. The form then says whose comment it answers.

on("click", (event) => {
  const link = event.target.closest?.("#feed .tally > a.comments");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const row = link.closest("article");
  const form = row.closest(".replies")?.parentElement.querySelector("form.answer") ?? (isAscending(find("feed")) && find("compose"));
  if (!form) return;
  event.preventDefault();
  reset(form);
  if (row.dataset.fold) answer(form, row, new URL(link.href).pathname);
  form.elements.text.focus();
});

function answer(form, row, url) {
  form.setAttribute("action", `${url}comments/`);
  const line = document.createElement("p");
  line.className = "replying";
  const cancel = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "Cancel" });
  cancel.onclick = () => {
    reset(form);
    form.elements.text.focus();
  };
  line.append(`Replying to ${row.querySelector(".name").textContent} `, cancel);
  form.prepend(line);
}

function reset(form) {
  form.setAttribute("action", form.dataset.root);
  form.querySelector(".replying")?.remove();
}
