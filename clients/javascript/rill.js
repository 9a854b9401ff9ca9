/*
 * A client of Rill for browsers and Node: follows a feed without gaps, and posts to it without doubles.
 *
 *     const rill = new Rill("http://localhost:8000");
 *     for await (const update of rill.follow({ streams: ["user:alice"] })) console.log(update);
 *
 * rill.d.ts describes all of it.
 */

const SUBPROTOCOL = "rill.v1";
const SILENT_HEARTBEATS = 2.5; // a connection that has been silent for this many is tried with a ping
const MAX_WAITING = 256; // frames that wait for a slow reader; with more it connects again when it has read these
const MAX_MESSAGE = 4096; // bytes of a message; the server refuses more
const FLOOD_PERIOD = 10; // seconds in which the server counts the messages of a client
const RESTARTING = [1012, 4012]; // the server stops; it, or another one, is there again soon
const TIMING = { heartbeat: 15, timeout: 10, minDelay: 0.5, maxDelay: 30, tries: 6 };

export class RillError extends Error {
  get name() {
    return this.constructor.name;
  }
}

export class Refused extends RillError {
  constructor(message, code = "", status = 0) {
    super(message);
    Object.assign(this, { code, status });
  }
}
export class BadRequest extends Refused {}
export class Unauthorized extends Refused {}
export class Forbidden extends Refused {}
export class NotFound extends Refused {}
export class Conflict extends Refused {}
export class TooMany extends Refused {}

export class Disconnected extends RillError {
  constructor(message, { close = null, retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { close, retryAfter });
  }
}
export class Unavailable extends Disconnected {}
export class Gap extends Disconnected {}

const BY_STATUS = {
  400: BadRequest,
  401: Unauthorized,
  403: Forbidden,
  404: NotFound,
  409: Conflict,
  412: Conflict,
  422: BadRequest,
};
const FINAL_CLOSES = { 4400: BadRequest, 4401: Unauthorized, 4403: Forbidden, 4404: NotFound };

const isRetried = (status) => [408, 425, 429].includes(status) || status >= 500;

/** The error for an HTTP status. */
function ofStatus(status, message, code, retryAfter) {
  if (isRetried(status)) {
    return new Unavailable(message, { retryAfter: /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) : 0 });
  }
  return new (BY_STATUS[status] ?? Refused)(message, code, status);
}

/** The error for the end of a websocket. last: its `error` frame, if there was one. */
function ofClose(close, last) {
  const { code, message } = last ?? { code: "", message: `The connection was closed with ${close}.` };
  if (FINAL_CLOSES[close]) return new FINAL_CLOSES[close](message, code, close);
  if (close === 4429 && code === "too_many_streams") return new TooMany(message, code, close);
  return new Disconnected(message, { close, retryAfter: last?.retry_after ?? (close === 4429 ? FLOOD_PERIOD : 0) });
}

/** Resolves after the seconds, or rejects when the signal aborts. */
function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, seconds * 1000);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** Waits between tries: exponential, with jitter, so that clients don't all come back at once. */
class Backoff {
  constructor(timing) {
    this.timing = timing;
    this.reset();
  }

  reset() {
    this.delay = this.timing.minDelay;
    this.isFirst = true;
  }

  /** Seconds to wait. soon: the server has said that it is only restarting, so the first wait may be short. */
  next({ atLeast = 0, soon = false } = {}) {
    const shortest = soon && this.isFirst ? 0 : this.delay / 2;
    const wait = shortest + Math.random() * (this.delay - shortest);
    this.delay = Math.min(2 * this.delay, this.timing.maxDelay);
    this.isFirst = false;
    return atLeast + wait;
  }
}

/** One connection of the websocket. Keeps what arrives until it is read. */
class Socket {
  #websocket;
  #timing;
  #waiting = [];
  #ended = null;
  #last = null;
  #wake = () => {};

  constructor(websocket, timing) {
    this.#websocket = websocket;
    this.#timing = timing;
    websocket.onmessage = ({ data }) => this.#put(data);
    websocket.onclose = ({ code }) => this.#end(() => ofClose(code, this.#last));
    // Not every WebSocket closes after an error.
    websocket.onerror = () => this.#end(() => ofClose(1006, this.#last));
  }

