"""What happens to server processes."""

from tests.faults.harness.registry import fault
from tests.faults.harness.stage import Size, Stage


@fault(
    "server killed (SIGKILL) in a burst of posts, and started again",
    short=[("daphne", "sqlite"), ("uvicorn", "sqlite")],
)
def server_killed(stage: Stage, size: Size) -> None:
    """Watchers resume from their cursors; every committed event arrives, one that is rolled back never."""
    poster = stage.poster("ada")
    server = stage.server()
    poster.wait_ready()
    stage.fleet.crew([server.url()], ["public", "kind:comment", *poster.streams], times=2)
    stage.fleet.wait_live()
    poster.run()
    for _ in range(1 if size == "short" else 5):
        stage.wait_logged(20)
        server.kill()
        stage.wait_committed(20)
        assert stage.database.standing()[1], "Nothing has waited for its position."
        server.start()
        stage.fleet.wait_live()
    stage.settle()
