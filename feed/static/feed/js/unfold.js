// In a feed, the comments on a post unfold below it, and are answered there. Without scripts the link leads to the thread.

import { find, isAscending, number, on } from "./page.js";

const threadOf = (row) => row.dataset.fold.match(/^thread:(\d+)$/)?.[1] ?? row.dataset.id;
const openBox = (thread) => document.querySelector(`#feed .unfolded[data-thread="${thread}"]:not(:empty)`);

on("click", (event) => {
  const link = event.target.closest?.("#feed > article .tally > a.comments");
  if (!link || link.closest(".replies") || isAscending(find("feed")) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const row = link.closest("article");
  const box = row.querySelector(":scope > .unfolded");
  if (!box) return;
  event.preventDefault();
  if (box.childElementCount) fold(box);
  else unfold(box, link, threadOf(row), row.dataset.id);
});

async function unfold(box, link, thread, row) {
  box.dataset.thread = thread;
  const url = new URL(`../${thread}/?unfolded=${row}`, new URL(link.href));
  await htmx.ajax("GET", url.pathname + url.search, { target: box, swap: "innerHTML" });
  expand(box);
  box.querySelector("textarea")?.focus({ preventScroll: true });
}

function fold(box) {
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
  fold(box);
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
