// Where the reader was: in this tab, and in this browser.

import { find, isInView, me, newestOf, number, on, rowsOf, tell } from "./page.js";
import { isAtEnd } from "./reading.js";

// "Back" and "reload" lead to where the reader was, with the rows that were there. What has come since is new.
//
// Only ids are kept, never rows: somebody else may be logged in by then.

const PREFIX = "feed:place:";
const MAX_PAGES = 40; // pages of older rows that are loaded again
let seen = { newest: 0, unseen: [] };

// Whether the reader has seen this row before they left the page.
export const wasSeen = (row) => number(row) <= seen.newest && !seen.unseen.includes(number(row));

function here() {
  const feed = find("feed");
  const anchor = rowsOf(feed).find(isInView);
  return {
    user: me ?? "",
    oldest: Number(find("older")?.dataset.before ?? 0),
    newest: Math.max(seen.newest, newestOf(rowsOf(feed))),
    unseen: rowsOf(find("incoming")).map(number),
    anchor: anchor?.id,
    top: anchor?.getBoundingClientRect().top,
    y: scrollY,
  };
}

// The name of this page in the history. Given as it loads: on reload, a browser forgets one that is given at the end.
function entry() {
  const name = history.state?.entry ?? crypto.randomUUID?.() ?? String(Math.random());
  history.replaceState({ ...history.state, entry: name }, "");
  return name;
}

function save() {
  if (!find("feed")) return;
  try {
    sessionStorage.setItem(PREFIX + location.href + entry(), JSON.stringify(here()));
  } catch {
    // Without storage, or when it is full, the page starts at its beginning.
  }
}

function saved() {
  const [{ type } = {}] = performance.getEntriesByType("navigation");
  if (!["back_forward", "reload"].includes(type) || !history.state?.entry) return null;
  try {
    const place = JSON.parse(sessionStorage.getItem(PREFIX + location.href + history.state.entry));
    return place?.user === (me ?? "") ? place : null;
  } catch {
    return null;
  }
}

// Load older pages until the row with this id is there.
async function loadDownTo(oldest) {
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const older = find("older");
    if (!older?.hasAttribute("hx-get") || older.hidden || Number(older.dataset.before) <= oldest) return;
    await new Promise((resolve) => {
      const done = ({ detail: { ctx } }) => {
        if (ctx.sourceElement !== older && older.isConnected) return;
        document.removeEventListener("htmx:finally:request", done);
        resolve();
      };
      on("htmx:finally:request", done);
      htmx.trigger(older, "click");
    });
    if (find("older") === older) return; // it has failed
  }
}

function scrollToPlace({ anchor, top, y }) {
  const row = anchor && find(anchor);
  if (row) scrollBy({ top: row.getBoundingClientRect().top - top, behavior: "instant" });
  else scrollTo({ top: y, behavior: "instant" });
}

async function restore(place) {
  const feed = find("feed");
  seen = place;
  // What is new waits like any arrival, if the reader isn't where it would be shown.
  const news = rowsOf(feed).filter((row) => !wasSeen(row));
  find("incoming").prepend(...news);
  scrollToPlace(place);
  tell("rill:calm");
  let isThere = true; // until the reader goes elsewhere
  const leave = () => (isThere = false);
  for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) on(name, leave, { once: true, passive: true });
  await loadDownTo(place.oldest);
  if (isThere) scrollToPlace(place);
}

// The same when the server has the page load its events anew.
let left;
on("htmx:before:swap", ({ detail: { tasks } }) => {
  const feed = find("feed");
  left = feed && !isAtEnd(feed) && tasks.some(({ target }) => target?.id === "events") ? here() : null;
});
on("htmx:after:swap", () => {
  const place = left;
  left = null;
  if (place && find("feed")) restore(place);
});

if (find("feed")) {
  history.scrollRestoration = "manual";
  const place = saved();
  entry();
  // Only then htmx has started.
  if (place) on("DOMContentLoaded", () => restore(place));
  addEventListener("pagehide", save);
  on("visibilitychange", () => document.hidden && save());
}

// "While you were away": says how much has happened since this browser last showed the feed, and marks the newest row
// that it showed then.

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
  const newest = newestOf(rows());
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
