// Editing and deleting.

import { currentToken, deliver, errorIn, hasFormErrors, notify, reason } from "./delivery.js";
import { isOn } from "./keys.js";
import { find, on } from "./page.js";
import { neighbour } from "./rows.js";
import { drop, isDirty } from "./writing.js";

// Editing, in a dialog outside the feed, so that no frame changes it.

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

// Deleting: the row goes at once, and can be brought back for some seconds. Only then is the server asked.
//
// There is no dialog before it: people confirm those by habit, and notice afterwards. Undo is for what they notice.

const SECONDS = 8;
const own = find("own"); // a form with what each request needs
const notice = find("undo");
const waiting = []; // { id, action, timer }, the newest last
const hidden = new Set(); // the ids of rows that are deleted, or going to be

const rowOf = ({ id }) => find(`event-${id}`);

on("click", (event) => {
  const link = event.target.closest?.("a[data-delete]");
  const row = link && (link.closest("article") ?? find(`event-${link.dataset.delete}`)); // or in its menu
  if (!row || !own || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (event.detail > 1) return; // a double click: the next row has moved under the pointer
  const entry = { id: row.dataset.id, action: link.getAttribute("href") };
  const focus = neighbour(row, (other) => other.hidden);
  waiting.push(entry);
  hidden.add(entry.id);
  row.hidden = true;
  start(entry);
  notice.showPopover();
  find("status").textContent = "Deleted. Press Z to undo.";
  (focus ?? emptyFeed()).focus({ preventScroll: true });
  confirming = event.detail === 0; // by key
});

// Enter opens a row, which leaves the page, which deletes. A second Enter is for a question that isn't asked: ignore it.
let confirming = false;
on("keydown", (event) => {
  if (confirming && event.key === "Enter" && event.target.matches("article")) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  if (!event.repeat) confirming = false;
}, { capture: true });
on("pointerdown", () => (confirming = false));

// Not the button: the time would stop.
function emptyFeed() {
  const feed = find("feed");
  feed.tabIndex = -1;
  return feed;
}

function start(entry) {
  clearTimeout(entry.timer);
  entry.timer = setTimeout(() => commit(entry), SECONDS * 1000);
}
// The time stops while the pointer or the focus is on the button.
function pauseOrGoOn() {
  if (notice.matches(":hover, :focus-within")) waiting.forEach(({ timer }) => clearTimeout(timer));
  else waiting.forEach(start);
}
for (const name of ["pointerenter", "pointerleave", "focusin", "focusout"]) notice?.addEventListener(name, pauseOrGoOn);

function take(entry) {
  clearTimeout(entry.timer);
  waiting.splice(waiting.indexOf(entry), 1);
  if (!waiting.length) notice.hidePopover();
}

function undo() {
  const entry = waiting.at(-1);
  if (!entry) return;
  take(entry);
  bringBack(entry);
  rowOf(entry)?.focus();
  find("status").textContent = "It is back.";
}
function bringBack(entry) {
  hidden.delete(entry.id);
  const row = rowOf(entry);
  if (row) row.hidden = false;
}

notice?.querySelector("button").addEventListener("click", undo);
on("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || event.altKey || event.shiftKey || !waiting.length) return;
  if (!(event.ctrlKey || event.metaKey || isOn())) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  event.preventDefault();
  undo();
});

const fields = () => {
  const found = new URLSearchParams(new FormData(own));
  if (currentToken()) found.set("csrfmiddlewaretoken", currentToken());
  return found;
};

async function commit(entry) {
  take(entry);
  const { status, text, redirect } = await deliver(entry.action, fields());
  if (redirect) return location.assign(redirect);
  if (status < 400 || status === 404) return rowOf(entry)?.remove();
  bringBack(entry);
  notify(hasFormErrors(status) ? errorIn(text) : reason(status));
}

// Leaving the page doesn't undo.
addEventListener("pagehide", () => {
  for (const entry of [...waiting]) {
    take(entry);
    navigator.sendBeacon(entry.action, fields());
  }
});

// A reset loads the rows anew.
on("htmx:after:swap", () => hidden.forEach((id) => {
  const row = rowOf({ id });
  if (row) row.hidden = true;
}));
