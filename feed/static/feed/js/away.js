// "While you were away": says how much has happened since this browser last showed the feed, and marks the newest row
// that it showed then.

import { find, me, number, on, rowsOf } from "./page.js";

const AWAY = 10 * 60_000; // milliseconds
const key = () => `rill:away:${me ?? ""}:${find("away").dataset.url}`;
const rows = () => rowsOf(find("feed"));

function stored() {
  try {
    return JSON.parse(localStorage.getItem(key()));
  } catch {
    return null; // not allowed, or not ours
  }
}

// Remember what is seen now.
function leave() {
  if (!find("away")) return;
  const seen = { log: find("log").value, position: Number(find("cursor").value), at: Date.now() };
  const before = stored();
  const newest = Math.max(0, ...rows().map(number));
  // Another tab may have shown more.
  const isBehind = before?.log === seen.log && before.position > seen.position;
  try {
    localStorage.setItem(key(), JSON.stringify(isBehind ? { ...before, at: seen.at } : { ...seen, newest }));
  } catch { /* full, or not allowed: then there is no such line */ }
}

let stopped; // the id of the newest row that had been seen
function comeBack() {
  const before = find("away") && stored();
  if (!before || Date.now() - before.at < AWAY || before.log !== find("log").value) return;
  stopped = before.newest;
  mark();
  const query = new URLSearchParams({ after: before.position, log: before.log });
  htmx.ajax("GET", `${find("away").dataset.url}${query}`, { target: "#away", swap: "innerHTML" });
}

function mark() {
  if (stopped === undefined) return;
  const all = rows();
  const last = all.find((row) => number(row) <= stopped);
  const marked = last !== all[0] && last; // with nothing new above it, there is nothing to say
  for (const row of all) if (row !== marked) delete row.dataset.stopped;
  if (marked) marked.dataset.stopped = "";
  const link = find("away")?.querySelector(".to-stopped");
  if (!link) return;
  link.hidden = !marked;
  if (marked) link.hash = marked.id;
}

on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id === "away") ctx.target.hidden = false;
  mark();
});
on("click", (event) => {
  if (event.target.closest("#away button")) {
    stopped = 0; // marks nothing
    mark();
    Object.assign(find("away"), { hidden: true }).replaceChildren();
    find("feed").querySelector("article")?.focus({ preventScroll: true });
  }
  const link = event.target.closest("#away .to-stopped");
  const row = link && find(link.hash.slice(1));
  if (!row) return;
  event.preventDefault();
  row.focus();
});

on("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : comeBack()));
addEventListener("pagehide", leave);
comeBack();
