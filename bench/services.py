"""The servers that tests.services has started around the bench."""

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Services:
    postgresql_url: str
    redis_url: str

    @classmethod
    def running(cls) -> Self:
        """Raises KeyError if one of them isn't: `python -m tests.services` starts them."""
        return cls(os.environ["TEST_POSTGRESQL_URL"], os.environ["TEST_REDIS_URL"])
