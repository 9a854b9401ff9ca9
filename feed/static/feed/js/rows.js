// New rows, and rows that change or leave.

import { find, me, on } from "./page.js";

const MAX_ROWS = 300; // rows that a page keeps while new ones arrive
const number = (row) => Number(row.dataset.id);
const plural = (count) => `${count} new ${count === 1 ? "post" : "posts"}`;

// A frame or an older page may bring rows that the page already has. Update these rows where they are: removing and
// inserting them again would lose the focus and mark them as new.
on("htmx:before:swap", ({ detail: { tasks } }) => {
  for (const task of tasks) {
    if (!["incoming", "feed"].includes(task.target?.id)) continue;
    for (const row of [...task.fragment.children]) {
      const there = find(row.id);
      if (!there) continue;
      for (const other of tasks) if (other.target === there) other.swapSpec = { style: "none" };
      if (task.target.id === "incoming") Object.assign(task, { target: there, swapSpec: { style: "outerMorph" } });
      else row.remove();
    }
  }
  const leaving = tasks.filter((task) => task.swapSpec?.style === "delete").map((task) => task.target);
  const focused = document.activeElement.closest("#feed > article");
  if (focused && leaving.includes(focused)) neighbour(focused, leaving)?.focus({ preventScroll: true });
});

function neighbour(row, leaving) {
  for (const step of ["nextElementSibling", "previousElementSibling"]) {
    let other = row[step];
    while (leaving.includes(other)) other = other[step];
    if (other) return other;
  }
}

on("htmx:after:swap", () => {
  takeIn();
  for (const menu of document.querySelectorAll("#feed menu.own[hidden]")) {
    menu.hidden = menu.closest("article").dataset.user !== me;
  }
});

// Move rows from #incoming to where a reload would show them, if that place is visible. Otherwise show the pill, which
// moves them when it is clicked.
function takeIn(asked = false) {
  const [feed, incoming, pill] = ["feed", "incoming", "pill"].map(find);
  if (!incoming?.childElementCount || pressed) return;
  const ascending = feed.dataset.order === "ascending";
  const seen = asked || ascending || feed.getBoundingClientRect().top > 0;
  const others = [...incoming.children].filter((row) => !belongs(row, feed) || row.dataset.user !== me).length;
  feed.setAttribute("aria-busy", "true");
  for (const row of [...incoming.children].sort((a, b) => number(b) - number(a))) {
    if (!belongs(row, feed)) row.remove();
    else if (seen || row.dataset.user === me) place(row, feed, ascending);
  }
  if (seen && !ascending) trim(feed);
  feed.removeAttribute("aria-busy");
  const waiting = incoming.childElementCount;
  pill.hidden = !waiting;
  pill.textContent = plural(waiting);
  if (others) find("status").textContent = plural(waiting || others);
}

// Whether the row is in the range of this page. Older rows are loaded when the reader scrolls to them. A page of older
// events never shows newer ones.
function belongs(row, feed) {
  const rest = find("older")?.dataset.before ?? 0;
  return number(row) >= Number(rest) && number(row) < Number(feed.dataset.below ?? Infinity);
}

function place(row, feed, ascending) {
  const next = [...feed.children].find((other) => (number(other) < number(row)) !== ascending);
  row.classList.add("fresh");
  feed.insertBefore(row, next ?? null);
}

// Remove rows far below, because a page may be open for days. They are loaded again when the reader scrolls to them.
function trim(feed) {
  const last = feed.children[MAX_ROWS - 1];
  if (!last?.nextElementSibling) return;
  while (last.nextElementSibling) last.nextElementSibling.remove();
  const older = find("older");
  htmx.trigger(older, "htmx:abort");
  const query = new URLSearchParams(location.search);
  query.set("before", last.dataset.id);
  older.href = `?${query}`;
  older.setAttribute("hx-get", older.href);
  older.dataset.before = last.dataset.id;
  older.hidden = false;
  htmx.process(older, true);
}

on("scroll", () => takeIn(), { passive: true });

// Don't move rows while a pointer is down: a click is lost if its target moves between press and release.
let pressed = false;
on("pointerdown", ({ button }) => (pressed = button === 0)); // other buttons may open a menu, which hides their release
for (const name of ["pointerup", "pointercancel"]) {
  on(name, () => {
    pressed = false;
    setTimeout(takeIn); // after the click
  });
}
on("click", ({ target }) => {
  if (target.id !== "pill") return;
  takeIn(true);
  find("feed").firstElementChild.focus({ preventScroll: true });
  scrollTo({ top: 0 });
});

// The page now contains rows that were read at an older cursor. Set its cursor back, so that the socket sends what came
// after them.
on("htmx:ws:before:message:outgoing", ({ target, detail: { message } }) => {
  if (target.closest("#snapshot")) find("cursor").value = Math.min(find("cursor").value, message.values.after);
});
