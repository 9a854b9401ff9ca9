"""Staff make webhooks in the admin."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from feed.handler_tables import HandlerCursor, Webhook

pytestmark = pytest.mark.django_db

FORM = {"url": "https://example.com/hook", "streams": "kind:deploy  user:alice", "secret": "whsec_" + "a2V5" * 8}
ADD = "/admin/feed/webhook/add/"


def errors(client: Client, **fields: str) -> list[str]:
    answer = client.post(ADD, FORM | {"is_active": "on"} | fields)
    assert answer.status_code == 200
    return [str(error) for each in answer.context["adminform"].form.errors.values() for error in each]


def test_a_webhook_is_made_with_a_secret_of_its_own(admin_client: Client) -> None:
    page = admin_client.get(ADD).content.decode()
    assert "whsec_" in page
    assert admin_client.post(ADD, FORM | {"is_active": "on"}).status_code == 302
    webhook = Webhook.objects.get()
    assert webhook.streams == "kind:deploy user:alice"
    assert HandlerCursor.objects.get().name == f"webhook:{webhook.pk}"
    assert b"https://example.com/hook" in admin_client.get("/admin/feed/webhook/").content


def test_staff_who_may_only_view_webhooks_do_not_see_the_secret(alice: User, as_alice: Client) -> None:
    webhook = Webhook.objects.create(url="https://example.com/hook")
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.user_permissions.add(Permission.objects.get(codename="view_webhook"))
    page = as_alice.get(f"/admin/feed/webhook/{webhook.pk}/change/").content.decode()
    assert webhook.url in page
    assert webhook.secret not in page


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"url": "http://example.com/"}, "Must be like https://"),
        ({"url": "https://user:password@example.com/"}, "Must be like https://"),
        ({"streams": "kinds:deploy"}, "There is no stream 'kinds:deploy'."),
        ({"streams": "public home"}, "another for each user"),
        ({"secret": "whsec_"}, "Must be like whsec_"),
        ({"secret": "whsec_ä"}, "Must be like whsec_"),
    ],
)
def test_a_wrong_field_is_explained(admin_client: Client, fields: dict[str, str], message: str) -> None:
    assert message in " ".join(errors(admin_client, **fields))
    assert not Webhook.objects.exists()
