// Texts on their way to the server. Each is a row of the feed at once; the form is empty for the next one.
//
// They are sent one after the other, so that they stay in order, and are kept in the tab until they are confirmed: a
// page that is left goes on where it was. Their keys make sure that each is posted once.

import { deliver, errorIn, hasFormErrors, notify, reason } from "./delivery.js";
import { find, me, newestOf, on, tell } from "./page.js";
import { keepPlace } from "./reading.js";
import { drop, keep } from "./writing.js";

const entries = load();
let sent; // the entry whose response is awaited

function load() {
  const mine = `rill:outbox:${find("own")?.elements.as.value}:`;
  const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(mine));
  return keys.map((key) => JSON.parse(sessionStorage.getItem(key))).sort((a, b) => a.at - b.at);
}
const fieldsOf = (entry) => Object.fromEntries(entry.fields);
const textOf = (entry) => fieldsOf(entry).text;
const nameOf = (entry) => `rill:outbox:${fieldsOf(entry).as}:${entry.key}`;
const save = ({ row, ...entry }) => entry.plain || sessionStorage.setItem(nameOf(entry), JSON.stringify(entry));
function forget(entry) {
  sessionStorage.removeItem(nameOf(entry));
  entries.splice(entries.indexOf(entry), 1);
  if (entry.row?.contains(document.activeElement)) formOf(entry)?.elements.text.focus();
  keepPlace(() => entry.row?.remove());
}

// Also in places without https, where there is no crypto.randomUUID().
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const formOf = (entry) => [...document.querySelectorAll("form[data-send]")].find((form) => form.dataset.root === entry.root);

on("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-send]")) return;
  event.preventDefault();
  const key = newKey();
  const fields = new FormData(form);
  fields.set("key", key);
  const area = form.elements.text;
  const entry = { key, action: form.getAttribute("action"), root: form.dataset.root, fields: [...fields], at: Date.now() };
  // What will be refused stays in the form.
  entry.plain = !area.value.trim() || [...area.value.trim()].length > area.dataset.limit;
  entries.push(entry);
  save(entry);
  if (!entry.plain) {
    keepPlace(() => {
      empty(form);
      show(entry);
    });
  }
  area.focus();
  sendNext();
});

function empty(form) {
  form.querySelectorAll(".errorlist").forEach((errors) => errors.remove());
  const area = form.elements.text;
  area.removeAttribute("aria-invalid");
  area.value = area.defaultValue = "";
  area.dispatchEvent(new Event("input", { bubbles: true }));
  drop(form);
  form.setAttribute("action", form.dataset.root);
  form.querySelector(".replying")?.remove();
}

function show(entry) {
  const form = formOf(entry);
  if (!form || entry.plain) return;
  entry.row ??= asSending(form.querySelector("template.sending"), entry.key, textOf(entry));
  entry.row.onclick = ({ target }) => {
    if (target.closest("[data-again]")) again(entry);
    if (target.closest("[data-back]")) takeBack(entry);
  };
  if (entry.failed) asFailed(entry.row, entry.failed);
  if (!entry.row.isConnected) place(entry.row, form);
  entry.row.hidden = !entry.failed && hasArrived(entry);
}

// The socket may bring the row before the response. The row can't say by which request it was made: it is the same for
// all readers. But a new row of mine is most likely it; if not, this one is shown again when it fails.
function hasArrived(entry) {
  const kind = formOf(entry)?.querySelector("template.sending").dataset.kind;
  return entry === sent && [...document.querySelectorAll(`article.${kind}:not(.sending)`)].some(
    (row) => row.dataset.user === me && Number(row.dataset.id) > entry.after);
}
on("htmx:after:swap", () => keepPlace(() => entries.forEach(show))); // a reset replaces the feed, and the rows in it

async function sendNext() {
  if (sent) return;
  sent = entries.find((entry) => !entry.failed);
  if (!sent) return;
  const entry = sent;
  entry.after ??= newestOf([...document.querySelectorAll("article")]); // its own row has a higher id
  save(entry);
  tell("rill:sending");
  const waiting = () => entry.row && (entry.row.querySelector("[role=status]").textContent = "Not confirmed yet. Trying again…");
  const answer = await deliver(entry.action, new URLSearchParams(entry.fields), waiting);
  await finish(entry, answer);
  sent = undefined;
  sendNext();
}

