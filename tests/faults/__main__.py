"""Run the faults against real servers, and print the table of results: see script/chaos."""

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

from tests.faults.harness.cluster import DatabaseKind, Size
from tests.faults.harness.registry import Fault, Target, run_fault
from tests.faults.harness.report import Row, markdown, plain, summary
from tests.faults.scenarios import FAULTS
from tests.support.databases import migrate, new_database, sqlite_database

templates = ExitStack()


def main() -> int:
    given = arguments()
    size: Size = "short" if given.short else "full"
    names = given.names or [""]
    every = ((fault, target) for fault in FAULTS for target in fault.on(size))
    chosen = [(fault, target) for fault, target in every if any(name in fault.name_on(target) for name in names)]
    if not chosen:
        print(f"No fault has such a name. The faults are: {', '.join(fault.key for fault in FAULTS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, leave)
    with templates:
        rows = [print_row(try_fault(fault, target, size)) for fault, target in chosen]
    print("", markdown(rows) if given.markdown else plain(rows), "", summary(rows), sep="\n")
    return 0 if all(row.passed for row in rows) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/chaos", description="Run faults, and check that no event is lost.")
    parser.add_argument("names", nargs="*", help=f"names or parts of names: {', '.join(fault.key for fault in FAULTS)}")
    parser.add_argument("--short", action="store_true", help="the short forms that script/test runs, of seconds each")
    parser.add_argument("--markdown", action="store_true", help="print the table as in docs/guarantees.md")
    return parser.parse_args()


def try_fault(fault: Fault, target: Target, size: Size) -> Row:
    """Run one fault. An error becomes its row, so that the other faults still run."""
    kind, database = target
    print(f"== {fault.name_on(target)}", file=sys.stderr, flush=True)
    try:
        with migrated_database(database) as url:
            return run_fault(fault, target, url, os.environ.get("TEST_REDIS_URL"), size)
    except Exception as error:  # noqa: BLE001 (it becomes a row of the table)
        traceback.print_exc()
        return Row(fault.name, kind, database, broken=str(error) or type(error).__name__)


def print_row(row: Row) -> Row:
    """Print the row at once: the whole table takes a while."""
    print(plain([row]), file=sys.stderr, flush=True)
    return row


def migrated_database(database: DatabaseKind) -> AbstractContextManager[str]:
    """The URL of a new, migrated database."""
    return sqlite_database() if database == "sqlite" else postgresql_database()


@contextmanager
def postgresql_database() -> Iterator[str]:
    server = os.environ["TEST_POSTGRESQL_URL"]
    with new_database(server, template=template(server)) as url:
        yield url


@cache
def template(server: str) -> str:
    """A migrated database that the others are copied from."""
    url = templates.enter_context(new_database(server))
    migrate(url)
    return url


def leave(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
