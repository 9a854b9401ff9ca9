// The connection: the line that shows whether the page is live, reconnecting or refused, and whose page it is.

import { become, find, me, on } from "./page.js";

const LOG_IN = 4401; // who one is has changed: see below

// The connection in hx-ws, which has no function to look it up.
const present = () => find("live")?._htmx?.ws?.connection;

// Only a page shows who is watching, so only a page asks for it.
const connectTo = (url) => find("live").setAttribute("hx-ws:connect", `${url}&presence=1`);
if (find("live")) connectTo(find("live").getAttribute("hx-ws:connect"));

function showConnection(state) {
  const line = find("connection");
  if (line) line.dataset.state = state;
}
showConnection("reconnecting");
on("htmx:ws:after:message:incoming", () => find("refusal").textContent || showConnection("live"));
on("htmx:ws:close", ({ detail: { code, connection } }) => {
  if (code === null || connection !== present()) return; // its element has left the page, or it was replaced
  const returns = code === LOG_IN || connection.config.reconnectCodes.includes(code);
  showConnection(returns ? "reconnecting" : "stopped");
});

// Connect anew, as the user of now. hx-ws connects an element that it doesn't know.
function reconnect() {
  const [live, old] = [find("live"), present()];
  find("refusal").textContent = "";
  showConnection("reconnecting");
  if (old) {
    old.config.reconnect = false;
    old.socket?.close();
  }
  delete live._htmx?.ws;
  htmx.process(live);
}

// After somebody else has logged in in another tab, or logged out, the socket is closed. Then the page asks for itself
// again, says who one is now, and shows what that user may see. Texts that were begun stay.

const REFUSED = [LOG_IN, 4403, 4404]; // the others may be because of who one is, too
const RETRY = 5000; // milliseconds
const SCRIPT = "script[src*='feed/rill']"; // it says whose page this is
const PARTS = ["you", "cursor", "log", "page-user", "compose"];
let asking = false;

on("htmx:ws:close", ({ detail: { code } }) => REFUSED.includes(code) && askWho(code));

// A page on which nobody was logged in has no session that ends. So each page tells the other tabs whose it is.
const tabs = new BroadcastChannel("feed:user");
tabs.postMessage(me ?? "");
tabs.addEventListener("message", ({ data }) => data !== (me ?? "") && askWho(null));

async function askWho(code) {
  if (asking) return;
  asking = true;
  const page = await pageNow();
  asking = false;
  if (!page) return setTimeout(askWho, RETRY, code);
  const changed = page.script && page.script.dataset.user !== me;
  if (!changed && code !== LOG_IN) return; // the refusal holds
  if (changed) setUser(page.script.dataset.user);
  const form = unsent();
  if (page.live) await show(page);
  else await showMissing(page);
  if (me) await import("../member.js");
  if (changed) say(form, page);
  if (!page.live) return showConnection("stopped");
  // A session that is refused again and again must not become a storm of requests.
  setTimeout(reconnect, changed ? 0 : RETRY);
}

// This page as the server shows it now, or null if it can't be had.
async function pageNow() {
  try {
    const response = await fetch(location.href, { cache: "reload", headers: { Accept: "text/html" } });
    if (response.status >= 500) return null;
    const text = await response.text();
    const found = new DOMParser().parseFromString(text, "text/html");
    return { text, found, script: found.querySelector(SCRIPT), live: found.getElementById("live") };
  } catch {
    return null;
  }
}

function setUser(name) {
  become(name);
  const script = document.querySelector(SCRIPT);
  if (name === undefined) delete script.dataset.user;
  else script.dataset.user = name;
}

async function show({ text, live, found }) {
  connectTo(live.getAttribute("hx-ws:connect"));
  const parts = PARTS.filter((id) => find(id) && found.getElementById(id)).map((id) => `#${id}`);
  await swap({ text, select: "#events", selectOOB: parts.join(","), swap: "outerHTML ignoreTitle:true" });
}

// What the last user could see is not for this one.
const showMissing = ({ text }) => swap({ text, select: "#missing", swap: "innerHTML" });

const swap = (how) => htmx.swap({ sourceElement: find("live"), target: find("events"), transition: false, ...how });

// What was typed in the form, and how to put it into the form of the new user.
function unsent() {
  const form = find("compose");
  const texts = [...(form?.querySelectorAll("textarea") ?? [])].map(({ id, value }) => [id, value]);
  const focused = form?.contains(document.activeElement) && document.activeElement.id;
  return {
    form,
    wasTyped: texts.some(([, value]) => value),
    restore() {
      for (const [id, value] of texts) if (find(id)) find(id).value = value;
      if (focused) find(focused)?.focus({ preventScroll: true });
    },
  };
}

function say({ form, wasTyped, restore }, { found }) {
  const words = me === undefined ? "You are logged out." : `You are logged in as ${me} now.`;
  restore();
  const login = find("identity").dataset.login;
  const offer = me === undefined && login ? [words, " ", link(login, "Log in")] : [words];
  find("identity-words").replaceChildren(...offer);
  find("identity").showPopover();
  // A page that was made for nobody has no form to post with.
  if (me !== undefined && !form && found.getElementById("compose")) find("identity-words").append(" ", link("", "Reload"));
  if (form && wasTyped) warn(offer.map((part) => part.cloneNode?.(true) ?? part));
  for (const field of document.querySelectorAll("#live [name=as]")) field.value = found.querySelector("[name=as]")?.value ?? "";
}

function link(href, words) {
  const made = document.createElement("a");
  made.href = href;
  made.textContent = words;
  return made;
}

// Beside the text, because it would be posted in another name now.
function warn(words) {
  const line = document.createElement("p");
  line.className = "whose";
  line.append(...words);
  find("compose").append(line);
}

on("click", ({ target }) => target.closest("#identity button") && find("identity").hidePopover());
