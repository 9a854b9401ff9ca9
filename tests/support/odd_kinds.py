"""Kinds of events with an error: in a field, a name, a link or a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, models

from feed.models import Event

BAD = "bad"


class Brittle(models.CharField):  # type: ignore[type-arg]
    """A field that can't be loaded if its value is "bad"."""

    def from_db_value(self, value: str, *args: Any) -> str:
        if value == BAD:
            raise ValueError("This value can't be read.")
        return value


def new_kind(name: str, **attributes: Any) -> Any:
    """Define a kind. `using_kinds` removes it again."""
    meta = type("Meta", (), {"app_label": "feed"})
    return type(name, (Event,), {"__module__": __name__, "Meta": meta, **attributes})


def fail(self: Event) -> str:
    raise ZeroDivisionError


def odd_kinds() -> SimpleNamespace:
    text = {"text": models.CharField(max_length=10, default="odd")}
    return SimpleNamespace(
        unreadable=new_kind("Unreadable", value=Brittle(max_length=10, default=BAD)),
        unnamed=new_kind("Unnamed", **text, __str__=fail),
        unlinked=new_kind("Unlinked", text=models.CharField(max_length=10, default="odd"), get_absolute_url=fail),
        unencodable=new_kind("Unencodable", details=models.JSONField(default=lambda: ["\ud83d"])),
        keyed=new_kind("Keyed", code=models.CharField(max_length=10, primary_key=True, default="x1")),
        astray=new_kind("Astray", thread=models.ForeignKey(User, models.CASCADE, null=True, related_name="+")),
    )


@contextmanager
def tables(*kinds: Any) -> Iterator[None]:
    with connection.schema_editor() as editor:
        for kind in kinds:
            editor.create_model(kind)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            for kind in kinds:
                editor.delete_model(kind)


@contextmanager
def using_kinds(*kinds: Any) -> Iterator[None]:
    """Remove the kinds at the end."""
    try:
        yield
    finally:
        for kind in kinds:
            del apps.all_models["feed"][kind._meta.model_name]
        apps.clear_cache()
