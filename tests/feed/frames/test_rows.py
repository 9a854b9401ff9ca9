"""Events as rows of HTML."""

import pytest
from django.contrib.auth.models import User

from feed.frames.formats import FORMATS
from feed.models import Comment, Event, StatusChange
from tests.support.kinds import Deploy

pytestmark = pytest.mark.django_db


def test_a_kind_without_a_template_shows_its_summary(alice: User) -> None:
    row = FORMATS["html"].event(Deploy.objects.create(user=alice, service="<b>web</b>"))
    assert "deploy, service &lt;b&gt;web&lt;/b&gt;" in row


@pytest.mark.parametrize("kind", ["status_change", "comment", "welcome", "deploy"])
def test_every_row_is_one_article_with_the_id_of_its_event(alice: User, kind: str) -> None:
    status = StatusChange.objects.create(user=alice, text="Hello")
    Comment.objects.create(user=alice, thread=status, text="Hi!")
    Deploy.objects.create(user=alice, service="web")
    event = Event.objects.get(kind=kind)
    row = FORMATS["html"].event(event).strip()
    assert row.startswith("<article")
    assert row.endswith("</article>")
    assert f'id="event-{event.pk}"' in row.partition(">")[0]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<hx-partial hx-target=body>", '"><img src=x onerror=alert(1)>']
)
def test_the_text_of_a_user_is_escaped(alice: User, text: str) -> None:
    row = FORMATS["html"].event(StatusChange.objects.create(user=alice, text=text))
    assert text not in row
    assert not any(tag in row for tag in ("<script", "<hx-", "<img"))
