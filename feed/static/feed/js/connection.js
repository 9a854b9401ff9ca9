// The line that shows whether the page is live, reconnecting or refused.

import { find, on } from "./page.js";

const LOG_IN = 4401; // who one is has changed: identity.js connects again

// The connection in hx-ws, which has no function to look it up.
const present = () => find("live")?._htmx?.ws?.connection;

// Only a page shows who is watching, so only a page asks for it.
export const connectTo = (url) => find("live").setAttribute("hx-ws:connect", `${url}&presence=1`);
if (find("live")) connectTo(find("live").getAttribute("hx-ws:connect"));

export function showConnection(state) {
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
export function reconnect() {
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
