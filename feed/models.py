"""The kinds of events that every feed has, and the tables of the log."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models.functions import Now

from feed.conf import conf
from feed.event import Event
from feed.handler_tables import HandlerCursor, SetAside, Webhook
from feed.hub_table import HubReport
from feed.log.tables import Change, Log
from feed.mirror_table import Mirror
from feed.paths import is_of_the_web
from feed.presence.table import Presence
from feed.tokens.table import Token
from feed.tokens.tickets import Ticket

__all__ = [
    "Activity",
    "Change",
    "Comment",
    "Event",
    "HandlerCursor",
    "HubReport",
    "Log",
    "Mirror",
    "Posted",
    "Presence",
    "Reaction",
    "SetAside",
    "StatusChange",
    "Ticket",
    "Token",
    "Webhook",
]

TEXT_LENGTH = 2000
KEY_LENGTH = 100


class StatusChange(Event):
    """A text that somebody posts."""

    is_postable = True

    text = models.TextField(validators=[MaxLengthValidator(TEXT_LENGTH)])

    class Meta:
        verbose_name = "post"

    def __str__(self) -> str:
        return f"{self.author_name}: {self.text}"


class Comment(Event):
    """A text about an event. A comment on a comment is a reply: it belongs to the same thread."""

    is_postable = True
    thread_names = ("thread", "reply_to")

    text = models.TextField(validators=[MaxLengthValidator(TEXT_LENGTH)])
    thread = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="comments", db_index=False)
    """What it is about. Given a comment, saving sets this to the thread of that, and `reply_to` to the comment."""
    # Outlives the event that it names, so that deleting a comment changes no other event.
    reply_to = models.ForeignKey(
        Event,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        editable=False,
        db_constraint=False,
        db_index=False,
    )

    class Meta:
        indexes = [
            models.Index(fields=["thread", "event_ptr"], name="feed_comment_thread"),
            # Without the many that reply to none: counted with them, SQLite takes the index to be of no use.
            models.Index(
                fields=["reply_to", "event_ptr"],
                condition=models.Q(reply_to__isnull=False),
                name="feed_comment_reply",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_name} on #{self.thread_id}: {self.text}"

    @property
    def fold(self) -> str:
        return f"thread:{self.thread_id}"


class Reaction(Event):
    """A sign, such as a thumb, that somebody puts to an event."""

    is_postable = True
    is_editable = False
    """Another sign is another reaction. Whether it is there already can be told only while what it is about is locked,
    as it is for a new one. Otherwise two edits at once would give it twice, and a user could do that without end."""
    is_quiet = True
    thread_names = ("thread", "about")
    answers = ("about",)

    about = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="reactions")
    thread = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+", editable=False)
    """The thread of the event: that event itself, or what it is a comment on."""
    emoji = models.CharField(max_length=16)

    def __str__(self) -> str:
        return f"{self.author_name} on #{self.about_id}: {self.emoji}"

    def clean(self) -> None:
        super().clean()
        if self.emoji not in conf.FEED_REACTIONS:
            raise ValidationError({"emoji": f"There is no reaction {self.emoji!r}."})
        same = Reaction.rows.filter(user=self.user_id, about=self.about_id, emoji=self.emoji)
        if same.exclude(pk=self.pk).exists():
            raise ValidationError("This reaction is there already.", code="unique")

    @property
    def fold(self) -> str:
        return f"reaction:{self.about_id}"

    def _mark(self) -> set[str]:
        self.thread_id = self.about_id
        return super()._mark()


class Activity(Event):
    """An event about an object of any model; see `feed.publishing`."""

    verb = models.CharField(max_length=100)
    """What happened, such as `order_placed`."""
    about = models.JSONField(null=True, blank=True)
    """The object: its `label`, `key`, `url` and `text`, which outlive it."""
    data = models.JSONField(default=dict, blank=True)
    key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    """The publisher's name for this event. Publishing with the same key again changes the event."""

    class Meta:
        verbose_name_plural = "activities"

    def __str__(self) -> str:
        happened = f"{self.author_name}: {self.deed}"
        return f"{happened}, {self.about['text']}" if self.about else happened

    @property
    def link(self) -> str | None:
        """The page of the object. A copy has it from its source."""
        url = self.about and self.about["url"]
        return url if url and is_of_the_web(url) else None

    @property
    def deed(self) -> str:
        """The verb as people write it."""
        return self.verb.replace("_", " ")


class Posted(models.Model):
    """An idempotency key that a user has posted with; see `feed.idempotency`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LENGTH)
    digest = models.CharField(max_length=64)
    # Not a foreign key, because a key outlives its event.
    event_id = models.BigIntegerField(null=True)
    answer = models.TextField(null=True)  # noqa: DJ001 (NULL, because the page has no answer to keep)
    """The event as JSON, as the API has answered. None for a post by a form."""
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "posted"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="feed_posted_once")]
        indexes = [models.Index(fields=["user", "id"], name="feed_posted_newest")]

    def __str__(self) -> str:
        return f"{self.key}: event {self.event_id}"
