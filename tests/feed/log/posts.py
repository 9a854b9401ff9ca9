"""Posts for the tests of the log."""

from django.contrib.auth.models import User

from feed import log
from feed.models import StatusChange


def post_texts(user: User, *texts: str) -> None:
    for text in texts:
        StatusChange.objects.create(user=user, text=text)


def texts_in_log(after: int = 0) -> list[str]:
    """Number the log. Returns the texts of the statuses changed after this position, in log order."""
    log.number()
    numbered = log.read(after, log.state().head)
    named = dict(StatusChange.objects.values_list("pk", "text"))
    return [named[change.event_id] for change in numbered if change.event_id in named]
