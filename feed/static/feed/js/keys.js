// Keys: those that ARIA defines for role="feed", and single letters. The dialog of keys.html lists them.

import { find, isAscending, isInView, on, rowsOf } from "./page.js";
import { togglePause } from "./reading.js";
import { showArrivals } from "./rows.js";

const OFF = "feed:keys-off"; // speech input and shaky hands need letters without effects

function move(step) {
  const rows = rowsOf(find("feed")).filter((row) => !row.hidden);
  const at = rows.indexOf(document.activeElement.closest("#feed > article"));
  const next = at < 0 ? rows.find(isInView) : rows[at + step];
  if (!next) return step > 0 && find("older")?.scrollIntoView({ block: "nearest" });
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const focusOn = (element) => {
  element?.focus({ preventScroll: true });
  element?.scrollIntoView({ block: "nearest" });
};
const LETTERS = {
  j: () => move(1),
  k: () => move(-1),
  n: () => focusOn(find("compose")?.querySelector("textarea")),
  p: togglePause,
  "/": () => focusOn(find("search")),
  ".": () => find("feed") && showArrivals(),
  "?": () => find("keys")?.showModal(),
};
const needed = { n: "compose", p: "pause", "/": "search", "?": "keys" }; // without these the key is the browser's

on("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(target)) return;
  const row = target.closest("#feed > article");
  if (row && key in PAGES) move(PAGES[key]);
  else if (row === target && key === "Enter") row.querySelector("a.when")?.click();
  else if (isOn() && key in LETTERS && (!needed[key] || find(needed[key]))) LETTERS[key]();
  else return goHome(key);
  event.preventDefault();
});
// A dialog that was just closed may still hold the focus.
const isTyping = (target) =>
  !target.closest("dialog:not([open])") && target.closest("input, textarea, select, dialog, [contenteditable], [popover]");
const PAGES = { PageDown: 1, PageUp: -1 };

// Home leads to the top by itself. What waits is shown there.
function goHome(key) {
  const feed = find("feed");
  if (key === "Home" && feed && !isAscending(feed) && !find("pill").hidden) showArrivals();
}

export function isOn() {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true;
  }
}
const box = find("keys")?.querySelector("input");
if (box) box.checked = isOn();
box?.addEventListener("change", () => {
  if (box.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "yes");
});
