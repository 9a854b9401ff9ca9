"""Kinds with a GenericForeignKey, which can be about an object of any model."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client

from feed.checks import kinds_leave_public_fields_alone
from feed.frames.formats import FORMATS
from feed.models import Event
from tests.support.odd_kinds import new_kind, tables, using_kinds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def review(db: None) -> Iterator[Any]:
    """A kind about any object. Its key to a content type isn't checked, as in databases without constraints."""
    unchecked = models.ForeignKey(ContentType, models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    fields = {"content_type": unchecked, "object_id": models.CharField(max_length=36, null=True)}
    about = GenericForeignKey("content_type", "object_id")
    kind = new_kind("Review", stars=models.IntegerField(default=5), **fields, about=about)
    with using_kinds(kind), tables(kind):
        yield kind


@pytest.fixture
def editors(db: None) -> Group:
    return Group.objects.create(name="editors")


def as_json(event: Event) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(FORMATS["json"].event(event))
    return decoded


def test_json_has_a_reference_instead_of_its_two_fields(review: Any, editors: Group, alice: User) -> None:
    described = as_json(review.objects.create(user=alice, about=editors))
    assert described["about"] == {"label": "auth.group", "key": str(editors.pk)}
    assert described["stars"] == 5
    assert not {"content_type", "object_id"} & described.keys()


def test_an_empty_reference_is_null(review: Any) -> None:
    assert as_json(review.objects.create())["about"] is None


def test_the_reference_outlives_its_object(review: Any, editors: Group, client: Client) -> None:
    key = str(editors.pk)
    review.objects.create(about=editors)
    editors.delete()
    (event,) = client.get("/api/events/").json()["events"]
    assert event["about"] == {"label": "auth.group", "key": key}


def test_a_reference_whose_content_type_is_deleted_keeps_its_key(review: Any, client: Client) -> None:
    gone = ContentType.objects.create(app_label="shop", model="order")
    review.objects.create(content_type=gone, object_id="5")
    review.objects.create(content_type=gone, object_id="6")
    ContentType.objects.filter(pk=gone.pk).delete()
    ContentType.objects.clear_cache()
    events = client.get("/api/events/").json()["events"]
    assert [event["about"] for event in events] == [{"label": None, "key": "6"}, {"label": None, "key": "5"}]


def test_a_model_that_no_app_has_any_more_is_still_named(review: Any) -> None:
    removed = ContentType.objects.create(app_label="shop", model="order")
    assert as_json(review.objects.create(content_type=removed, object_id="5"))["about"] == {
        "label": "shop.order",
        "key": "5",
    }


def test_describing_takes_no_query(review: Any, editors: Group, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        review.objects.create(about=editors)
    events = list(review.rows.with_users())
    as_json(events[0])
    with django_assert_num_queries(0):
        assert all(as_json(event)["about"] for event in events)


def test_a_reference_with_the_name_of_a_public_field_is_an_error() -> None:
    fields = {
        "content_type": models.ForeignKey(ContentType, models.CASCADE, related_name="+"),
        "object_id": models.CharField(max_length=36),
    }
    kind = new_kind("Pointer", **fields, url=GenericForeignKey("content_type", "object_id"))
    with using_kinds(kind):
        (error,) = kinds_leave_public_fields_alone(None)
    assert (error.id, "'url'" in error.msg) == ("feed.E002", True)
