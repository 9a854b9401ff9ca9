"""Starts and controls a process with several open transactions: see tests/faults/programs/open_transactions.py."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.faults.harness.posting_process import PostingProcess

Step = tuple[str, str]
"""A step of tests/faults/programs/open_transactions.py, and its text."""


class OpenTransactions(PostingProcess):
    """A process with any number of open transactions, each with a name."""

    PROGRAM = "tests.faults.programs.open_transactions"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._sent = 0

    def transaction(self, name: str) -> "OpenTransaction":
        return OpenTransaction(self, name)

    def do(self, transaction: str, step: Step) -> list[int]:
        """Take a step, and wait until it is done. Returns the keys of the changes of a post."""
        number = self._sent
        self._sent += 1
        self._send(json.dumps([transaction, *step]))
        self._wait(lambda: number in self._answers(), f"done with {step} of {transaction}")
        return self._answers()[number]

    def _answers(self) -> dict[int, list[int]]:
        return {line["answered"]: line["changes"] for line in self.lines() if "answered" in line}


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction with a connection of its own. After its commit the same object begins the next one."""

    process: OpenTransactions
    name: str

    def begin(self) -> None:
        self.do([("begin", "")])

    def post(self, text: str) -> int:
        """Post a status. Returns the key of its change."""
        return self.process.do(self.name, ("post", text))[0]

    def commit(self) -> None:
        """Release the last savepoint, or commit the transaction if there is none."""
        self.do([("commit", "")])

    def do(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.process.do(self.name, step)
