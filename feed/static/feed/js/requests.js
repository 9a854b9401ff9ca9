// Requests of htmx that fail: sent again, or reported.

import { delay, hasFormErrors, reason } from "./delivery.js";
import { find, on } from "./page.js";

// The text of a form is read-only until there is a response.
const retries = new WeakMap();

function sendAgain(form, response) {
  const { tries } = retries.get(form) ?? { tries: 0 };
  const wait = delay(tries, response.headers?.get("Retry-After"));
  if (wait === undefined) return false;
  const timer = setTimeout(() => form.isConnected && form.requestSubmit(), wait * 1000);
  retries.set(form, { tries: tries + 1, timer });
  form.querySelector(".trying").textContent = "Not confirmed yet. Trying again…";
  return true;
}
function stopTrying(form) {
  retries.delete(form);
  form.querySelector(".trying").textContent = "";
}
const freeze = (form, frozen) => form.querySelectorAll?.("textarea").forEach((area) => (area.readOnly = frozen));
on("htmx:before:request", ({ target }) => {
  clearTimeout(retries.get(target)?.timer);
  freeze(target, true);
});
on("htmx:finally:request", ({ target }) => freeze(target, retries.has(target)));

on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (hasFormErrors(ctx.response?.status)) document.querySelector("[aria-invalid]")?.focus();
});

// Errors of requests that the user made. Automatic requests retry without a message.

export function notify(text) {
  const notice = find("notice");
  notice.textContent = text;
  notice.showPopover();
  setTimeout(() => notice.hidePopover(), 6000);
}

function failed({ target, detail: { ctx } }) {
  const response = ctx?.text === undefined ? {} : ctx.response; // without text the response was lost on the way
  const status = [502, 504].includes(response.status) ? undefined : response.status; // a proxy got no response
  if (hasFormErrors(status) || !target.closest?.("form, menu, .more-link, #more")) return;
  const form = target.querySelector(".trying") && target;
  if (form && [undefined, 503].includes(status) && sendAgain(form, response)) return;
  if (form) stopTrying(form);
  notify(reason(status));
}
on("htmx:response:error", failed);
on("htmx:error", failed);
