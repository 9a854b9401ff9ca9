"""The state of a copy. Its cursor moves in the transaction of the events, so a crash undoes both or neither."""

from collections.abc import Sequence

from django.db import transaction

from feed.mirror import writing
from feed.mirror.events import Json
from feed.mirror.source import Page
from feed.mirror_table import Mirror
from feed.models import Event


class NotPossible(Exception):
    """This database can't be a copy of that feed."""


class Overtaken(Exception):
    """Another process has changed the cursor of this copy."""


class Gap(Exception):
    """A frame doesn't begin where the copy is."""


def begun(url: str, streams: Sequence[str], *, anew: bool) -> Mirror:
    """The state of the copy. A new copy begins here, and so does one that is to be read anew.

    Raises NotPossible if this database holds something else.
    """
    with transaction.atomic():
        mirror = _locked()
        if mirror is None:
            return _new(url, streams)
        if anew:
            mirror.url, mirror.streams, mirror.log, mirror.position = url, list(streams), "", None
            mirror.save()
        elif (mirror.url, mirror.streams) != (url, list(streams)):
            held = f"{mirror.url} ({', '.join(mirror.streams) or 'public'})"
            raise NotPossible(f"This database is a copy of {held}. Use another one; or --anew, to replace the copy.")
    return mirror


def _new(url: str, streams: Sequence[str]) -> Mirror:
    if Event.rows.exists():
        raise NotPossible("This database has events of its own. Use a new one: a copy keeps the ids of its source.")
    writing.reserve_ids()
    return Mirror.objects.create(pk=1, url=url, streams=list(streams))


def _locked() -> Mirror | None:
    return Mirror.objects.select_for_update().filter(pk=1).first()


def apply_page(mirror: Mirror, page: Page) -> None:
    """Make the copy hold exactly these events in the page's interval of ids."""
    _check_ids(page.events)
    with transaction.atomic():
        _still(mirror)
        writing.delete_between(page.low, page.high, [event["id"] for event in page.events])
        writing.write(mirror.url, page.events)


def apply_frame(mirror: Mirror, frame: Json) -> None:
    """Apply the changes of a frame, and move the cursor. Raises Gap if the frame doesn't begin at the cursor."""
    if (frame["log"], frame["after"]) != (mirror.log, mirror.position):
        raise Gap(f"A frame begins after {frame['after']}, but the copy is at {mirror.position}.")
    events = [change["event"] for change in frame["changes"]]
    _check_ids(events)
    if frame["position"] != mirror.position:  # no heartbeat
        with transaction.atomic():
            _still(mirror)
            # First, because what is new may need what these hold, such as a key.
            writing.delete([each["event"]["id"] for each in frame["changes"] if each["action"] == "deleted"])
            writing.write(mirror.url, [each["event"] for each in frame["changes"] if each["action"] != "deleted"])
            Mirror.objects.filter(pk=mirror.pk).update(position=frame["position"])
        mirror.position = frame["position"]  # only now that it is committed


def move(mirror: Mirror, log: str, position: int | None) -> None:
    """Set the cursor. Raises Overtaken."""
    with transaction.atomic():
        _still(mirror)
        Mirror.objects.filter(pk=mirror.pk).update(log=log, position=position)
    mirror.log, mirror.position = log, position


def _still(mirror: Mirror) -> None:
    """Lock the cursor. Raises Overtaken if it isn't where this process left it."""
    now = _locked()
    if now is None or (now.url, now.log, now.position) != (mirror.url, mirror.log, mirror.position):
        raise Overtaken("Another process mirrors into this database. Let one of them run.")


def _check_ids(events: Sequence[Json]) -> None:
    if any(event["id"] >= writing.FIRST_OWN_ID for event in events):
        raise NotPossible("The source has events that were posted in a copy. Mirror the feed that it is a copy of.")
