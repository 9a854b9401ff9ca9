// Checked by tsc, and never run: what rill.d.ts accepts, and what it refuses.

import { NotFound, Refused, Rill, type Cursor, type Lost, type Snapshot } from "../../clients/javascript/rill.js";

const rill = new Rill("https://rill.example", { token: "rill_…", timing: { heartbeat: 5 }, WebSocket, fetch });
const lost: Lost[] = [];

export async function follow(stored: Cursor | null): Promise<Cursor | null> {
  const following = rill.follow({ streams: ["public"], after: stored, onLost: (each) => lost.push(each) });
  for await (const update of following) {
    if (update.type === "snapshot") {
      const reason: string = update.reason;
      return reason === "access" ? null : update.cursor;
    }
    for (const { action, event } of update.changes) {
      if (action === "deleted") console.log(event.id);
      // @ts-expect-error: a change is created, updated or deleted
      if (action === "moved") continue;
    }
    following.watch(["user:bob"], { after: update.cursor });
    // @ts-expect-error: a snapshot has these
    update.events;
  }
  return following.cursor;
}

export async function write(): Promise<Snapshot> {
  try {
    const event = await rill.post("status_change", { text: "Hello" }, { idempotencyKey: "one" });
    await rill.edit(event.id, { text: "Hello!" });
    await rill.delete(event.id);
  } catch (error) {
    if (error instanceof NotFound || error instanceof Refused) console.log(error.code, error.status);
    else throw error;
  }
  // @ts-expect-error: ids are numbers
  await rill.delete("17");
  return rill.snapshot({ streams: ["public"], limit: 10 });
}

// A page of another site.
new Rill("/", { socket: "wss://rill.example/ws/feed/", ticket: async () => "ticket" });
// @ts-expect-error: the address comes first
new Rill({ token: "rill_…" });
