// "Back" and "reload" lead to where the reader was, with the rows that were there. What has come since is new.
//
// Only ids are kept, never rows: somebody else may be logged in by then.

import { find, isInView, me, number, on, rowsOf, tell } from "./page.js";
import { isAtEnd } from "./reading.js";

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
    newest: Math.max(seen.newest, ...rowsOf(feed).map(number).filter(Number.isFinite)), // not a row that is being sent
    unseen: rowsOf(find("incoming")).map(number),
    anchor: anchor?.id,
    top: anchor?.getBoundingClientRect().top,
    y: scrollY,
  };
}

function save() {
  if (!find("feed")) return;
  try {
    const entry = history.state?.entry ?? crypto.randomUUID?.() ?? String(Math.random());
    history.replaceState({ ...history.state, entry }, "");
    sessionStorage.setItem(PREFIX + location.href + entry, JSON.stringify(here()));
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
  // Only then htmx has started.
  if (place) on("DOMContentLoaded", () => restore(place));
  addEventListener("pagehide", save);
  on("visibilitychange", () => document.hidden && save());
}
