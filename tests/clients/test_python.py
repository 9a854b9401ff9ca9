"""The Python client alone: its sync form, its URLs and its command."""

import json
import subprocess
import sys
from itertools import islice, pairwise

import pytest

import rill
from rill.commands import field, main
from rill.errors import of_status
from rill.site import Site
from rill.timing import Backoff
from tests.clients.scripted import Answer, Close, ScriptedServer, Step, changes, error, event, reset, snapshot

QUICK = rill.Timing(min_delay=0.01, max_delay=0.05)


def test_the_sync_form_follows_and_posts_in_one_thread(scripted: ScriptedServer) -> None:
    first: list[Step] = [changes(0, 3, "one"), Close(1011)]
    second = [changes(3, 4, "two"), changes(4, 5, "three")]
    site = scripted.site(first, second, answers=(Answer(201, event(9, "answer")),))
    lost = list[rill.Lost]()
    with rill.Client(site.url, timing=QUICK) as client:
        feed = client.follow(["public"], after=0, on_lost=lost.append)
        for update in islice(feed, 3):
            assert isinstance(update, rill.Changes)
            assert update.cursor == feed.cursor
            if update.changes[0].event["text"] == "two":
                assert client.post("comment", text="answer", thread=4)["id"] == 9
        assert feed.cursor == rill.Cursor(5, "k3x9")
        feed.close()
        assert list(feed) == []
    assert [each.error.close for each in lost if isinstance(each.error, rill.Disconnected)] == [1011]


def test_the_sync_form_raises_what_is_refused(scripted: ScriptedServer) -> None:
    site = scripted.site([error("unknown_stream", "There is no stream 'x'."), Close(4404)])
    with rill.Client(site.url) as client, pytest.raises(rill.NotFound, match="There is no stream 'x'"):
        next(client.follow(["x"]))


async def test_it_refuses_to_block_a_running_loop(scripted: ScriptedServer) -> None:
    with rill.Client(scripted.site().url) as client, pytest.raises(RuntimeError, match="AsyncClient"):
        client.snapshot()


def test_a_redirect_is_not_followed_with_the_token(scripted: ScriptedServer) -> None:
    site = scripted.site(answers=(Answer(301),))
    with rill.Client(site.url, token="secret") as client, pytest.raises(rill.Refused, match="Use that URL"):
        client.snapshot()
    assert len(site.requests) == 1


@pytest.mark.parametrize(
    ("url", "api", "socket"),
    [
        ("http://localhost:8000", "http://localhost:8000/api/events/", "ws://localhost:8000/ws/feed/"),
        ("https://rill.example/shop", "https://rill.example/shop/api/events/", "wss://rill.example/shop/ws/feed/"),
        ("ws://localhost/ws/feed/", "http://localhost/api/events/", "ws://localhost/ws/feed/"),
        ("wss://a.example/b/ws/feed/?x=1", "https://a.example/b/api/events/", "wss://a.example/b/ws/feed/"),
    ],
)
def test_the_addresses_follow_from_one_url(url: str, api: str, socket: str) -> None:
    site = Site.at(url)
    assert (site.api("events/"), site.socket) == (api, socket)


def test_a_socket_elsewhere_can_be_named() -> None:
    site = Site.at("https://a.example/activity/", "wss://a.example/ws/feed/")
    assert site.watching([], rill.Cursor(0)) == "wss://a.example/ws/feed/?after=0"


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://localhost", "http://"])
def test_a_url_that_makes_no_sense_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="like http://localhost:8000, not"):
        rill.AsyncClient(url)


def test_the_backoff_grows_and_differs_between_clients() -> None:
    first, second = (list(islice(iter(Backoff(rill.Timing()).next, None), 12)) for _ in range(2))
    assert first != second
    assert 0.25 <= first[0] <= 0.5
    assert all(later > earlier / 2 for earlier, later in pairwise(first))
    assert 15 <= first[-1] <= 30


def test_the_backoff_is_at_least_what_the_server_asks_for() -> None:
    assert all(60 < Backoff(rill.Timing()).next(at_least=60) <= 60.5 for _ in range(20))
    assert all(Backoff(rill.Timing()).next(soon=True) <= 0.5 for _ in range(20))


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("", 0), (None, 0), ("soon", 0), ("-1", 0)])
def test_a_retry_after_that_makes_no_sense_is_none(header: str | None, seconds: float) -> None:
    unavailable = of_status(503, "", "", header)
    assert isinstance(unavailable, rill.Unavailable)
    assert unavailable.retry_after == seconds


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "rill", *arguments]
    environment = {"PYTHONPATH": "clients/python", "RILL_TOKEN": "rill_secret"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_rill_tail_shows_what_happens_and_says_why_it_ends(scripted: ScriptedServer) -> None:
    site = scripted.site([changes(0, 3, "one\x1b[2J"), changes(5, 6)], [reset(9), changes(9, 10, "three"), Close(4403)])
    site.answers.append(snapshot(9, "two"))
    done = run("tail", site.url, "--after", "0", "--stream", "public")
    assert done.returncode == 1
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["3", "created", "status_change", "alice:", "one", "[2J"],
        ["present", "status_change", "alice:", "two"],
        ["10", "created", "status_change", "alice:", "three"],
    ]
    assert "GAP: A frame begins after 5" in done.stderr
    assert "Reset (expired)" in done.stderr
    assert done.stderr.endswith("rill: The connection was closed with 4403.\n")
    assert site.headers[0]["authorization"] == "Bearer rill_secret"


def test_rill_tail_prints_json(scripted: ScriptedServer) -> None:
    frame = changes(0, 3, "one")
    site = scripted.site([frame, reset(9), Close(4400)], answers=(snapshot(9, "two"),))
    printed = [json.loads(line) for line in run("tail", site.url, "--after", "0", "--json").stdout.splitlines()]
    assert printed[0] == frame
    assert (printed[1]["type"], printed[1]["reason"], printed[1]["position"]) == ("snapshot", "expired", 9)


def test_rill_post_posts_and_prints_the_event(scripted: ScriptedServer) -> None:
    site = scripted.site(answers=(Answer(201, event(7, "Hello")),))
    done = run("post", site.url, "--kind", "comment", "--text", "Hello", "--field", "thread=5", "--key", "k")
    assert json.loads(done.stdout) == event(7, "Hello")
    assert site.requests[0].body == {"kind": "comment", "thread": 5, "text": "Hello"}
    assert site.requests[0].headers["idempotency-key"] == "k"


def test_rill_post_says_why_it_is_refused(scripted: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    site = scripted.site(answers=(Answer(422, error("bad_request", "text: Too long.")),))
    assert main(["post", site.url, "--text", "x"]) == 1
    assert capsys.readouterr().err == "rill: text: Too long.\n"


@pytest.mark.parametrize(
    ("given", "taken"), [("a=1", ("a", 1)), ("a=b=c", ("a", "b=c")), ("a=", ("a", "")), ('a="1"', ("a", "1"))]
)
def test_a_field_is_json_or_text(given: str, taken: tuple[str, object]) -> None:
    assert field(given) == taken


@pytest.mark.parametrize(
    "arguments", [["tail"], ["tail", "http://a", "--after", "-1"], ["post", "http://a", "--field", "x"]]
)
def test_wrong_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert refused.value.code == 2
    assert "usage: rill" in capsys.readouterr().err
