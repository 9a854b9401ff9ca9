"""An event loop that runs in steps. A step ends when nothing is left to do."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """Work that a task has handed to a thread, and awaits."""

    executor: Executor
    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    answer: asyncio.Future[Any]

    def do(self) -> None:
        if self.answer.cancelled():
            return
        done = self.executor.submit(self.work, *self.arguments)
        if error := done.exception():
            self.answer.set_exception(error)
        else:
            self.answer.set_result(done.result())


class Selector(selectors.DefaultSelector):
    """Never blocks. Calls `idle` instead."""

    def __init__(self, idle: Callable[[], None]) -> None:
        super().__init__()
        self._idle = idle

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout != 0:
            self._idle()
        return super().select(0)


class SteppedLoop(asyncio.SelectorEventLoop):
    """Its clock stands still until it is advanced, and its threads run one after the other.

    So a step always has the same outcome, and waiting for a poll takes no time. `slow`: executors that do nothing for
    now, as if the database were slow to answer.
    """

    now = 0.0

    def __init__(self) -> None:
        super().__init__(Selector(self._do_next_job))
        self.slow: set[Executor] = set()
        self._jobs: list[Job] = []
        self._thread = ThreadPoolExecutor(1)

    def time(self) -> float:
        return self.now

    def settle(self) -> None:
        self.run_forever()

    def advance_clock(self, seconds: float) -> None:
        self.now += seconds
        self.settle()

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        job = Job(executor or self._thread, func, args, self.create_future())
        self._jobs.append(job)
        return job.answer

    def close(self) -> None:
        self._thread.shutdown()
        super().close()

    def _do_next_job(self) -> None:
        job = next((job for job in self._jobs if job.executor not in self.slow), None)
        if job is None:
            self.stop()
        else:
            self._jobs.remove(job)
            job.do()
