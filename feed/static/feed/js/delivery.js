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
