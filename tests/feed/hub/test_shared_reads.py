"""Reads that those who ask at the same time share."""

import asyncio
from collections.abc import Collection

import pytest

from feed.hub.shared_reads import SharedReads
from feed.hub.threads import ReadingThreads


async def answers(read: list[list[int]], asked: list[int], size: int = 3) -> list[str | BaseException | None]:
    def texts_of(keys: Collection[int]) -> dict[int, str]:
        read.append(list(keys))
        if 13 in keys:
            raise ValueError("13")
        return {key: str(key) for key in keys if key}

    threads = ReadingThreads(1, "test")
    reads = SharedReads(threads, texts_of, size)
    try:
        return await asyncio.gather(*map(reads.get, asked), return_exceptions=True)
    finally:
        await threads.close()


async def test_those_who_ask_for_the_same_at_once_share_a_read() -> None:
    read: list[list[int]] = []
    assert await answers(read, [1, 2, 1, 1, 2]) == ["1", "2", "1", "1", "2"]
    assert read == [[1, 2]]


async def test_many_keys_are_read_in_parts() -> None:
    read: list[list[int]] = []
    assert await answers(read, [*range(8)]) == [None, *map(str, range(1, 8))]
    assert read == [[0, 1, 2], [3, 4, 5], [6, 7]]


async def test_a_read_that_fails_fails_for_those_who_share_it_only() -> None:
    found = await answers([], [1, 13, 2, 3])
    assert [type(each) for each in found] == [ValueError, ValueError, ValueError, str]
    with pytest.raises(ValueError, match="13"):
        raise found[0] if isinstance(found[0], BaseException) else AssertionError(found)
