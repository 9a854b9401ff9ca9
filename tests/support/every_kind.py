"""An event of each kind, those of the tests included."""

from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import Permission, User

from feed.models import Comment, Event, Reaction, StatusChange
from feed.publishing import publish
from profiles.models import Follow, ProfileChange, ReadPosition, Report
from tests.support.kinds import Announcement, Deploy, Grant, Shout, Slogan, Temperature


def one_of_each(alice: User, bob: User) -> list[Event]:
    """Events of all kinds, some of which are edited, nobody's, or replies. Alice and bob bring their welcomes."""
    hello = StatusChange.objects.create(user=alice, text='Hello "you" \u2028')
    comment = Comment.objects.create(user=bob, thread=hello, text="Hi!")
    Comment.objects.create(user=alice, thread=comment, text="And you?")
    Reaction.objects.create(user=bob, about=comment, emoji="🎉")
    publish("order_placed", actor=bob, about=alice, data={"total": Decimal("9.90")}, key="order-1")
    Follow.objects.create(user=bob, followed=alice)
    ProfileChange.objects.create(user=alice)
    ReadPosition.objects.create(user=alice, position=7)
    Report.objects.create(user=bob, about=hello, reason="Loud", said="Hello")
    Deploy.objects.create(service="web", took=timedelta(days=1, seconds=1.5), cost=Decimal("1.50"), details={"a": [1]})
    Announcement.objects.create(user=alice, text="Soon", until=date(2030, 1, 1))
    Shout.objects.create(user=alice, text="HELLO")
    Slogan.objects.create(text="Slogan", shown_at=None)
    Temperature.objects.create(user=alice, value=21.5)
    Grant.objects.create(user=alice, permission=Permission.objects.all()[0])
    Event.objects.create(user=alice)
    hello.text = "Hello, edited"
    hello.save()
    events = list(Event.objects.with_users().order_by("pk"))
    assert {event.kind for event in events} == {*Event.kinds()}
    return events
