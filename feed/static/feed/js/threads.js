// Conversations: one row for all comments, which unfold below it, and the page of a thread.

import { find, isAscending, number, on, rowsOf } from "./page.js";
import { keepPlace } from "./reading.js";

// Rows that belong together, such as the comments on one post, are one row of a feed: the newest of them.

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

// In a feed, the comments on a post unfold below it, and are answered there. Without scripts the link leads to the thread.

const threadOf = (row) => row.dataset.fold.match(/^thread:(\d+)$/)?.[1] ?? row.dataset.id;
const openBox = (thread) => document.querySelector(`#feed .unfolded[data-thread="${thread}"]:not(:empty)`);

on("click", (event) => {
  const link = event.target.closest?.("#feed > article .tally > a.comments");
  if (!link || link.closest(".replies") || isAscending(find("feed")) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const row = link.closest("article");
  const box = row.querySelector(":scope > .unfolded");
  if (!box) return;
  event.preventDefault();
  if (box.childElementCount) close(box);
  else unfold(box, link, threadOf(row), row.dataset.id);
});

async function unfold(box, link, thread, row) {
  box.dataset.thread = thread;
  const url = new URL(`../${thread}/?unfolded=${row}`, new URL(link.href));
  await htmx.ajax("GET", url.pathname + url.search, { target: box, swap: "innerHTML" });
  expand(box);
  box.querySelector("textarea")?.focus({ preventScroll: true });
}

function close(box) {
  box.replaceChildren();
  expand(box);
}

// The link is replaced with each count, so say it again after each swap.
function expand(box) {
  box.parentElement.querySelector(":scope > footer a.comments")?.setAttribute("aria-expanded", Boolean(box.childElementCount));
}
on("htmx:after:swap", () => document.querySelectorAll("#feed .unfolded[data-thread]").forEach(expand));

on("keydown", (event) => {
  const box = event.key === "Escape" && event.target.closest?.(".unfolded");
  if (!box || event.target.value?.trim()) return;
  close(box);
  box.parentElement.querySelector("a.comments")?.focus();
});

// A comment on a thread that is unfolded belongs there. A row of the feed that is unfolded elsewhere moves there, too.
on("htmx:before:swap", ({ detail: { tasks } }) => {
  for (const { target, fragment } of tasks) {
    if (target?.matches?.(".unfolded")) {
      for (const row of fragment.querySelectorAll("article")) if (!target.parentElement.isSameNode(find(row.id))) find(row.id)?.remove();
    }
    if (target?.id !== "incoming") continue;
    for (const row of [...fragment.children].filter((each) => each.dataset.fold && !find(each.id))) {
      const replies = openBox(threadOf(row))?.querySelector(".replies");
      if (!replies) continue;
      row.classList.add("fresh");
      replies.append(row);
      htmx.process(row);
    }
  }
}, { capture: true });

on("htmx:after:swap", () => {
  for (const replies of document.querySelectorAll("#feed .replies")) {
    const rows = [...replies.children];
    if (rows.every((row, index) => !index || number(rows[index - 1]) < number(row))) continue;
    replies.append(...rows.sort((a, b) => number(a) - number(b)));
  }
});

// A thread whose root changes or is deleted.

const LENGTH = 60; // of the post in the title, as in thread.html
const feed = find("feed");
const root = feed && isAscending(feed) && rowsOf(feed)[0]?.id;
const words = () => find(root)?.querySelector(".text")?.textContent.trim().replace(/\s+/g, " ");
let text = root && words();

// The title with the new text in place of the old one, whatever stands before and after it.
function retitled(title, old, text) {
  const start = title.indexOf(old.slice(0, 20));
  if (start < 0) return title;
  const name = title.lastIndexOf(" · ");
  const end = name > start ? name : title.length;
  const before = title.slice(0, start).replace(/^\(\d+\) /, "");
  const room = LENGTH - [...before].length;
  const shown = [...text].length > room ? `${[...text].slice(0, room - 1).join("")}…` : text;
  return title.slice(0, start) + shown + title.slice(end);
}

function follow() {
  const now = words();
  if (now && text && now !== text) {
    document.title = retitled(document.title, text, now);
    const heading = find("title");
    if (heading) heading.textContent = retitled(heading.textContent, text, now);
  }
  text = now || text;
  setGone(!find(root));
}

// Nobody can comment on what was deleted. A text that was begun can still be copied.
let gone = false;
function setGone(isGone) {
  const form = find("compose");
  if (form) {
    form.querySelectorAll("textarea").forEach((area) => (area.readOnly = isGone || area.readOnly));
    if (isGone || gone) form.querySelectorAll("button, select").forEach((control) => (control.disabled = isGone));
    if (gone && !isGone) form.querySelectorAll("textarea").forEach((area) => (area.readOnly = false));
  }
  if (isGone && !gone) find("status").textContent = "This post was deleted.";
  gone = isGone;
}

if (root) on("rill:rows", follow);
