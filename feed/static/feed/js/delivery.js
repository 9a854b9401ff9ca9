// Requests that fail: sent again, or reported.

import { find, on } from "./page.js";

// Sends the fields of a form, and sends them again if no response comes. That is safe: a post has a key by which the
// server recognises repeats, and editing and deleting are idempotent.

export const RETRY_DELAYS = [1, 2, 4, 8, 15, 15, 15]; // seconds
const TIMEOUT = 15_000;

// The current CSRF token: a login in another tab invalidates the one in the page's forms.
export const currentToken = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

// Seconds until the next try, or undefined if there is none. Retry-After may also be a date: then it is ignored.
export function delay(tries, retryAfter) {
  return tries < RETRY_DELAYS.length ? Math.max(RETRY_DELAYS[tries], Math.min(Number(retryAfter) || 0, 15)) : undefined;
}

const REASONS = {
  403: "Only its author can change it.",
  404: "It no longer exists.",
  503: "It may not have been saved. Try again in a moment.",
};
export function reason(status) {
  const unknown = status ? "Something went wrong. Try again." : "The server did not answer. Try again in a moment.";
  return REASONS[status] ?? unknown;
}

// The first error of that form.
export const errorIn = (text) => new DOMParser().parseFromString(text, "text/html").querySelector(".errorlist")?.textContent ?? reason(422);

// With these statuses the response is the form with its errors.
export const hasFormErrors = (status) => [409, 422, 429].includes(status);

// Returns the last answer: its status, or none if there was no response; its text; a page to go to instead.
export async function deliver(action, fields, onRetry = () => {}) {
  for (let tries = 0; ; tries++) {
    const answer = await ask(action, fields);
    const wait = [undefined, 503].includes(answer.status) ? delay(tries, answer.retryAfter) : undefined;
    if (wait === undefined) return answer;
    onRetry();
    await new Promise((resume) => setTimeout(resume, wait * 1000));
  }
}

async function ask(action, fields) {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), TIMEOUT);
  const token = currentToken();
  if (token) fields.set("csrfmiddlewaretoken", token);
  try {
    const headers = { "HX-Request": "true", "HX-Current-URL": location.href };
    // Kept alive, so that leaving the page doesn't stop it.
    const response = await fetch(action, { method: "POST", body: fields, headers, signal: aborter.signal, keepalive: true });
    if ([502, 504].includes(response.status)) return {}; // a proxy got no response
    const [redirect, retryAfter] = ["HX-Redirect", "Retry-After"].map((name) => response.headers.get(name));
    return { status: response.status, text: await response.text(), redirect, retryAfter };
  } catch {
    return {};
  } finally {
    clearTimeout(timer);
  }
}

// Requests of htmx that fail: sent again, or reported.

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

// Forms that the browser or htmx sends.

on("submit", ({ target }) => {
  const field = target.elements.csrfmiddlewaretoken;
  const token = currentToken();
  if (field && token) field.value = token;
}, { capture: true });
