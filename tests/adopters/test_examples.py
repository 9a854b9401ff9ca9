"""The examples of docs/publishing.md and docs/kinds.md, as they stand, in a project with other people's models."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.adopters.installed import INTERPRETERS, Project
from tests.adopters.steps import block, document

KINDS, PUBLISHING = document("kinds.md"), document("publishing.md")

PRODUCTS = """
from django.db import models
from feed.models import Event

class Brand(models.Model):
    name = models.CharField(max_length=10)

class Product(models.Model):
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE)
"""
ALICE = """
from django.contrib.auth.models import User
from orders.models import *
alice, _ = User.objects.get_or_create(username="alice")
"""
SHOW = """
import json
from feed.models import Activity
events = Activity.objects.order_by("pk")
print(json.dumps([[str(each), each.audience, each.about and each.about["url"], each.data] for each in events]))
"""


@pytest.fixture
def shop(packages: Path, tmp_path: Path) -> Project:
    """A project with the feed, and with models that aren't its own."""
    project = Project(tmp_path, packages, INTERPRETERS["5.2"], DJANGO_SETTINGS_MODULE="shop.settings")
    project.run("django-admin", "startproject", "shop", ".")
    project.python("manage.py", "startapp", "orders")
    with (tmp_path / "shop" / "settings.py").open("a") as settings:
        apps = ["feed", "orders", "django.contrib.sites", "django.contrib.flatpages"]
        settings.write(f"\nSITE_ID = 1\nINSTALLED_APPS += {apps}\n")
    orders = tmp_path / "orders"
    (orders / "apps.py").write_text(block("In `orders/apps.py`:", PUBLISHING))
    deploy = block("To make a kind of event, subclass `feed.models.Event` in any app:", KINDS)
    (orders / "models.py").write_text(deploy + PRODUCTS + block("events, name the relations:", KINDS))
    project.python("manage.py", "makemigrations", "orders")
    project.python("manage.py", "migrate")
    return project


def shell(project: Project, *parts: str) -> Any:
    return json.loads(project.shell("\n".join([ALICE, *parts])))


def test_events_about_groups_are_published_and_withdrawn(shop: Project) -> None:
    example = block("instead, from a view, a task or a shell:", PUBLISHING)
    assert shell(shop, example, SHOW) == [["alice: group opened, Editors", "public", None, {"seats": 5}]]
    again = 'from feed import publish, withdraw\nkey="group-1"\npublish("group_closed", key=key)'
    assert shell(shop, again, SHOW) == [["System: group closed", "public", None, {}]]
    assert shell(shop, 'from feed import withdraw\nassert withdraw("group-1")', SHOW) == []


def test_flat_pages_and_log_ins_are_tracked(shop: Project) -> None:
    page = "from django.contrib.flatpages.models import FlatPage\n"
    made = 'FlatPage.objects.create(url="/about/", title="About us", content="A shop.")\n'
    events = shell(shop, page + 'FlatPage.objects.create(url="/draft/", title="Draft")\n' + made, SHOW)
    assert events == [["System: page written, /about/ -- About us", "public", "/about/", {"title": "About us"}]]
    login = "from django.test import Client\nClient().force_login(alice)\nFlatPage.objects.all().delete()"
    assert shell(shop, page + login, SHOW) == [["alice: logged in", "only:alice", None, {}]]


def test_the_examples_of_kinds_work(shop: Project) -> None:
    assert "no issues" in shop.python("manage.py", "check", "--tag", "models")
    insert = block("## Save many events at once", KINDS)
    show = "import json\nprint(json.dumps([str(each) for each in Deploy.objects.order_by('pk')]))"
    assert shell(shop, insert, show) == ["alice deployed web", "alice deployed worker"]
    place = "product = Product.objects.create(brand=Brand.objects.create(name='Acme'))"
    placed = f"{place}\nOrderPlaced.objects.create(user=alice, product=product)"
    loaded = "import json\nfrom feed.models import Event\n(event,) = Event.objects.filter(kind='order_placed')"
    cached = "print(json.dumps([event.product._state.fields_cache['brand'].name]))"
    assert shell(shop, placed, loaded, cached) == ["Acme"]
