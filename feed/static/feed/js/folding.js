// Rows that belong together, such as the comments on one post, are one row of a feed: the newest of them.

import { keepPlace } from "./anchor.js";
import { find, isAscending, number, on, rowsOf } from "./page.js";

function fold(box) {
  const newest = new Map();
  const rows = rowsOf(box).filter((row) => row.dataset.fold);
  for (const row of rows) {
    const other = newest.get(row.dataset.fold);
    if (!other || number(row) > number(other)) newest.set(row.dataset.fold, row);
  }
  // A row that somebody aims at or types in leaves the next time.
  const leaving = rows.filter((row) => newest.get(row.dataset.fold) !== row && !row.matches(":hover, :focus-within"));
  if (leaving.length) keepPlace(() => leaving.forEach((row) => row.remove()));
}

// A row that is deleted stood for others, which the page doesn't have. Then load the rows anew.
const folds = () => find("feed")?.hasAttribute("data-folds") && !isAscending(find("feed"));
let isStale = false;
on("htmx:before:swap", ({ detail: { tasks } }) => {
  isStale ||= folds() && tasks.some(({ target, swapSpec }) => swapSpec?.style === "delete" && target?.parentElement?.id === "feed" && target.dataset.fold);
});
on("htmx:after:swap", () => {
  if (!isStale) return;
  isStale = false;
  htmx.ajax("GET", location.href, { target: "#events", select: "#events", swap: "outerHTML" });
});

on("rill:rows", () => {
  if (!folds()) return;
  fold(find("feed"));
  fold(find("incoming"));
});
