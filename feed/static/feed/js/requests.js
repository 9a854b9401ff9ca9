// Requests that fail: sent again, or reported.

import { find, on } from "./page.js";

// Send a form again if its response was lost. That is safe: a post has a key by which the server recognises repeats,
// and editing and deleting are idempotent. The text is read-only until there is a response.
const RETRY_DELAYS = [1, 2, 4, 8, 15, 15, 15]; // seconds
const retries = new WeakMap();

function sendAgain(form, response) {
  const { tries } = retries.get(form) ?? { tries: 0 };
  if (tries === RETRY_DELAYS.length) return false;
  const wanted = Number(response.headers?.get("Retry-After")) || 0; // the header may also be a date: ignored
  const wait = Math.max(RETRY_DELAYS[tries], Math.min(wanted, RETRY_DELAYS.at(-1)));
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

// With these statuses the response is the form with its errors.
const hasFormErrors = (status) => [422, 429].includes(status);

on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (hasFormErrors(ctx.response?.status)) document.querySelector("[aria-invalid]")?.focus();
});

// Errors of requests that the user made. Automatic requests retry without a message.

function notify(status) {
  const notice = find("notice");
  const reasons = {
    403: "Only its author can change it.",
    404: "It no longer exists.",
    503: "It may not have been saved. Try again in a moment.",
  };
  const unknown = status ? "Something went wrong. Try again." : "The server did not answer. Try again in a moment.";
  notice.textContent = reasons[status] ?? unknown;
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
  notify(status);
}
on("htmx:response:error", failed);
on("htmx:error", failed);
