from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """`items` in lists of at most `size`, which by default fits into one statement of every database."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
