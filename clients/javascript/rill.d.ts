/** A client of Rill: follows a feed without gaps, and posts to it without doubles. */

/** Up to where everything has been seen. Store both values; positions of another log mean something else. */
export interface Cursor {
  position: number;
  log: string;
}

/** An event as in the protocol, with the fields of its kind. Of a deleted one only `id` and `kind` are known. */
export interface Event {
  id: number;
  kind: string;
  user?: string | null;
  summary?: string;
  url?: string | null;
  audience?: string;
  /** ISO 8601 in UTC. */
  created_at?: string;
  edited_at?: string | null;
  [field: string]: unknown;
}

export interface Change {
  position: number;
  action: "created" | "updated" | "deleted";
  event: Event;
}

/** What has changed since the cursor before this one. Apply all, then store the cursor. */
export interface Changes {
  type: "changes";
  changes: Change[];
  cursor: Cursor;
}

/** The newest events, newest first. Drop what you have, and begin with these. */
export interface Snapshot {
  type: "snapshot";
  /** "start", or why the server couldn't continue from the cursor. */
  reason: "start" | "expired" | "ahead" | "other_log" | "access" | (string & {});
  events: Event[];
  cursor: Cursor;
  /** The path of older events, or null. */
  next: string | null;
}

export type Update = Snapshot | Changes;

/** A lost connection. The client comes back after `wait` seconds, and goes on at the cursor. */
export interface Lost {
  error: Disconnected;
  cursor: Cursor | null;
  wait: number;
}

/** All in seconds, except `tries`. */
export interface Timing {
  /** The server's `FEED_HEARTBEAT`: 15. */
  heartbeat: number;
  /** For a connection, for the answer to a request, and for the answer to a ping: 10. */
  timeout: number;
  /** Of the waits between tries: 0.5. */
  minDelay: number;
  /** Of the waits between tries: 30. */
  maxDelay: number;
  /** How often a request is sent: 6. */
  tries: number;
}

/** The part of a WebSocket that the client uses. Browsers, Node from 22 on, and the package ws have one. */
export interface WebSocketLike {
  readonly readyState: number;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: string): void;
  close(): void;
}

export interface RillOptions {
  /** An access token. Not for pages, which everybody can read. */
  token?: string;
  /** Gets a ticket: for pages of another site, whose own server has the token. Called for each connection. */
  ticket?: () => string | Promise<string>;
  /** The URL of the websocket, if it isn't `ws/feed/` below the URL of the site. */
  socket?: string;
  WebSocket?: new (url: string | URL, protocols?: string[]) => WebSocketLike;
  fetch?: typeof fetch;
  timing?: Partial<Timing>;
}

export interface FollowOptions {
  /** What to watch: `public` without any. */
  streams?: Iterable<string>;
  /** Where to begin. Without it: now. */
  after?: Cursor | number | null;
  /** Without a cursor, begin with the newest events. */
  snapshot?: boolean;
  /** How many events a snapshot has at most: 50. */
  limit?: number;
  /** Is told of each lost connection. By default that is logged as a warning. */
  onLost?: (lost: Lost) => void;
  /** Ends it. */
  signal?: AbortSignal;
}

/** Iterates over updates, for ever. Throws Refused. */
export interface Following extends AsyncIterableIterator<Update> {
  /** That of the newest update, or null before the first. */
  readonly cursor: Cursor | null;
  readonly streams: readonly string[];
  /**
   * Watch these streams instead. after: where to begin, if that is earlier than the cursor. The server confirms it with
   * an update without changes, whose cursor is where it begins.
   */
  watch(streams: Iterable<string>, options?: { after?: Cursor | number | null }): void;
  /** Disconnect. The iteration ends. */
  close(): void;
}

/** A client of the site at `url`. */
export class Rill {
  constructor(url: string | URL, options?: RillOptions);
  readonly timing: Readonly<Timing>;
  /** Iterate over what happens after the cursor, and go on after failures. */
  follow(options?: FollowOptions): Following;
  /** The newest events, or the newest ones before the event with this id. */
  snapshot(options?: { streams?: Iterable<string>; before?: number; limit?: number }): Promise<Snapshot>;
  event(id: number): Promise<Event>;
  /** Post an event. It is tried again after failures, and is posted once: the key names it, also for a later process. */
  post(kind: string, fields?: Record<string, unknown>, options?: { idempotencyKey?: string }): Promise<Event>;
  /** Change these fields of an event of one's own. */
  edit(id: number, fields: Record<string, unknown>): Promise<Event>;
  /** Delete an event of one's own. */
  delete(id: number): Promise<void>;
}

export class RillError extends Error {}

/** The server refuses the request, and would refuse it again. */
export class Refused extends RillError {
  /** For programs, such as "unknown_stream", or "". */
  readonly code: string;
  /** The HTTP status, or the close code of the websocket. */
  readonly status: number;
}
/** The request makes no sense, or a field has a wrong value. */
export class BadRequest extends Refused {}
/** The token is missing, wrong, expired or revoked. */
export class Unauthorized extends Refused {}
/** The user, or the token, isn't allowed to do that. */
export class Forbidden extends Refused {}
/** There is no such stream, event or page. */
export class NotFound extends Refused {}
/** Somebody else has changed the event meanwhile. */
export class Conflict extends Refused {}
/** Too many streams for one connection. */
export class TooMany extends Refused {}

/** The connection is lost. A client that follows connects again by itself. */
export class Disconnected extends RillError {
  /** The close code of the websocket, or null. */
  readonly close: number | null;
  /** Seconds that the server asks to wait, or 0. */
  readonly retryAfter: number;
}
/** The server can't be reached, can't answer now, or asks to wait. */
export class Unavailable extends Disconnected {}
/** A frame doesn't begin where the one before it ended. The client asks again from its last good cursor. */
export class Gap extends Disconnected {}
