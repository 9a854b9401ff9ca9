// Names that are offered while somebody types "@al". A combobox, as ARIA defines it, in every text area.

import { on } from "./page.js";

const source = document.querySelector("meta[name=rill-people]")?.content;
const PAUSE = 120; // milliseconds without a key before the server is asked
const TYPED = /(?:^|[\s([{"'])@([^\s@]{1,50})$/;

const list = document.createElement("ul");
list.id = "mentions";
list.className = "mentions";
list.role = "listbox";
list.ariaLabel = "People";
list.popover = "manual"; // above everything, and so without moving anything
let area = null; // the text area that the list is for
let timer, request;

on("input", ({ target, isComposing }) => {
  if (!source || target.tagName !== "TEXTAREA" || isComposing) return;
  const name = typed(target);
  clearTimeout(timer);
  request?.abort();
  if (!name) return close();
  timer = setTimeout(() => ask(target, name), PAUSE);
});

// The letters between an @ and the caret.
function typed({ value, selectionStart, selectionEnd }) {
  return selectionStart === selectionEnd ? value.slice(0, selectionStart).match(TYPED)?.[1] : undefined;
}

async function ask(target, name) {
  request = new AbortController();
  const { signal } = request;
  try {
    const response = await fetch(`${source}?q=${encodeURIComponent(name)}`, { signal, headers: { Accept: "application/json" } });
    const people = response.ok ? await response.json() : [];
    if (signal.aborted || !target.isConnected || typed(target) !== name || document.activeElement !== target) return;
    if (people.length) show(target, people);
    else close();
  } catch {
    if (!signal.aborted) close(); // nothing is offered, and the text is as it was
  }
}

function show(target, people) {
  if (area !== target) close();
  area = target;
  list.replaceChildren(...people.map(({ name }, number) => {
    const option = document.createElement("li");
    Object.assign(option, { id: `mention-${number}`, role: "option", textContent: name });
    return option;
  }));
  area.after(list); // inside the dialog that the text area may be in: outside of it nothing can be clicked
  list.showPopover();
  place();
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": list.id })) {
    area.setAttribute(name, value);
  }
  choose(list.firstElementChild);
}

function place() {
  const { left, top, bottom, width } = area.getBoundingClientRect();
  const below = bottom + list.offsetHeight + 4 < innerHeight;
  list.style.left = `${Math.max(0, left)}px`;
  list.style.top = `${below ? bottom + 4 : Math.max(0, top - list.offsetHeight - 4)}px`;
  list.style.maxWidth = `${width}px`;
}

function choose(option) {
  for (const each of list.children) each.ariaSelected = String(each === option);
  area.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function close() {
  clearTimeout(timer);
  request?.abort();
  if (!area) return;
  for (const name of ["role", "aria-expanded", "aria-autocomplete", "aria-haspopup", "aria-controls", "aria-activedescendant"]) {
    area.removeAttribute(name);
  }
  area = null;
  list.remove();
}

function accept(option) {
  const target = area;
  const start = target.selectionStart - typed(target).length;
  target.setRangeText(`${option.textContent} `, start, target.selectionStart, "end");
  close();
  target.dispatchEvent(new Event("input", { bubbles: true })); // for what counts and keeps the text
}

const chosen = () => list.querySelector("[aria-selected=true]");
const KEYS = {
  ArrowDown: () => choose(chosen().nextElementSibling ?? list.firstElementChild),
  ArrowUp: () => choose(chosen().previousElementSibling ?? list.lastElementChild),
  Enter: () => accept(chosen()),
  Tab: () => accept(chosen()),
  Escape: close,
};
on("keydown", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey && !event.isComposing;
  if (event.target !== area || !plain || !Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault(); // Escape would also close the dialog
  event.stopImmediatePropagation();
  KEYS[event.key]();
}, { capture: true });

// A press on an option would take the focus from the text area.
on("pointerdown", (event) => event.target.closest?.("#mentions") && event.preventDefault());
on("mousedown", (event) => event.target.closest?.("#mentions") && event.preventDefault());
on("click", ({ target }) => target.closest?.("#mentions [role=option]") && accept(target));
on("selectionchange", () => area && !typed(area) && close());
on("focusout", ({ target }) => target === area && close());
on("scroll", () => area && place(), { capture: true, passive: true });
on("submit", close, { capture: true });