  /** The first frame, which comes at once. Throws as `frame` does. */
  async first() {
    if (!(await this.#arrives(this.#timing.timeout))) throw new Disconnected("The connection failed: no answer in time.");
    return this.#next();
  }

  /** The next frame. Throws Disconnected, or Refused if connecting again is of no use. */
  async frame() {
    if (!(await this.#arrives(SILENT_HEARTBEATS * this.#timing.heartbeat))) {
      this.send({ type: "ping" });
      if (!(await this.#arrives(this.#timing.timeout))) {
        throw new Disconnected("The server is silent, and doesn't answer a ping.");
      }
    }
    return this.#next();
  }

  send(message) {
    const text = JSON.stringify(message);
    if (new TextEncoder().encode(text).length > MAX_MESSAGE) this.close();
    else if (this.#websocket.readyState === 1) this.#websocket.send(text);
  }

  close() {
    this.#waiting = [];
    this.#end(() => new Disconnected("The client has closed the connection."));
    this.#websocket.close();
    this.#websocket.terminate?.(); // that of the package ws would wait for an answer
  }

  /** Whether something can be read before the seconds are over. */
  #arrives(seconds) {
    if (this.#waiting.length || this.#ended) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000, false);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #next() {
    if (!this.#waiting.length) throw this.#ended();
    const frame = read(this.#waiting.shift());
    if (frame.type === "error") this.#last = frame;
    return frame;
  }

  #put(text) {
    if (this.#ended) return;
    this.#waiting.push(text);
    this.#wake();
    if (this.#waiting.length < MAX_WAITING) return;
    this.#end(() => new Disconnected("The reader is behind, so the rest is read later."));
    this.#websocket.close();
  }

  #end(reason) {
    this.#ended ??= reason;
    this.#wake();
  }
}

/** The frame in the text. Throws Disconnected if there is none: what follows may be wrong, too. */
function read(text) {
  try {
    const frame = JSON.parse(text);
    if (typeof frame.type === "string") return frame;
  } catch {}
  throw new Disconnected(`The server sent something that is no frame: ${String(text).slice(0, 80)}`);
}

/** Follows a feed: the snapshot, the frames after it, and again after whatever has failed. */
class Following {
  #rill;
  #options;
  #backoff;
  #closing = new AbortController();
  #socket = null;
  #updates;
  #from = null; // where a change of streams begins, until the server has confirmed it
  #hadBadTicket = false;

  constructor(rill, { streams = [], after = null, signal, ...options }) {
    this.#rill = rill;
    this.#options = { snapshot: false, limit: 50, onLost: logLost, ...options };
    this.#backoff = new Backoff(rill.timing);
    this.streams = namesOf(streams);
    this.cursor = cursorOf(after);
    this.#updates = this.#follow();
    if (signal?.aborted) this.close();
    signal?.addEventListener("abort", () => this.close(), { once: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    return this.#updates.next();
  }

  /** The end of a `for await` that is left. */
  async return() {
    this.close();
    return { done: true, value: undefined };
  }

  /** Watch these streams instead. after: where to begin, if that is earlier than the cursor. */
  watch(streams, { after = null } = {}) {
    const names = namesOf(streams);
    this.streams = names.length ? names : ["public"];
    const from = cursorOf(after);
    if (from && !(this.#from?.position < from.position)) this.#from = from;
    this.#ask();
  }

  close() {
    this.#closing.abort();
  }

  /** Ask the server for the streams, if it is there. */
  #ask() {
    const begin = this.#from && { after: this.#from.position, ...(this.#from.log && { log: this.#from.log }) };
    this.#socket?.send({ type: "watch", streams: this.streams, ...begin });
  }

  async *#follow() {
    while (!this.#closing.signal.aborted) {
      try {
        if (!this.cursor && this.#options.snapshot) yield await this.#first();
        yield* this.#connected();
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        await this.#wait(this.#passing(error));
      }
    }
  }

  async #first() {
    const snapshot = await this.#load();
    this.cursor = snapshot.cursor;
    return snapshot;
  }

  #load() {
    const { limit } = this.#options;
    return this.#rill.load({ streams: this.streams, limit, signal: this.#closing.signal });
  }

  /** The updates of one connection. */
  async *#connected() {
    const { signal } = this.#closing;
    this.#rewind();
    const { streams } = this;
    const socket = await this.#rill.connect(streams, this.cursor, signal);
    const close = () => socket.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      let frame = await socket.first();
      this.#socket = socket; // before, it couldn't send anything
      if (streams !== this.streams) this.#ask();
      while (true) {
        const update = await this.#received(frame);
        if (update) yield update;
        frame = await socket.frame();
        this.#backoff.reset(); // not at the first frame: a server may fail right after it
      }
    } finally {
      this.#socket = null;
      signal.removeEventListener("abort", close);
      socket.close();
    }
  }

  /** What the frame brings. null: it is a heartbeat, or of a type that is newer than this. */
  async #received(frame) {
    try {
      if (frame.type === "changes") return this.#advanced(frame);
      if (frame.type === "watching") return this.#watching(frame);
      return frame.type === "reset" ? await this.#replaced(frame) : null;
    } catch (error) {
      if (error instanceof TypeError) throw new Disconnected(`A frame lacks something: ${error.message}`);
      throw error;
    }
  }

  #advanced({ log, after, position, changes }) {
    if (!Array.isArray(changes)) throw new TypeError("it has no changes");
    follows(this.cursor, after, log);
    const hasMoved = this.cursor?.position !== position || this.cursor.log !== log;
    this.cursor = { position, log };
    this.#hadBadTicket = false;
    return changes.length || hasMoved ? { type: "changes", changes, cursor: this.cursor } : null;
  }

  /** The server has changed the streams. Its frames go on from this position. */
  #watching({ log, position, streams }) {
    if (String([...this.streams].sort()) === String([...streams].sort())) this.#from = null;
    this.cursor = { position, log };
    return { type: "changes", changes: [], cursor: this.cursor };
  }

  /** The snapshot after a reset. Until it is loaded the cursor stays, so that another try gets the same reset. */
  async #replaced({ log, position, reason }) {
    const snapshot = await this.#load();
    if (snapshot.cursor.log !== log || snapshot.cursor.position < position) {
      throw new Disconnected("The snapshot is older than the reset.");
    }
    this.cursor = { position, log }; // the frames go on from here, and say again what the snapshot has already
    return { ...snapshot, cursor: this.cursor, reason };
  }

  /** Begin earlier than at the cursor, if a change of streams that isn't confirmed says so. */
  #rewind() {
    if (this.#from && this.#from.position < (this.cursor?.position ?? 0)) this.cursor = this.#from;
    this.#from = null;
  }

  /** The error, if connecting again may help; else it is thrown. A ticket may have become too old on its way. */
  #passing(error) {
    if (error instanceof Disconnected) return error;
    if (error.code !== "bad_ticket" || this.#hadBadTicket) throw error;
    this.#hadBadTicket = true;
    return new Disconnected(error.message, { close: error.status });
  }

  async #wait(error) {
    const wait = this.#backoff.next({ atLeast: error.retryAfter, soon: RESTARTING.includes(error.close) });
    this.#options.onLost({ error, cursor: this.cursor, wait });
    await sleep(wait, this.#closing.signal).catch(() => {}); // closed meanwhile
  }
}

const namesOf = (streams) => (typeof streams === "string" ? [streams] : [...streams]);
const cursorOf = (after) => (typeof after === "number" ? { position: after, log: "" } : after);

/** Throws Gap unless a frame begins where the cursor is. Frames tile the log. */
function follows(cursor, after, log) {
  if (!cursor) return;
  if (after !== cursor.position) {
    throw new Gap(`A frame begins after ${after}, but the one before it ended at ${cursor.position}.`);
  }
  if (cursor.log && cursor.log !== log) {
    throw new Gap(`A frame is of the log ${log}, but the one before it was of ${cursor.log}.`);
  }
}

function logLost({ error, cursor, wait }) {
  console.warn(`Lost the feed at ${cursor?.position}: ${error.message} Trying again in ${wait.toFixed(1)} s.`);
}

export class Rill {
  #url;
  #socket;
  #token;
  #ticket;

  constructor(url, { token = "", ticket = null, socket = "", timing = {}, ...globals } = {}) {
    const site = new URL(url, globalThis.location?.href);
    site.pathname = `${site.pathname.replace(/\/+$/, "")}/`;
    this.#url = site;
    this.#socket = new URL(socket || "ws/feed/", site);
    this.#socket.protocol = this.#socket.protocol.replace("http", "ws");
    this.#token = token;
    this.#ticket = ticket ?? (token ? () => this.#newTicket() : null);
    this.timing = { ...TIMING, ...timing };
    this.WebSocket = globals.WebSocket ?? globalThis.WebSocket;
    this.fetch = globals.fetch ?? globalThis.fetch.bind(globalThis);
  }

  follow(options = {}) {
    if (!this.WebSocket) {
      throw new TypeError("There is no WebSocket here. Give one as an option, such as that of the package ws.");
    }
    return new Following(this, options);
  }

  snapshot(options = {}) {
    return this.#tried(() => this.load(options));
  }

  event(id) {
    return this.#tried(() => this.#send("GET", `events/${id}/`));
  }

  post(kind, fields = {}, { idempotencyKey = randomKey() } = {}) {
    const headers = { "Idempotency-Key": idempotencyKey };
    return this.#tried(() => this.#send("POST", "events/", { body: { ...fields, kind }, headers }));
  }

  edit(id, fields) {
    return this.#tried(() => this.#send("PATCH", `events/${id}/`, { body: fields }));
  }

  delete(id) {
    let tries = 0;
    return this.#tried(async () => {
      tries += 1;
      try {
        await this.#send("DELETE", `events/${id}/`);
      } catch (error) {
        // From the second try on: the first has deleted it, and its answer was lost.
        if (!(error instanceof NotFound) || tries === 1) throw error;
      }
    });
  }

