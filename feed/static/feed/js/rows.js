// New rows, and rows that change or leave.

import { find, isAscending, me, number, on, rowsOf, tell } from "./page.js";
import { wasSeen } from "./places.js";
import { holdPlace, isAtEnd, isPressed, isReading, keepPlace } from "./reading.js";

const MAX_ROWS = 300; // rows that a page keeps while new ones arrive
const OWN_ACT = 60_000; // milliseconds in which a post that was sent from this page is expected to arrive

// A frame or an older page may bring rows that the page already has. Update these rows where they are: removing and
// inserting them again would lose the focus and mark them as new.
on("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
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
  if (focused && leaving.includes(focused)) neighbour(focused, (row) => leaving.includes(row))?.focus({ preventScroll: true });
  places.set(ctx, holdPlace());
});

// The row that gets the focus when this one goes.
export function neighbour(row, isGoing) {
  for (const step of ["nextElementSibling", "previousElementSibling"]) {
    let other = row[step];
    while (other && isGoing(other)) other = other[step];
    if (other) return other;
  }
}

const places = new WeakMap(); // by the context of a swap: how to go back to where the reader was
on("htmx:after:swap", ({ detail: { ctx } }) => {
  places.get(ctx)?.();
  watch();
  takeIn();
  changed();
});
on("rill:calm", () => takeIn());

// What else follows from the rows that are there.
function changed() {
  for (const menu of document.querySelectorAll("#feed menu.own[hidden]")) {
    if (menu.closest("article").dataset.user === me) offer(menu);
  }
  tell("rill:rows");
}

// What the author can do with the row.
function offer(menu) {
  menu.hidden = false;
  if (menu.childElementCount) return;
  const { href } = menu.parentElement.querySelector(".more-link");
  const actions = find("own-actions").content.cloneNode(true);
  for (const link of actions.querySelectorAll("a")) {
    const { pathname } = new URL(link.getAttribute("href"), href);
    for (const name of ["href", "hx-get"]) if (link.hasAttribute(name)) link.setAttribute(name, pathname);
  }
  if (!("text" in menu.dataset)) actions.querySelector("[hx-get]").closest("li").remove();
  menu.replaceChildren(actions);
  htmx.process(menu);
}

// A feed without rows says that it waits for some. The styles go by that, too: with :has() a browser would style all rows
// anew for each one that comes or goes.
const emptiness = new MutationObserver(() => {
  const feed = find("feed");
  if (rowsOf(feed).length) feed?.removeAttribute("aria-busy");
  else feed?.setAttribute("aria-busy", "true");
});
const watch = () => find("feed") && emptiness.observe(find("feed"), { childList: true });
watch();

// Rows that the user posts here are shown at once, whatever else waits. What they post elsewhere waits like the others'.
let lastPost = -Infinity;
on("rill:sending", () => (lastPost = Date.now()));
on("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.request.method === "POST") lastPost = Date.now();
});
const isOwnAct = (row) => row.dataset.user === me && Date.now() - lastPost < OWN_ACT;

// Move rows from #incoming to where a reload would show them, unless that would move what somebody aims at, types in or
// reads. Then the pill is shown, which moves them when it is clicked.
export function takeIn(asked = false) {
  const [feed, incoming] = ["feed", "incoming"].map(find);
  if (!incoming || isPressed()) return [];
  for (const row of rowsOf(incoming)) if (!belongs(row, feed)) row.remove();
  const arrived = rowsOf(incoming);
  const flows = asked || !isReading(feed);
  const taken = arrived.filter((row) => flows || isOwnAct(row) || wasSeen(row));
  if (taken.length) {
    const change = () => insert(taken, feed, flows);
    // At the top of a feed the new rows are what the reader looks at.
    if (asked || (!isAscending(feed) && isAtEnd(feed))) change();
    else keepPlace(change);
  }
  announce(arrived.filter((row) => !isOwnAct(row) && !wasSeen(row)), incoming.childElementCount, isAscending(feed));
  return taken;
}

