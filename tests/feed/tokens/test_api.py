"""The API with a token: the request is its user's, whatever the cookie says."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from feed.models import StatusChange
from feed.refusals import Refusal
from feed.tokens import Token
from feed.tokens.requests import identify, need, token_of
from feed.tokens.secret import new_secret
from tests.conftest import logged_in
from tests.support.audiences import team
from tests.support.tokens import bearer, issue

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def texts(client: Client, secret: str | None = None, query: str = "") -> list[str]:
    response = client.get(f"/api/events/{query}", headers=bearer(secret) if secret else {})
    assert response.status_code == 200, response.content
    return [event["text"] for event in response.json()["events"] if "text" in event]


def test_a_token_reads_what_its_user_may_see_and_nobody_else(alice: User, bob: User, teams: None) -> None:
    StatusChange.objects.create(user=alice, text="for the team", audience=team(alice))
    assert texts(Client(), issue(alice)) == ["for the team"]
    assert texts(Client(), issue(bob)) == []
    assert texts(Client()) == []


def test_the_session_is_ignored_beside_a_token(alice: User, bob: User, teams: None) -> None:
    StatusChange.objects.create(user=alice, text="for the team", audience=team(alice))
    assert texts(logged_in(alice), issue(bob)) == []
    assert texts(logged_in(bob), issue(alice)) == ["for the team"]


@pytest.mark.parametrize(
    "header", [pytest.param(f"Bearer {new_secret()}", id="unknown"), "Bearer wrong", "Bearer", "bearer "]
)
def test_a_wrong_token_is_refused_and_never_taken_as_anonymous(alice: User, header: str) -> None:
    for client in (Client(), logged_in(alice)):
        response = client.get("/api/events/", headers={"Authorization": header})
        assert (response.status_code, response.json()["code"]) == (401, "bad_token")
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_another_scheme_is_left_alone(alice: User, teams: None) -> None:
    StatusChange.objects.create(user=alice, text="for the team", audience=team(alice))
    response = logged_in(alice).get("/api/events/", headers={"Authorization": "Basic YWxpY2U6c2VjcmV0"})
    assert response.json()["events"][0]["text"] == "for the team"


def test_a_revoked_token_reads_nothing_more(alice: User) -> None:
    secret = issue(alice)
    texts(Client(), secret)
    Token.objects.get().delete()
    assert Client().get("/api/events/", headers=bearer(secret)).status_code == 401


def test_a_token_without_the_scope_is_refused(alice: User) -> None:
    response = Client().get("/api/events/", headers=bearer(issue(alice, "post")))
    assert (response.status_code, response.json()["code"]) == (403, "missing_scope")
    assert "'read'" in response.json()["message"]


def test_no_cache_gives_the_response_to_another_client(alice: User) -> None:
    with_token = Client().get("/api/events/", headers=bearer(issue(alice)))
    assert "private" in with_token.headers["Cache-Control"]
    for response in (with_token, Client().get("/api/events/"), logged_in(alice).get("/api/events/")):
        assert "Authorization" in response.headers["Vary"]


def test_a_token_is_said_in_the_description_of_the_api() -> None:
    described = Client().get("/api/openapi.json").json()
    assert described["components"]["securitySchemes"] == {"ApiToken": {"type": "http", "scheme": "bearer"}}
    assert described["paths"]["/api/events/"]["get"]["security"] == [{"ApiToken": []}, {}]
    assert described["paths"]["/api/tickets/"]["post"]["security"] == [{"ApiToken": []}]


def test_a_wrong_token_counts_on_no_page(alice: User) -> None:
    """Pages are for sessions. They don't look at tokens at all."""
    assert Client().get("/profile/", headers=bearer(issue(alice))).status_code == 302


def post(secret: str | None = None, user: User | None = None, **extra: Any) -> HttpRequest:
    request = RequestFactory(enforce_csrf_checks=True).post(
        "/api/x/", headers=bearer(secret) if secret else {}, **extra
    )
    if user:
        request.user = user
    return request


def test_with_a_token_no_csrf_token_is_needed_and_with_a_session_it_is(alice: User, bob: User) -> None:
    request = post(issue(alice), user=bob)
    identify(request)
    assert request.user == alice
    with pytest.raises(Refusal) as caught:
        identify(post(user=bob))
    assert (caught.value.code, caught.value.close) == ("bad_csrf", 4403)


def test_an_anonymous_post_needs_none_because_nothing_can_be_forged_with_it() -> None:
    request = post()
    identify(request)
    assert token_of(request) is None


def test_a_scope_is_needed_of_tokens_and_not_of_sessions(alice: User) -> None:
    reading, session = post(issue(alice, "read")), RequestFactory().get("/api/x/")
    identify(reading)
    identify(session)
    need(reading, "read")
    need(session, "post")
    with pytest.raises(Refusal, match="'post'"):
        need(reading, "post")


def test_an_asynchronous_view_sees_the_same_user(alice: User) -> None:
    request = post(issue(alice))
    identify(request)
    assert async_to_sync(request.auser)() == alice


def test_a_token_costs_a_query_less_than_a_session(alice: User) -> None:
    secret = issue(alice)
    texts(Client(), secret)
    with CaptureQueriesContext(connection) as by_token:
        texts(Client(), secret)
    browser = logged_in(alice)
    with CaptureQueriesContext(connection) as by_session:
        texts(browser)
    assert len(by_token) == len(by_session) - 1
