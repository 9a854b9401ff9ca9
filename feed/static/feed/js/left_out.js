// Rows that the socket brings and this page doesn't show.

import { find, on } from "./page.js";

// Removes the new rows for which the test is true, before they are inserted. A row that is there already is updated.
export const leaveOut = (isUnwanted) => on("htmx:before:swap", ({ detail: { tasks } }) => {
  const feed = find("feed");
  if (!feed) return;
  for (const task of tasks) {
    if (task.target?.id !== "incoming") continue;
    for (const row of [...task.fragment.children]) if (!find(row.id) && isUnwanted(row, feed)) row.remove();
  }
}, { capture: true });
