"""Play the faults against real servers, and print what became of the events: see script/chaos."""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from types import FrameType
from typing import NoReturn

from tests.faults.harness.registry import Fault, Ground, play
from tests.faults.harness.report import Row, markdown, plain, summary
from tests.faults.harness.stage import DatabaseKind, Size
from tests.faults.scenarios import FAULTS
from tests.support.databases import migrate, new_database, sqlite_database

kept = ExitStack()


def main() -> int:
    given = arguments()
    size: Size = "short" if given.short else "full"
    names = given.names or [""]
    every = ((fault, ground) for fault in FAULTS for ground in fault.on(size))
    chosen = [(fault, ground) for fault, ground in every if any(name in fault.on_ground(ground) for name in names)]
    if not chosen:
        print(f"Nothing has such a name. The faults are: {', '.join(fault.key for fault in FAULTS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, leave)
    with kept:
        rows = [told(tried(fault, ground, size)) for fault, ground in chosen]
    print("", markdown(rows) if given.markdown else plain(rows), "", summary(rows), sep="\n")
    return 0 if all(row.passed for row in rows) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/chaos", description="Let everything fail around the events.")
    parser.add_argument("names", nargs="*", help=f"parts of: {', '.join(fault.key for fault in FAULTS)}")
    parser.add_argument("--short", action="store_true", help="the forms that script/test plays, of seconds each")
    parser.add_argument("--markdown", action="store_true", help="the table as it stands in docs/guarantees.md")
    return parser.parse_args()


def tried(fault: Fault, ground: Ground, size: Size) -> Row:
    """Whatever goes wrong with one fault, the others are played, too."""
    kind, database = ground
    print(f"== {fault.on_ground(ground)}", file=sys.stderr, flush=True)
    try:
        with new(database) as url:
            return play(fault, ground, url, os.environ.get("TEST_REDIS_URL"), size)
    except Exception as error:  # noqa: BLE001 (it is a row of the table)
        traceback.print_exc()
        return Row(fault.name, kind, database, broken=str(error) or type(error).__name__)


def told(row: Row) -> Row:
    """Say at once what the table says in the end: all of them take a while."""
    print(plain([row]), file=sys.stderr, flush=True)
    return row


def new(database: DatabaseKind) -> AbstractContextManager[str]:
    """The URL of a migrated database that is nobody else's."""
    return sqlite_database() if database == "sqlite" else postgresql_database()


@contextmanager
def postgresql_database() -> Iterator[str]:
    server = os.environ["TEST_POSTGRESQL_URL"]
    with new_database(server, template=template(server)) as url:
        yield url


@cache
def template(server: str) -> str:
    """A migrated database that stays until the end, and of which the others are copies."""
    url = kept.enter_context(new_database(server))
    migrate(url)
    return url


def leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
