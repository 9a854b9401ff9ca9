"""Transactions that are kept open, and what is done in them: see tests/faults/programs/drafting.py."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.faults.harness.poster import Poster

Step = tuple[str, str]
"""What a draft is told: a step of tests/faults/programs/drafting.py, and its text."""


class Drafts(Poster):
    """A process with as many drafts as it is asked for."""

    PROGRAM = "tests.faults.programs.drafting"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._told = 0

    def draft(self, name: str) -> "Draft":
        return Draft(self, name)

    def tell(self, draft: str, step: Step) -> list[int]:
        """Have this done, and wait until it is; returns the keys of the changes of a post."""
        number = self._told
        self._told += 1
        self._say(json.dumps([draft, *step]))
        self._wait(lambda: number in self._answers(), f"done with {step} of {draft}")
        return self._answers()[number]

    def _answers(self) -> dict[int, list[int]]:
        return {line["answered"]: line["changes"] for line in self.lines() if "answered" in line}


@dataclass(frozen=True, slots=True)
class Draft:
    """One transaction after the other, each on the connection of this draft."""

    drafts: Drafts
    name: str

    def begin(self) -> None:
        self.do([("begin", "")])

    def post(self, text: str) -> int:
        """Returns the key of its change."""
        return self.drafts.tell(self.name, ("post", text))[0]

    def keep(self) -> None:
        """End what was begun last, so that it stays: commit, if that is the transaction."""
        self.do([("keep", "")])

    def do(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.drafts.tell(self.name, step)
