"""From a page to the log-in, on to the sign-up, and back to the page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feed.models import StatusChange

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


def sign_up(client: Client, wanted: str) -> str:
    fields = {"username": "carol", "password1": PASSWORD, "password2": PASSWORD, "next": wanted}
    return client.post("/accounts/signup/", fields).headers["Location"]


def test_carol_returns_to_the_thread_from_which_she_signed_up(client: Client, hello: StatusChange) -> None:
    thread = hello.get_absolute_url()
    query = f"?next={thread}"
    assert f'href="/accounts/signup/{query}"' in client.get(thread).content.decode()
    assert f'href="/accounts/signup/{query}"' in client.get(f"/accounts/login/{query}").content.decode()
    page = client.get(f"/accounts/signup/{query}").content.decode()
    assert f'name="next" value="{thread}"' in page
    assert f'href="/accounts/login/{query}"' in page
    assert sign_up(client, thread) == thread
    assert User.objects.filter(username="carol").exists()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/accounts/signup/", ""]
)
def test_next_leads_to_no_other_site_and_not_back(client: Client, wanted: str) -> None:
    assert sign_up(client, wanted) == "/"


def test_next_that_is_one_word_breaks_nothing(client: Client) -> None:
    assert sign_up(client, "nowhere") == "nowhere"
