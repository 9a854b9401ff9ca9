"""The start of Rill: bad configuration stops it with one sentence, and the files that it creates are kept."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from ast import literal_eval
from pathlib import Path
from urllib.request import urlopen

import pytest

from project.environment import secret_key
from tests.support.databases import RILL_VARIABLES, ROOT, clean_environment, sqlite_url
from tests.support.processes import free_port


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with `environment` as its only variables for Rill."""
    clean = {name: value for name, value in clean_environment("").items() if name not in RILL_VARIABLES}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=False
    )


def assert_one_sentence(done: "subprocess.CompletedProcess[str]", about: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    assert about in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEBUG", "maybe"),
        ("DATABASE_URL", "foo"),
        ("DATABASE_URL", "mysql://a/b"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("DATABASE_URL", "postgresql://host:port/name"),
        ("DATABASE_URL", "postgresql://host/name?timeout=5"),
        ("DATABASE_URL", "postgresql://host/name?pool=5"),
        ("DATABASE_URL", "sqlite:///file?timeout=soon"),
        ("DATABASE_URL", "sqlite:///file?timeout=-1"),
        ("DATABASE_URL", "sqlite:///file?timeout=1&timeout=2"),
        ("DATABASE_URL", "sqlite:///file?transaction_mode=maybe"),
        ("DATABASE_URL", "sqlite:///file?mode=ro"),
        ("REDIS_URL", "http://x"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://localhost/x"),
        ("CSRF_TRUSTED_ORIGINS", "rill.example"),
        ("FEED_TAIL", "abc"),
        ("FEED_TAIL", "0"),
        ("FEED_HEARTBEAT", "-1"),
        ("FEED_POLL", "0"),
        ("FEED_POLL", "nan"),
        ("FEED_RETENTION", "a month"),
        ("FEED_STALL", "inf"),
        ("FEED_POST_LIMIT", "often"),
        ("FEED_POST_LIMIT", "0/minute"),
        ("LOGIN_LIMIT", "5/fortnight"),
        ("LOGIN_ADDRESS_LIMIT", "5/minute; 10"),
        ("SIGNUP_LIMIT", "100000/hour"),
        ("RESET_LIMIT", "never"),
        ("EMAIL_URL", "mail.rill.example"),
        ("EMAIL_URL", "smtp://mail.rill.example:port"),
    ],
)
def test_an_invalid_environment_variable_stops_the_start_and_is_named(variable: str, value: str) -> None:
    assert_one_sentence(run("manage.py", "check", **{variable: value}), variable)


def test_an_empty_environment_variable_counts_as_unset() -> None:
    empty = dict.fromkeys([*RILL_VARIABLES, "FEED_TAIL", "FEED_POLL", "FEED_POST_LIMIT"], "")
    done = run("manage.py", "check", **empty)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("postgresql://rill@host/rill", {"keepalives": 1, "tcp_user_timeout": 6000, "connect_timeout": 5}),
        ("postgresql://rill@host/rill?sslmode=require", {"sslmode": "require", "keepalives": 1}),
        ("postgresql://rill@host/rill?keepalives=0&tcp_user_timeout=0", {"keepalives": 0, "tcp_user_timeout": 0}),
        ("postgresql://rill@host/rill?pool=false", {"pool": False}),
        ("sqlite:////tmp/rill", {"timeout": 20, "transaction_mode": "IMMEDIATE"}),
        ("sqlite:////tmp/rill?timeout=60", {"timeout": 60, "transaction_mode": "IMMEDIATE"}),
        (
            "sqlite:////tmp/rill?timeout=2.5&transaction_mode=exclusive",
            {"timeout": 2.5, "transaction_mode": "EXCLUSIVE"},
        ),
        (
            "sqlite:////tmp/rill?init_command=PRAGMA synchronous=FULL",
            {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"},
        ),
    ],
)
def test_options_in_a_database_url_are_kept(url: str, options: dict[str, object]) -> None:
    options_of_it = "DATABASES['default']['OPTIONS']"
    shown = f"{{**{options_of_it}, 'pool': bool({options_of_it}.get('pool'))}}"
    code = f"from project.settings import DATABASES; print({shown})"
    kept = literal_eval(run("-c", code, DATABASE_URL=url).stdout)
    assert {name: kept[name] for name in options} == options


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1", "rediss://127.0.0.1:1", "unix:///nowhere"])
def test_every_scheme_of_redis_url_opens_a_connection(url: str) -> None:
    ring = "import asyncio, asgi; from channels.layers import *; asyncio.run(get_channel_layer().group_send('a', {}))"
    done = run("-c", ring, REDIS_URL=url)
    assert "redis.exceptions.ConnectionError" in done.stderr


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_an_invalid_port_stops_the_start_and_is_named(port: str) -> None:
    assert_one_sentence(run("-m", "project.serve", PORT=port), "PORT")


