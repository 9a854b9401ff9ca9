// Pages that show some events only: filters and search.

import { leaveOut } from "./left_out.js";
import { find, on } from "./page.js";

// The socket brings the events of the page's streams. The page shows some kinds of them.
leaveOut((row, feed) => {
  const kinds = feed.dataset.kinds?.trim().split(/\s+/);
  return kinds && !kinds.some((kind) => row.classList.contains(kind));
});

// Mark the words that were searched for. The rows themselves don't change: they are the same on all pages.
function mark() {
  const words = find("results")?.dataset.words.split("\n").flatMap((term) => term.match(/[\p{L}\p{N}]+/gu) ?? []);
  if (!words?.length || !CSS.highlights) return;
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map(plain).join("|")})`, "gu");
  const marked = new Highlight();
  for (const text of document.querySelectorAll("#feed .text")) for (const range of ranges(text, pattern)) marked.add(range);
  CSS.highlights.set("found", marked);
}

// Without case and accents, letter by letter, so that the places stay the same.
const plain = (text) => [...text].map((letter) => {
  const base = letter.normalize("NFD")[0].toLowerCase();
  return base.length === letter.length ? base : letter;
}).join("");

function* ranges(element, pattern) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    for (const { 0: found, index } of plain(walker.currentNode.data).matchAll(pattern)) {
      const range = new Range();
      range.setStart(walker.currentNode, index);
      range.setEnd(walker.currentNode, index + found.length);
      yield range;
    }
  }
}
mark();
on("htmx:after:swap", mark);
