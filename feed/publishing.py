"""Publishes events about objects of any model, as events of the kind `Activity`.

    publish("order_placed", actor=order.placed_by, about=order, data={"total": "9.90"}, key=f"order-{order.pk}")
    withdraw(f"order-{order.pk}")

Everything happens in the caller's transaction, and is rolled back with it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models, router, transaction
from django.utils.text import capfirst

from feed import log, streams
from feed.kinds.guard import attempt
from feed.log.tables import PUBLIC
from feed.models import Activity
from feed.paths import is_of_the_web
from feed.querysets import lock

CONTENT = ("user_id", "verb", "about", "audience", "data")
"""What publishing with the same key again can change."""
MAX_TEXT, MAX_URL = 500, 2000
"""Characters that are kept of an object's text, and of its URL."""


def publish(
    verb: str,
    *,
    actor: Any = None,
    about: models.Model | None = None,
    audience: str = PUBLIC,
    data: Mapping[str, Any] | None = None,
    key: str | None = None,
) -> Activity:
    """Record that something happened. Returns the event.

    verb: what happened, in snake case.
    actor: the user who did it. None, or a user who isn't logged in: nobody that the site knows.
    about: an object of any model. Its label, key, URL and text are kept, and outlive it.
    data: anything that JSON can hold, and what Django writes as JSON: decimals, times, UUIDs.
    key: the caller's name for this event. The same key again changes the event. If nothing is different, nothing is
        recorded. Without a key each call makes a new event.
    Raises ValueError if one of these can't be published.
    """
    wanted = Activity(
        verb=_checked_verb(verb),
        user=_checked_actor(actor),
        about=None if about is None else reference(about),
        audience=_checked_audience(audience),
        data=as_json(data or {}),
        key=None if key is None else checked_key(key),
    )
    using = router.db_for_write(Activity)
    with transaction.atomic(using=using):
        if key is None:
            wanted.save(using=using)
            return wanted
        return _publish_once(wanted, using)


def withdraw(key: str) -> bool:
    """Delete the event that was published with this key. Returns whether there was one."""
    using = router.db_for_write(Activity)
    with transaction.atomic(using=using):
        found = _locked(checked_key(key), using)
        # It may be on its way already: deleted with its user, whose deletion is why this is called.
        if found is None or log.is_waiting("deleted", found.pk, using):
            return False
        return found.delete()[0] > 0


def _publish_once(wanted: Activity, using: str) -> Activity:
    """Change the event that has the key, or insert it."""
    assert wanted.key is not None
    if found := _locked(wanted.key, using):
        return _change(found, wanted)
    wanted.save(using=using)
    return wanted


def _take_turns(key: str, using: str) -> None:
    """Let all who publish or withdraw with one key go one after the other. SQLite has one writer at a time anyway."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"feed.publish {key}"])


def _locked(key: str, using: str) -> Activity | None:
    """The event with this key. Locked by its root row, as every writer does, and read only then: the writer that held
    the lock may have changed it."""
    _take_turns(key, using)
    events = Activity.rows.using(using).filter(key=key)
    pk = events.values_list("pk", flat=True).first()
    if pk is None or not lock([pk], using):
        return None
    return events.filter(pk=pk).first()


def _change(found: Activity, wanted: Activity) -> Activity:
    if any(getattr(found, name) != getattr(wanted, name) for name in CONTENT):
        for name in CONTENT:
            setattr(found, name, getattr(wanted, name))
        found.user = wanted.user  # which is loaded
        found.save()
    return found


def reference(about: models.Model) -> dict[str, str | None]:
    """What is kept of an object. Its own methods may fail, which must not fail the event."""
    if about.pk is None:
        raise ValueError(f"This {about._meta.verbose_name} has no key. Save it before you publish an event about it.")
    label = label_of(type(about))
    url = attempt("find the URL of an object for", label, lambda: _url_of(about), lambda: None)
    text = attempt("name an object for", label, lambda: _text_of(about), lambda: _plain_text_of(about))
    return {"label": label, "key": _storable(str(about.pk)), "url": url, "text": text}


def label_of(model: type[models.Model]) -> str:
    """The label of the model, such as `shop.order`. A proxy has that of its model."""
    return model._meta.concrete_model._meta.label_lower  # type: ignore[union-attr]


def _url_of(about: Any) -> str | None:
    """The object's page. An object may take its URL from its author."""
    if not hasattr(about, "get_absolute_url"):
        return None
    url = str(about.get_absolute_url())
    return url if is_of_the_web(url) and len(url) <= MAX_URL else None


def _text_of(about: models.Model) -> str:
    if type(about).__str__ is models.Model.__str__:  # it would be "Order object (17)"
        return _plain_text_of(about)
    return _storable(str(about))[:MAX_TEXT]


def _plain_text_of(about: models.Model) -> str:
    return _storable(f"{capfirst(str(about._meta.verbose_name))} {about.pk}")[:MAX_TEXT]


def _storable(text: str) -> str:
    """The text without what PostgreSQL's JSON can't hold."""
    return text.encode(errors="replace").decode().replace("\0", "")


def as_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as it comes back from the database. Raises ValueError if JSON can't hold it."""
    if not isinstance(data, Mapping):
        raise ValueError(f"data must be a dict, not {type(data).__name__}.")
    try:
        text = json.dumps(dict(data), cls=DjangoJSONEncoder, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"data must be what JSON can hold: {error}") from error
    if r"\u0000" in text.replace(r"\\", ""):
        raise ValueError("data must be what JSON can hold in PostgreSQL: no text may contain the character NUL.")
    return json.loads(text)  # type: ignore[no-any-return]


def _checked_verb(verb: str) -> str:
    if isinstance(verb, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,99}", verb):
        return verb
    raise ValueError(
        f"A verb has 1 to 100 lowercase letters, digits and underscores, such as 'order_placed', not {verb!r}."
    )


def _checked_actor(actor: Any) -> Any:
    if getattr(actor, "is_anonymous", False):
        return None
    if actor is not None and getattr(actor, "pk", actor) is None:
        raise ValueError("The actor has no key. Save the user before you publish what they did.")
    return actor


def _checked_audience(audience: str) -> str:
    _checked_text(audience, "An audience", "such as 'public'")
    try:
        streams.validate(audience)
    except ValidationError as error:
        raise ValueError(error.message) from None
    return audience


def checked_key(key: str) -> str:
    """Raises ValueError if an event can't have this key."""
    return _checked_text(key, "A key", "such as 'order-17'")


def _checked_text(text: str, what: str, example: str) -> str:
    if isinstance(text, str) and 0 < len(text) <= 200 and text == _storable(text):
        return text
    raise ValueError(f"{what} is a text of 1 to 200 characters, {example}, not {text!r:.100}.")
