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

on("rill:rows", () => {
  const feed = find("feed");
  if (!feed?.hasAttribute("data-folds") || isAscending(feed)) return;
  fold(feed);
  fold(find("incoming"));
});
