// What htmx doesn't do on a live page. Without this file the pages still work, but don't update by themselves.

const MAX_ROWS = 300; // rows that a page keeps while new ones arrive
const me = document.currentScript.dataset.user;
const find = (id) => document.getElementById(id);
const on = (name, listener, options) => document.addEventListener(name, listener, options);
const number = (row) => Number(row.dataset.id);
const plural = (count) => `${count} new ${count === 1 ? "post" : "posts"}`;

// The line that shows whether the page is live or reconnecting.

function showConnection(state) {
  const line = find("connection");
  if (line) line.dataset.state = state;
}
showConnection("reconnecting");
on("htmx:ws:after:message:incoming", () => find("refusal").textContent || showConnection("live"));
on("htmx:ws:close", ({ detail: { code, connection } }) =>
  showConnection(connection.config.reconnectCodes.includes(code) ? "reconnecting" : "stopped"));

// New rows.

// A frame or an older page may bring rows that the page already has. Update these rows where they are: removing and
// inserting them again would lose the focus and mark them as new.
on("htmx:before:swap", ({ detail: { tasks } }) => {
  for (const task of tasks) {
    if (!["incoming", "feed"].includes(task.target?.id)) continue;
    for (const row of [...task.fragment.children]) {
      const there = find(row.id);
      if (!there) continue;
      for (const other of tasks) if (other.target === there) other.swapSpec = { style: "none" };
      if (task.target.id === "incoming") Object.assign(task, { target: there, swapSpec: { style: "outerMorph" } });
      else row.remove();
    }
  }
  const leaving = tasks.filter((task) => task.swapSpec?.style === "delete").map((task) => task.target);
  const focused = document.activeElement.closest("#feed > article");
  if (focused && leaving.includes(focused)) neighbour(focused, leaving)?.focus({ preventScroll: true });
});

function neighbour(row, leaving) {
  for (const step of ["nextElementSibling", "previousElementSibling"]) {
    let other = row[step];
    while (leaving.includes(other)) other = other[step];
    if (other) return other;
  }
}

on("htmx:after:swap", () => {
  takeIn();
  for (const menu of document.querySelectorAll("#feed menu.own[hidden]")) {
    menu.hidden = menu.closest("article").dataset.user !== me;
  }
});

// Move rows from #incoming to where a reload would show them, if that place is visible. Otherwise show the pill, which
// moves them when it is clicked.
function takeIn(asked = false) {
  const [feed, incoming, pill] = ["feed", "incoming", "pill"].map(find);
  if (!incoming?.childElementCount || pressed) return;
  const ascending = feed.dataset.order === "ascending";
  const seen = asked || ascending || feed.getBoundingClientRect().top > 0;
  const others = [...incoming.children].filter((row) => !belongs(row, feed) || row.dataset.user !== me).length;
  feed.setAttribute("aria-busy", "true");
  for (const row of [...incoming.children].sort((a, b) => number(b) - number(a))) {
    if (!belongs(row, feed)) row.remove();
    else if (seen || row.dataset.user === me) place(row, feed, ascending);
  }
  if (seen && !ascending) trim(feed);
  feed.removeAttribute("aria-busy");
  const waiting = incoming.childElementCount;
  pill.hidden = !waiting;
  pill.textContent = plural(waiting);
  if (others) find("status").textContent = plural(waiting || others);
}

// Whether the row is in the range of this page. Older rows are loaded when the reader scrolls to them. A page of older
// events never shows newer ones.
function belongs(row, feed) {
  const rest = find("older")?.dataset.before ?? 0;
  return number(row) >= Number(rest) && number(row) < Number(feed.dataset.below ?? Infinity);
}

function place(row, feed, ascending) {
  const next = [...feed.children].find((other) => (number(other) < number(row)) !== ascending);
  row.classList.add("fresh");
  feed.insertBefore(row, next ?? null);
}

