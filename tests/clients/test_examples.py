"""The programs in clients/examples, as they stand, on a real server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.support.databases import ROOT
from tests.support.printing import Printing
from tests.support.processes import find, wait_until
from tests.support.servers import DELETE_USERS, Server
from tests.support.watching import post_from_another_process

EXAMPLES = ROOT / "clients" / "examples"
BOT = """
from feed import tokens
helper = User.objects.create_user("helper")
print(tokens.issue(helper, "bot", ["read", "post"])[1], end="")
"""
ANSWERS = """
import json
print(json.dumps([*Comment.objects.filter(user__username="helper").order_by("pk").values_list("text", flat=True)]))
"""


@pytest.fixture(scope="module")
def one_server() -> Iterator[Server]:
    with Server("uvicorn", FEED_POLL="0.2") as server:
        yield server
        server.assert_quiet()


@pytest.fixture
def server(one_server: Server) -> Server:
    one_server.shell(DELETE_USERS)
    return one_server


def test_the_ticker_shows_the_newest_events_and_what_happens(server: Server) -> None:
    post_from_another_process(server, "before")
    with Printing([sys.executable, EXAMPLES / "ticker.py", server.url(), "user:alice"]) as ticker:
        assert ticker.wait_for("before") == "  alice: before\n"
        post_from_another_process(server, "now")
        assert ticker.wait_for("now") == "+ alice: now\n"
        server.shell("StatusChange.objects.get(text='now').delete()")
        ticker.wait_for("- ")


def test_the_bot_answers_each_mention_once_however_it_ends(server: Server, tmp_path: Path) -> None:
    cursor = tmp_path / "bot.json"
    token = server.shell(BOT)
    command: list[str | Path] = [sys.executable, EXAMPLES / "bot.py", server.url(), "helper", str(cursor)]

    def answers() -> list[str]:
        texts: list[str] = json.loads(server.shell(ANSWERS))
        return texts

    with Printing(command, RILL_TOKEN=token) as bot:
        wait_until(cursor.exists, "the bot to begin")
        old = cursor.read_text()
        post_from_another_process(server, "@helper one", "nothing for helper@example.org")
        wait_until(lambda: len(answers()) == 1, "the first answer")
        bot.kill()
    post_from_another_process(server, "@helper two more")
    cursor.write_text(old)  # as if it had been killed between answering and remembering that
    with Printing(command, RILL_TOKEN=token):
        wait_until(lambda: len(answers()) == 2, "the second answer")
    assert answers() == ["@alice I have read your 2 words.", "@alice I have read your 3 words."]


def test_curl_gets_a_snapshot_then_the_changes_and_then_a_stream(server: Server) -> None:
    for name in ("curl", "jq"):
        try:
            find(name)
        except FileNotFoundError as error:
            missing(str(error))
    post_from_another_process(server, "before")
    with Printing([EXAMPLES / "curl.sh", server.url().rstrip("/")]) as curl:
        curl.wait_for("alice: before")
        curl.wait_for("# From now on")
        curl.wait_for('"type":"changes"')
        post_from_another_process(server, "now")
        assert curl.wait_for('"text":"now"').startswith("data: ")


def test_the_script_for_curl_says_what_it_needs() -> None:
    done = subprocess.run([EXAMPLES / "curl.sh"], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Give the URL" in done.stderr
