"""Tasks that run in the background of a fault."""

import threading
from types import TracebackType
from typing import Self


class BackgroundTask:
    """Runs `_work` in a thread until the end of the `with`, which sets `over`."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name=type(self).__name__.lower(), daemon=True)

    def _work(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stopped.set()
        self._thread.join()