// Remove rows far below, because a page may be open for days. They are loaded again when the reader scrolls to them.
function trim(feed) {
  const last = feed.children[MAX_ROWS - 1];
  if (!last?.nextElementSibling) return;
  while (last.nextElementSibling) last.nextElementSibling.remove();
  const older = find("older");
  htmx.trigger(older, "htmx:abort");
  older.href = `?before=${last.dataset.id}`;
  older.setAttribute("hx-get", older.href);
  older.dataset.before = last.dataset.id;
  older.hidden = false;
  htmx.process(older, true);
}

on("scroll", () => takeIn(), { passive: true });

// Don't move rows while a pointer is down: a click is lost if its target moves between press and release.
let pressed = false;
on("pointerdown", ({ button }) => (pressed = button === 0)); // other buttons may open a menu, which hides their release
for (const name of ["pointerup", "pointercancel"]) {
  on(name, () => {
    pressed = false;
    setTimeout(takeIn); // after the click
  });
}
on("click", ({ target }) => {
  if (target.id !== "pill") return;
  takeIn(true);
  find("feed").firstElementChild.focus({ preventScroll: true });
  scrollTo({ top: 0 });
});

// The page now contains rows that were read at an older cursor. Set its cursor back, so that the socket sends what came
// after them.
on("htmx:ws:before:message:outgoing", ({ target, detail: { message } }) => {
  if (target.closest("#snapshot")) find("cursor").value = Math.min(find("cursor").value, message.values.after);
});

// Keys that move from row to row, as ARIA defines them for role="feed".

on("keydown", (event) => {
  const step = { PageDown: "nextElementSibling", PageUp: "previousElementSibling" }[event.key];
  const next = step && event.target.closest("#feed > article")?.[step];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// Forms.

on("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest("textarea")?.form.requestSubmit();
});

// Count characters as the server does. JavaScript's `length` counts an emoji twice.
function count(area) {
  const left = area.dataset.limit - [...area.value.trim()].length;
  const shown = area.form.querySelector(".count");
  if (!shown) return;
  shown.textContent = left < 200 ? left : "";
  shown.classList.toggle("over", left < 0);
}
on("input", ({ target }) => target.dataset.limit && count(target));
on("htmx:after:swap", () => document.querySelectorAll("[data-limit]").forEach(count));

// Use the current CSRF token: a login in another tab invalidates the one in the page's forms.
on("submit", ({ target }) => {
  const field = target.elements.csrfmiddlewaretoken;
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (field && token) field.value = token;
}, { capture: true });

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

// "Back" may restore the page as it was first loaded, with a key that has already been used. Put in the newer key.
const [navigation] = performance.getEntriesByType("navigation");
if (navigation?.type === "back_forward" && history.state?.key && find("compose")) {
  find("compose").elements.key.value = history.state.key;
}
on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.sourceElement?.id === "compose") history.replaceState({ key: find("compose").elements.key.value }, "");
});

// With these statuses the response is the form with its errors.
const hasFormErrors = (status) => [422, 429].includes(status);

on("htmx:after:swap", ({ detail: { ctx } }) => {
  if (hasFormErrors(ctx.response?.status)) document.querySelector("[aria-invalid]")?.focus();
});

// Editing and deleting, in a dialog outside the feed, so that no frame changes it.

on("htmx:after:swap", ({ detail: { ctx } }) => {
  const editor = find("editor");
  if (ctx.target === editor && !editor.open) editor.showModal();
});
on("rill:done", () => find("editor").close());
on("click", (event) => {
  if (!event.target.closest("dialog [data-close]")) return;
  event.preventDefault();
  find("editor").close();
});
find("editor").addEventListener("close", () => find("editor").replaceChildren());

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
  if (hasFormErrors(status) || !target.closest?.("form, menu")) return;
  const form = target.querySelector(".trying") && target;
  if (form && [undefined, 503].includes(status) && sendAgain(form, response)) return;
  if (form) stopTrying(form);
  notify(status);
}
on("htmx:response:error", failed);
on("htmx:error", failed);
