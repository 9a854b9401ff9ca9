// The pill, which tells how many rows wait, and the line that announces arrivals to screen readers.

import { find } from "./page.js";

const PERIOD = 1000; // milliseconds of arrivals that are announced together
const told = new WeakSet(); // rows that have been counted
let [count, timer] = [0, 0];
let words = "";

// rows: those that have arrived. waiting: how many of all are still waiting.
export function announce(rows, waiting, ascending) {
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