def test_an_unknown_host_stops_the_start_and_is_named() -> None:
    assert_one_sentence(run("-m", "project.serve", HOST="no.such.host.invalid"), "HOST")


def test_an_unreachable_database_stops_the_start_and_is_named() -> None:
    unreachable = f"postgresql://rill@127.0.0.1:{free_port()}/rill"
    done = run("-m", "project.serve", PORT=str(free_port()), DATABASE_URL=unreachable)
    assert_one_sentence(done, "DATABASE_URL")
    assert "refused" in done.stderr


def test_a_port_in_use_stops_the_start_and_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("-m", "project.serve", PORT=str(port), DATABASE_URL=sqlite_url(tmp_path / "rill.sqlite3"))
    assert_one_sentence(done, f"Port {port} of 127.0.0.1")
    assert not (tmp_path / "rill.sqlite3").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_prints_its_address_once_it_answers_and_a_signal_stops_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    environment = clean_environment(sqlite_url(tmp_path / "rill.sqlite3")) | {"PORT": str(port)}
    command = [sys.executable, "-m", "project.serve"]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"Rill is at http://localhost:{port}/ (stop with Ctrl-C)\n"
            for host in ("127.0.0.1", "localhost"):
                assert urlopen(f"http://{host}:{port}/healthz").status == 200
            process.send_signal(number)
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert (tmp_path / "log").read_text() == ""


def test_the_secret_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    key = secret_key(file)
    assert len(key) >= 50
    assert secret_key(file) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret_key(tmp_path / "another") != key


@pytest.mark.parametrize("path", ["var/secret_key", "var/rill.sqlite3", ".venv/stamp-server"])
def test_git_ignores_the_files_that_a_start_creates(path: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    assert subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("script", ["script/server", "script/test", "script/release", ".ci/run"])
def test_the_scripts_are_executable(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


GIT = ["git", "-c", "user.name=Alice", "-c", "user.email=alice@rill.example", "-c", "core.hooksPath=/dev/null"]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with the present script/release."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    subprocess.run([*GIT, "clone", "--quiet", "--shared", ROOT, tmp_path / "clone"], check=True)
    shutil.copy(ROOT / "script" / "release", tmp_path / "clone" / "script")
    return tmp_path / "clone"


def refused_release(clone: Path) -> str:
    done = subprocess.run(["script/release"], cwd=clone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert not (clone / "dist").exists()
    return done.stderr


def test_a_release_with_uncommitted_changes_is_refused(clone: Path) -> None:
    (clone / "new.txt").touch()
    assert "uncommitted changes" in refused_release(clone)


def test_a_release_of_a_version_that_the_changelog_does_not_have_is_refused(clone: Path) -> None:
    (clone / "feed" / "__init__.py").write_text('__version__ = "47.11.0"\n')
    subprocess.run([*GIT, "add", "--all"], cwd=clone, check=True)
    subprocess.run([*GIT, "commit", "--quiet", "--message", "Try"], cwd=clone, check=True)
    assert "CHANGELOG.md has no section '## 47.11.0'" in refused_release(clone)
