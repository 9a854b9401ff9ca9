// Rows far from view are emptied, and filled again when the reader comes near. So a page with hundreds of rows stays
// light, and its links, its keys and its height stay as they are.

import { keepPlace } from "./anchor.js";
import { find, on, rowsOf } from "./page.js";

const FEW = 80; // rows that a page keeps whole
const NEAR = 1000; // pixels from the edges of the window
const emptied = new Map(); // the HTML of these rows
const touched = new Set(); // rows that were filled because of a frame

const observer = new IntersectionObserver((entries) => {
  const newest = [...new Map(entries.map((entry) => [entry.target, entry])).values()]; // a row may have come and gone
  const [near, far] = [true, false].map((there) => newest.filter(({ isIntersecting }) => isIntersecting === there));
  for (const { target, boundingClientRect } of far) empty(target, boundingClientRect.height);
  const returning = near.map(({ target }) => target).filter((row) => emptied.has(row));
  if (returning.length) keepPlace(() => returning.forEach(fill)); // they may have another height after the window was resized
}, { rootMargin: `${NEAR}px 0px` });

function empty(row, height) {
  if (emptied.has(row) || !row.isConnected || isInUse(row)) return;
  emptied.set(row, row.innerHTML);
  row.style.height = `${height}px`;
  row.dataset.at = row.querySelector(".when [datetime]")?.getAttribute("datetime") ?? ""; // for days.js
  row.replaceChildren();
}

// Whether the row holds the focus or something that was typed, which HTML doesn't say.
function isInUse(row) {
  if (row.matches(":focus-within")) return true;
  return [...row.querySelectorAll("textarea, input:not([type=hidden])")].some((field) => field.value !== field.defaultValue);
}

function fill(row) {
  const html = emptied.get(row);
  emptied.delete(row);
  if (!html) return;
  row.style.height = "";
  row.innerHTML = html;
  htmx.process(row);
}

on("rill:rows", () => {
  for (const row of emptied.keys()) if (!row.isConnected) emptied.delete(row);
  for (const row of touched) observer.unobserve(row); // or it wouldn't be reported again
  touched.clear();
  const rows = rowsOf(find("feed"));
  if (rows.length > FEW) rows.forEach((row) => observer.observe(row));
});
on("focusin", ({ target }) => fill(target.closest?.("#feed > article")));
addEventListener("beforeprint", () => [...emptied.keys()].forEach(fill));

// A frame may change a part of a row, which must be there for that.
on("htmx:ws:before:message:incoming", ({ detail: { message } }) => {
  if (!emptied.size) return;
  const ids = new Set(String(message.data).match(/(?<=[a-z]-)\d+\b/g));
  for (const row of [...emptied.keys()].filter((row) => ids.has(row.dataset.id))) {
    fill(row);
    touched.add(row);
  }
});
