// Shows a feed of another site. This page's own server has the token: it gives tickets and the snapshot.

import { Rill } from "/rill.js";

const news = document.querySelector("#news");
const state = document.querySelector("#state");

async function ticket() {
  const answer = await fetch("/ticket", { method: "POST" });
  if (!answer.ok) throw new Error(`no ticket (${answer.status})`);
  return (await answer.json()).ticket;
}

function show({ id, summary }) {
  const row = document.getElementById(`event-${id}`) ?? document.createElement("li");
  row.id = `event-${id}`;
  row.textContent = summary; // never innerHTML: it is what somebody has typed
  if (!row.isConnected) news.prepend(row);
}

const remove = ({ id }) => document.getElementById(`event-${id}`)?.remove();

const { url, streams } = await (await fetch("/socket")).json();
const rill = new Rill("/", { socket: url, ticket });
const onLost = ({ wait }) => (state.textContent = `Not live. Trying again in ${Math.ceil(wait)} s.`);

try {
  for await (const update of rill.follow({ streams, snapshot: true, onLost })) {
    state.textContent = "Live.";
    if (update.type === "snapshot") {
      news.replaceChildren();
      [...update.events].reverse().forEach(show);
    } else {
      for (const { action, event } of update.changes) action === "deleted" ? remove(event) : show(event);
    }
  }
} catch (error) {
  state.textContent = `Stopped: ${error.message}`;
}