async function finish(entry, { status, text, redirect }) {
  if (redirect) return logIn(entry, redirect);
  if (status < 400) {
    await bring(text);
    return forget(entry);
  }
  const form = formOf(entry);
  if (hasFormErrors(status) && form && [textOf(entry), ""].includes(form.elements.text.value)) {
    forget(entry);
    // As htmx does with its own requests, so that the same follows.
    return htmx.swap({ sourceElement: form, target: form, swap: "outerHTML", text, response: { status } });
  }
  fail(entry, hasFormErrors(status) ? errorIn(text) : status === 403 ? "Reload the page, and try again." : reason(status));
}

function fail(entry, words) {
  if (entry.plain) {
    forget(entry);
    return notify(words);
  }
  entry.failed = words;
  save(entry);
  show(entry);
  if (!entry.row) notify(words); // on another page than its form
}

// The session has expired. The text waits in its form until its user is back.
function logIn(entry, url) {
  takeBack(entry);
  location.assign(url);
}

function again(entry) {
  entry.failed = undefined;
  save(entry);
  entry.row.remove();
  entry.row = undefined;
  show(entry);
  formOf(entry).elements.text.focus();
  sendNext();
}

function takeBack(entry) {
  const form = formOf(entry);
  if (!form) return;
  const area = form.elements.text;
  area.value = [textOf(entry), area.value].filter(Boolean).join("\n\n");
  const { audience } = fieldsOf(entry);
  if (audience && form.elements.audience) form.elements.audience.value = audience;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  keep(form);
  forget(entry);
  area.focus();
}

// Put in the row that a response brings, like one that the socket brings; unless the socket was faster.
const gone = new Set();
on("htmx:ws:before:message:incoming", ({ detail: { message } }) => {
  if (!sent) return gone.clear();
  for (const [, id] of String(message.data).matchAll(/hx-target="#(event-\d+)" hx-swap="delete"/g)) gone.add(id);
});
async function bring(text) {
  tell("rill:sending"); // it may have taken long
  const rows = new DOMParser().parseFromString(text, "text/html").querySelectorAll('hx-partial[hx-target="#incoming"] > article');
  for (const row of rows) {
    if (find(row.id) || gone.has(row.id) || !find("incoming")) continue;
    await htmx.swap({ sourceElement: document.body, target: find("incoming"), swap: "prepend", text: row.outerHTML });
  }
}

entries.forEach(show);
sendNext();

// The row of a text that is being sent, or that could not be sent.

// Made from the row in the form's template, which the server renders like all rows.
function asSending(template, key, text) {
  const holder = document.createElement("template");
  holder.innerHTML = template.dataset.row;
  const row = holder.content.querySelector("article");
  const state = template.content.querySelector(".state").cloneNode(true);
  for (const each of [row, ...row.querySelectorAll("[id]")]) each.id = each.id.replace("event-0", `sending-${key}`);
  row.setAttribute("aria-labelledby", row.getAttribute("aria-labelledby")?.replace("event-0", row.id) ?? "");
  row.dataset.id = "Infinity"; // it stays newer than what arrives meanwhile
  row.classList.add("sending");
  row.setAttribute("aria-busy", "true");
  row.querySelector(".text")?.replaceChildren(text);
  row.querySelector("footer")?.remove();
  for (const name of ["href", "title"]) row.querySelector("a.when")?.removeAttribute(name); // it has no page yet
  row.querySelector("relative-time")?.setAttribute("datetime", new Date().toISOString());
  state.querySelector("[role=status]").textContent = "Sending…";
  row.append(state);
  return row;
}

function place(row, form) {
  const replies = form.closest(".unfolded")?.querySelector(".replies");
  if (replies) return replies.append(row);
  const feed = find("feed");
  if (!feed) return;
  if (feed.dataset.order === "ascending") feed.append(row);
  else feed.prepend(row);
}

function asFailed(row, reason) {
  row.classList.add("failed");
  row.removeAttribute("aria-busy");
  row.querySelector("[role=status]").textContent = `Not posted. ${reason}`;
  for (const button of row.querySelectorAll(".state button")) button.hidden = false;
}
