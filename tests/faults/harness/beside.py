"""What goes on beside a fault, in a thread of its own."""

import threading
from types import TracebackType
from typing import Self


class Beside:
    """Does its work in a thread for as long as its `with` lasts, which is until `over` is set."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._work, name=type(self).__name__.lower(), daemon=True)

    def _work(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.over.set()
        self._thread.join()
