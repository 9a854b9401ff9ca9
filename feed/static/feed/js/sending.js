// The row of a text that is being sent, or that could not be sent.

import { find } from "./page.js";

// Made from the row in the form's template, which the server renders like all rows.
export function asSending(template, key, text) {
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

export function place(row, form) {
  const replies = form.closest(".unfolded")?.querySelector(".replies");
  if (replies) return replies.append(row);
  const feed = find("feed");
  if (!feed) return;
  if (feed.dataset.order === "ascending") feed.append(row);
  else feed.prepend(row);
}

export function asFailed(row, reason) {
  row.classList.add("failed");
  row.removeAttribute("aria-busy");
  row.querySelector("[role=status]").textContent = `Not posted. ${reason}`;
  for (const button of row.querySelectorAll(".state button")) button.hidden = false;
}