function insert(rows, feed, flows) {
  const ascending = isAscending(feed);
  for (const row of rows.sort((a, b) => number(b) - number(a))) place(row, feed, ascending);
  if (flows && !ascending) trim(feed);
  changed();
}

// Whether the row is in the range of this page. Older rows are loaded when the reader scrolls to them. A page of older
// events never shows newer ones.
function belongs(row, feed) {
  const rest = find("older")?.dataset.before ?? 0;
  return number(row) >= Number(rest) && number(row) < Number(feed.dataset.below ?? Infinity);
}

function place(row, feed, ascending) {
  const next = rowsOf(feed).find((other) => (number(other) < number(row)) !== ascending);
  row.classList.toggle("fresh", !wasSeen(row));
  feed.insertBefore(row, next ?? null);
}

// Remove rows far below, because a page may be open for days. They are loaded again when the reader scrolls to them.
function trim(feed) {
  const last = rowsOf(feed)[MAX_ROWS - 1];
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

on("click", ({ target }) => target.id === "pill" && showArrivals());

export function showArrivals() {
  const feed = find("feed");
  const taken = takeIn(true).sort((a, b) => number(a) - number(b));
  const first = isAscending(feed) ? taken[0] : rowsOf(feed)[0];
  first?.focus({ preventScroll: true });
  if (isAscending(feed)) first?.scrollIntoView({ block: "nearest" });
  else scrollTo({ top: 0 });
}

// The page now contains rows that were read at an older cursor. Set its cursor back, so that the socket sends what came
// after them.
on("htmx:ws:before:message:outgoing", ({ target, detail: { message } }) => {
  if (target.closest("#snapshot")) find("cursor").value = Math.min(find("cursor").value, message.values.after);
});

// The pill, which tells how many rows wait, and the line that announces arrivals to screen readers.

const PERIOD = 1000; // milliseconds of arrivals that are announced together
const told = new WeakSet(); // rows that have been counted
let [count, timer] = [0, 0];
let words = "";

// rows: those that have arrived. waiting: how many of all are still waiting.
function announce(rows, waiting, ascending) {
  const news = rows.filter((row) => !told.has(row));
  for (const row of news) told.add(row);
  count += news.length;
  const noun = ascending ? "comment" : "post";
  const say = (some) => `${some} new ${noun}${some === 1 ? "" : "s"}`;
  const pill = find("pill");
  pill.hidden = !waiting;
  if (waiting && pill.textContent !== say(waiting)) pill.textContent = say(waiting);
  if (!count) return;
  words = say(waiting || count);
  timer ||= setTimeout(speak, PERIOD);
}

function speak() {
  find("status").textContent = words;
  [count, timer] = [0, 0];
}

// Rows that the socket brings and this page doesn't show.

// Removes the new rows for which the test is true, before they are inserted. A row that is there already is updated.
const leaveOut = (isUnwanted) => on("htmx:before:swap", ({ detail: { tasks } }) => {
  const feed = find("feed");
  if (!feed) return;
  for (const task of tasks) {
    if (task.target?.id !== "incoming") continue;
    for (const row of [...task.fragment.children]) if (!find(row.id) && isUnwanted(row, feed)) row.remove();
  }
}, { capture: true });

// The socket brings the events of the page's streams. The page shows some kinds of them.
leaveOut((row, feed) => {
  const kinds = feed.dataset.kinds?.trim().split(/\s+/);
  return kinds && !kinds.some((kind) => row.classList.contains(kind));
});

// Rows of the people and threads that the user has muted. The rows themselves are the same for everybody.

leaveOut((row, feed) => {
  if (!feed.dataset.muted) return false;
  const { people, threads } = JSON.parse(feed.dataset.muted);
  const [, thread] = row.dataset.fold?.match(/^thread:(\d+)$/) ?? [];
  return people.includes(row.dataset.user) || threads.some((each) => [row.dataset.id, thread].includes(String(each)));
});
