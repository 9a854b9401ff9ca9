"""`rill tail` and `rill post`."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence

from .client import AsyncClient
from .errors import RillError
from .terminal import lost_line, tail
from .updates import Cursor


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def warn(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns its exit status."""
    options = parser().parse_args(arguments)
    try:
        asyncio.run(options.run(options))
    except (RillError, ValueError) as error:
        warn(f"rill: {error}")
        return 1
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:  # such as `rill tail … | head -3`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would flush it again, and fail
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="rill", description="Follow a Rill feed, and post to it.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    add_tail(commands)
    add_post(commands)
    return top


def add_tail(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("tail", help="show what happens, until Ctrl-C", description=tailed.__doc__)
    add_site(command)
    command.add_argument("--stream", action="append", default=[], help="can be repeated (default: public)")
    command.add_argument("--after", type=position, metavar="N", help="start after this position (default: the head)")
    command.add_argument("--json", action="store_true", help="print each frame as one line of JSON")
    command.set_defaults(run=tailed)


def add_post(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("post", help="post an event", description=posted.__doc__)
    add_site(command)
    command.add_argument("--kind", default="status_change", help="(default: status_change)")
    command.add_argument("--text", help="the field that most kinds have")
    command.add_argument(
        "--field", action="append", default=[], type=field, metavar="NAME=VALUE", help="can be repeated"
    )
    command.add_argument("--key", default="", help="an idempotency key: the same key posts once")
    command.set_defaults(run=posted)


def add_site(command: argparse.ArgumentParser) -> None:
    command.add_argument("url", metavar="URL", help="the site, such as http://localhost:8000")
    command.add_argument("--socket", default="", metavar="URL", help="the websocket, if it isn't ws/feed/ below URL")
    command.add_argument(
        "--token",
        default=os.environ.get("RILL_TOKEN", ""),
        help="an access token; better in the variable RILL_TOKEN, which other users of the machine can't read",
    )


def position(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a position is a whole number that is not negative, not {text!r}")
    return int(text)


def field(text: str) -> tuple[str, object]:
    """NAME=VALUE. A value that is JSON counts as such: `thread=17` is a number."""
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise argparse.ArgumentTypeError(f"a field is given as NAME=VALUE, not {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def client(options: argparse.Namespace) -> AsyncClient:
    return AsyncClient(options.url, token=options.token, socket=options.socket)


async def tailed(options: argparse.Namespace) -> None:
    """Show what happens. After a lost connection it continues where it was."""
    after = None if options.after is None else Cursor(options.after)
    following = client(options).follow(options.stream, after=after, on_lost=lambda lost: warn(lost_line(lost)))
    await tail(following, write, warn, as_json=options.json)


async def posted(options: argparse.Namespace) -> None:
    """Post an event, and print it as JSON. It is posted once, however often that has to be tried."""
    fields = dict(options.field) | ({} if options.text is None else {"text": options.text})
    event = await client(options).post(options.kind, idempotency_key=options.key, **fields)
    write(json.dumps(event, ensure_ascii=False))
