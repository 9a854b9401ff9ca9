from tests.feed.handlers.conftest import make

__all__ = ["make"]
