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
    with running(request.param) as program:
        yield program


def running(language: str) -> ClientProgram:
    try:
        return ClientProgram(language)
    except NotInstalled as error:
        missing(str(error))
