"""The files of deploy/ that aren't proxies: what they name exists, and the tools that read them accept them."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from ruamel.yaml import YAML

from project.environment import VARIABLES
from tests.conftest import missing
from tests.support.databases import ROOT, clean_environment, sqlite_database
from tests.support.processes import TIMEOUT, free_port
from tests.support.servers import HOST, UVICORN_WEBSOCKETS

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
GRACE = "--timeout-graceful-shutdown"
MOST_EXPOSED = 30
"""What `systemd-analyze security` may say of a unit, from 0 (safe) to 100. A service without options has 96."""
IMAGE = {"FORWARDED_ALLOW_IPS"}
"""Variables that uvicorn reads."""

each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
each_service = pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)


def analyzed(*arguments: str | Path) -> str:
    """What systemd-analyze prints. It needs no running systemd."""
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze is not installed")
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units, for a release that is installed here."""
    folder = tmp_path_factory.mktemp("units")
    python = Path(sys.executable)
    for unit in UNITS:
        text = unit.read_text().replace("/opt/rill/.venv/bin", str(python.parent)).replace("/opt/rill", str(ROOT))
        (folder / unit.name.replace("@.", "@8001.")).write_text(text)
    return folder


@each_unit
def test_systemd_accepts_the_unit(unit: Path, installed: Path) -> None:
    found = analyzed("verify", "--man=no", "--recursive-errors=no", installed / unit.name.replace("@.", "@8001."))
    assert str(installed) not in found


@each_service
def test_the_unit_can_do_little_else_than_serve(unit: Path, installed: Path) -> None:
    file = installed / unit.name.replace("@.", "@8001.")
    analyzed("security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSED}", file)


def test_all_units_are_restricted_in_the_same_way() -> None:
    sections = (unit.read_text().partition("# What the process may do")[2] for unit in SERVICES)
    restricted = {section.partition("\n\n")[0].rstrip() for section in sections}
    assert len(restricted) == 1


def words_of_units() -> Iterator[tuple[str, list[str]]]:
    for unit in SERVICES:
        for command in re.findall(r"^Exec\w+=-?(.*)$", unit.read_text(), re.MULTILINE):
            yield unit.name, shlex.split(command)


def words_of_image() -> list[str]:
    command: list[str] = json.loads(steps("CMD")[0])
    return command


def steps(instruction: str) -> list[str]:
    """The arguments of each such instruction of the Containerfile."""
    text = (DEPLOY / "Containerfile").read_text()
    return re.findall(rf"^{instruction} (.*)$", text, re.MULTILINE)


def composed() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text())
    return loaded


def test_every_server_has_the_options_that_the_tests_run_with() -> None:
    servers = [words for _, words in words_of_units() if words[0].endswith("/uvicorn")] + [words_of_image()]
    assert len(servers) == 2
    for words in servers:
        text = " ".join(words)
        assert " ".join(UVICORN_WEBSOCKETS) in text
        assert "--loop uvloop" in text
        assert "asgi:application" in words


def test_everything_gets_the_time_to_stop_that_it_takes() -> None:
    for unit in ("rill@.service", "rill-handlers.service"):
        assert "TimeoutStopSec=20\n" in (DEPLOY / "systemd" / unit).read_text()
    for name in ("web-1", "web-2", "handlers"):
        assert composed()["services"][name]["stop_grace_period"] == "20s"
    assert words_of_image()[-2:] == [GRACE, "10"]


def test_every_command_exists() -> None:
    commands = [words[2] for _, words in words_of_units() if "manage.py" in words]
    commands += re.findall(r"manage\.py (\w+)", (DEPLOY / "compose.yaml").read_text() + str(steps("RUN")))
    assert {"migrate", "prune_log", "run_handlers", "collectstatic"} == set(commands)
    assert set(commands) <= get_commands().keys()


def test_every_variable_is_one_that_rill_reads() -> None:
    named = set(re.findall(r"^#? ?([A-Z_]+)=", (DEPLOY / "rill.env").read_text(), re.MULTILINE))
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= named <= VARIABLES
    for name in ("web-1", "handlers", "migrate", "prune"):
        assert composed()["services"][name]["environment"].keys() <= VARIABLES | IMAGE


def test_compose_accepts_the_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, DEPLOY / "compose.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_and_service_that_the_compose_file_names_exists() -> None:
    services = composed()["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= services.keys()
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in composed()["volumes"]
        if "build" in service:
            context = DEPLOY / service["build"]["context"]
            assert (context / service["build"]["dockerfile"]).exists()


def in_image(**environment: str) -> dict[str, str]:
    """The environment of a process in the image: `python` is that of the tests, and no module is found elsewhere."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = clean_environment("")
    return {name: value for name, value in clean.items() if name not in VARIABLES} | {"PATH": path} | environment


def test_the_requirements_of_the_image_are_copied_before_they_are_installed() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied, installed = text.index("COPY requirements"), text.index("RUN pip install -r requirements-production.txt")
    assert copied < installed
    needed = {"requirements-production.txt"}
    for name in ("requirements-production.txt", "requirements.txt"):
        needed |= set(re.findall(r"^-[rc] (\S+)$", (ROOT / name).read_text(), re.MULTILINE))
    assert needed <= set(steps("COPY")[0].split())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the image has: copied as the Containerfile says, with static files collected."""
    folder = tmp_path_factory.mktemp("image")
    for arguments in steps("COPY"):
        *sources, target = arguments.split()
        for source in sources:
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, folder / target)
    (collect,) = (arguments for arguments in steps("RUN") if "manage.py" in arguments)
    subprocess.run(collect, shell=True, cwd=folder, env=in_image(), check=True)  # noqa: S602
    return folder


def ready(image: Path, port: int, host: str, seconds: float = 0) -> "subprocess.CompletedProcess[str]":
    """The health check of the compose file, for a server on another port."""
    command = [word.replace("8000", str(port)) for word in composed()["services"]["web-1"]["healthcheck"]["test"][1:]]
    environment = in_image(ALLOWED_HOSTS=host)
    return subprocess.run(
        [*command, str(seconds)], cwd=image, env=environment, capture_output=True, text=True, check=False
    )


def test_what_the_image_has_is_enough_to_serve_and_its_health_check_says_why_it_is_not_ready(image: Path) -> None:
    port = free_port()
    command = [str(port) if word == "8000" else word.replace("0.0.0.0", HOST) for word in words_of_image()]  # noqa: S104
    with sqlite_database() as url:
        environment = in_image(SECRET_KEY="x" * 50, DATABASE_URL=url, ALLOWED_HOSTS="rill.example")
        server = subprocess.Popen(command, cwd=image, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            answered = ready(image, port, "rill.example", TIMEOUT)
            refused = ready(image, port, "evil.example")
        finally:
            server.terminate()
            log = server.communicate(timeout=TIMEOUT)[1]
    assert answered.returncode == 0, answered.stderr + log
    assert "WARNING" not in log, log
    assert "ERROR" not in log, log
    gone = ready(image, port, "rill.example")
    assert (refused.returncode, gone.returncode) == (1, 1)
    assert f"The process on port {port} isn't ready. 400 " in refused.stderr
    assert f"The process on port {port} isn't ready. ConnectionRefusedError: " in gone.stderr