  /** The snapshot, tried once. */
  async load({ streams = [], before, limit = 50, signal } = {}) {
    const query = [...namesOf(streams).map((name) => ["stream", name]), ["limit", limit]];
    if (before !== undefined) query.push(["before", before]);
    const { log, position, events, next } = await this.#send("GET", "events/", { query, signal });
    return { type: "snapshot", reason: "start", events, next, cursor: { position, log } };
  }

  /** A socket that begins at the cursor, or at the head. */
  async connect(streams, cursor, signal) {
    const url = new URL(this.#socket);
    for (const name of streams) url.searchParams.append("stream", name);
    if (cursor) url.searchParams.set("after", cursor.position);
    if (cursor?.log) url.searchParams.set("log", cursor.log);
    const ticket = await this.#newestTicket();
    signal.throwIfAborted();
    return new Socket(new this.WebSocket(url, ticket ? [SUBPROTOCOL, `ticket.${ticket}`] : []), this.timing);
  }

  async #newestTicket() {
    try {
      return await this.#ticket?.();
    } catch (error) {
      throw error instanceof RillError ? error : new Unavailable(`There is no ticket: ${error.message}`);
    }
  }

  /** A browser can't send a token with the handshake, so a ticket goes in its place: also in Node, to have one way. */
  async #newTicket() {
    return (await this.#send("POST", "tickets/")).ticket;
  }

