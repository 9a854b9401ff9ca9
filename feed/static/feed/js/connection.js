// The line that shows whether the page is live or reconnecting.

import { find, on } from "./page.js";

function showConnection(state) {
  const line = find("connection");
  if (line) line.dataset.state = state;
}
showConnection("reconnecting");
on("htmx:ws:after:message:incoming", () => find("refusal").textContent || showConnection("live"));
on("htmx:ws:close", ({ detail: { code, connection } }) =>
  showConnection(connection.config.reconnectCodes.includes(code) ? "reconnecting" : "stopped"));
