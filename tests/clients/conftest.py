from collections.abc import Iterator

import pytest

from tests.clients.programs import CLIENTS, ClientProgram, NotInstalled
from tests.clients.scripted import ScriptedServer, serving
from tests.conftest import missing


@pytest.fixture(scope="module")
def scripted() -> Iterator[ScriptedServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module", params=list(CLIENTS))
def client(request: pytest.FixtureRequest) -> Iterator[ClientProgram]:
    """Each test that uses it runs once with each client."""
    yield from running(request.param)


def running(language: str) -> Iterator[ClientProgram]:
    try:
        program = ClientProgram(language)
    except NotInstalled as error:
        missing(str(error))
    with program:
        yield program