  /** The body of the answer. Throws Refused, and Unavailable if the same may succeed later. */
  async #send(method, path, { query = [], body, headers = {}, signal } = {}) {
    const url = new URL(`api/${path}`, this.#url);
    for (const [name, value] of query) url.searchParams.append(name, value);
    const request = { method, headers: { Accept: "application/json", ...headers }, cache: "no-store" };
    if (this.#token) request.headers.Authorization = `Bearer ${this.#token}`;
    if (body) Object.assign(request, { body: JSON.stringify(body) }).headers["Content-Type"] = "application/json";
    const inTime = AbortSignal.timeout(this.timing.timeout * 1000);
    request.signal = signal ? AbortSignal.any([signal, inTime]) : inTime;
    const { response, text } = await this.#answer(url, request);
    return response.ok ? parsed(url, text) : Promise.reject(refusal(url, response, text));
  }

  async #answer(url, request) {
    try {
      const response = await this.fetch(url, request);
      return { response, text: await response.text() };
    } catch (error) {
      throw new Unavailable(`${url} can't be read: ${error.message}`);
    }
  }

  /** Try until it succeeds, is refused, or was tried `timing.tries` times. */
  async #tried(send) {
    const backoff = new Backoff(this.timing);
    for (let left = this.timing.tries - 1; ; left -= 1) {
      try {
        return await send();
      } catch (error) {
        if (!left || !(error instanceof Unavailable)) throw error;
        await sleep(backoff.next({ atLeast: error.retryAfter }), new AbortController().signal);
      }
    }
  }
}

function parsed(url, text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    throw new Unavailable(`${url} answers something that isn't JSON: ${text.slice(0, 80)}`);
  }
}

/** The error for an answer. One of a proxy has no JSON. */
function refusal(url, response, text) {
  let told = null;
  try {
    told = JSON.parse(text);
  } catch {}
  const message = told?.message ?? `${url} answers ${response.status} ${response.statusText}.`;
  return ofStatus(response.status, message, told?.code ?? "", response.headers.get("Retry-After"));
}

/** Not crypto.randomUUID, which pages without TLS don't have. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(18)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
