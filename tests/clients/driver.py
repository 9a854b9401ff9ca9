"""Runs the Python client for the tests: commands come as lines of JSON on stdin, and what happens goes to stdout.

driver.mjs does the same with the JavaScript client.
"""

import asyncio
import json
import sys
import threading
from typing import Any

import rill

Command = dict[str, Any]


class Driver:
    def __init__(self) -> None:
        self.followings: dict[str, rill.Following] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.held: dict[str, asyncio.Event] = {}

    async def run(self) -> None:
        lines: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        threading.Thread(target=read_into, args=(lines, loop), daemon=True).start()
        while line := await lines.get():
            command = json.loads(line)
            name = f"{command['id']}{command['do']}"
            self.tasks[name] = asyncio.create_task(self.obey(command))

    async def obey(self, command: Command) -> None:
        try:
            await getattr(self, command["do"])(command)
        except rill.RillError as error:
            say(command, error=described(error))
        except asyncio.CancelledError:
            say(command, done=True)
        except (ValueError, TypeError) as error:
            say(command, error={"name": type(error).__name__, "message": str(error)})

    async def follow(self, command: Command) -> None:
        name, options = command["id"], command["options"]
        if "after" in options:
            options["after"] = rill.Cursor(**options["after"])
        held = self.held[name] = asyncio.Event()
        if not options.pop("held", False):
            held.set()
        told = lambda lost: say(command, lost={"error": described(lost.error), "wait": lost.wait})  # noqa: E731
        following = self.followings[name] = client(command).follow(on_lost=told, **options)
        async for update in following:
            say(command, update=shown(update))
            await held.wait()

    async def go(self, command: Command) -> None:
        self.held[command["id"]].set()

    async def watch(self, command: Command) -> None:
        after = command.get("after")
        await self.followings[command["id"]].watch(command["streams"], after=rill.Cursor(**after) if after else None)

    async def close(self, command: Command) -> None:
        self.tasks[f"{command['id']}follow"].cancel()

    async def call(self, command: Command) -> None:
        say(command, result=await getattr(self, f"do_{command['method']}")(client(command), **command["arguments"]))

    async def do_post(self, client: rill.AsyncClient, kind: str, fields: dict[str, Any], key: str) -> rill.Event:
        return await client.post(kind, idempotency_key=key, **fields)

    async def do_edit(self, client: rill.AsyncClient, number: int, fields: dict[str, Any]) -> rill.Event:
        return await client.edit(number, **fields)

    async def do_delete(self, client: rill.AsyncClient, number: int) -> None:
        await client.delete(number)

    async def do_event(self, client: rill.AsyncClient, number: int) -> rill.Event:
        return await client.event(number)

    async def do_snapshot(self, client: rill.AsyncClient, **options: Any) -> dict[str, Any]:
        return shown(await client.snapshot(**options))


def client(command: Command) -> rill.AsyncClient:
    return rill.AsyncClient(
        command["url"], token=command.get("token", ""), timing=rill.Timing(**command.get("timing", {}))
    )


def described(error: rill.RillError) -> dict[str, Any]:
    return {"name": type(error).__name__, "message": str(error), **vars(error)}


def shown(update: rill.Update) -> dict[str, Any]:
    cursor = {"position": update.cursor.position, "log": update.cursor.log}
    if isinstance(update, rill.Snapshot):
        return {"type": "snapshot", "reason": update.reason, "events": list(update.events), "cursor": cursor}
    changes = [{"position": each.position, "action": each.action, "event": each.event} for each in update.changes]
    return {"type": "changes", "changes": changes, "cursor": cursor}


def say(command: Command, **what: Any) -> None:
    sys.stdout.write(json.dumps({"id": command["id"], **what}) + "\n")
    sys.stdout.flush()


def read_into(lines: "asyncio.Queue[str]", loop: asyncio.AbstractEventLoop) -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(lines.put_nowait, line)
    loop.call_soon_threadsafe(lines.put_nowait, "")


if __name__ == "__main__":
    asyncio.run(Driver().run())
