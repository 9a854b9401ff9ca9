// The line that shows whether the page is live, reconnecting or refused.

import { find, on } from "./page.js";

const LOG_IN = 4401; // who one is has changed: identity.js connects again

export function showConnection(state) {
  const line = find("connection");
  if (line) line.dataset.state = state;
}
showConnection("reconnecting");
on("htmx:ws:after:message:incoming", () => find("refusal").textContent || showConnection("live"));
on("htmx:ws:close", ({ detail: { code, connection } }) => {
  if (code === null) return; // its element has left the page
  const returns = code === LOG_IN || connection.config.reconnectCodes.includes(code);
  showConnection(returns ? "reconnecting" : "stopped");
});

// Connect again after a refusal. The extension of htmx has no function for that: it connects an element that it hasn't
// seen before.
export function reconnect() {
  const live = find("live");
  find("refusal").textContent = "";
  showConnection("reconnecting");
  delete live._htmx?.ws;
  htmx.process(live);
}
