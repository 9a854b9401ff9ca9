"""The examples of docs/embedding.md and docs/kinds.md, as they stand there, in a project with other people's models."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.adopters.test_embedding import Project, project, step  # noqa: F401 (a fixture)
from tests.support.databases import ROOT

KINDS = (ROOT / "docs" / "kinds.md").read_text()

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
def shop(project: Project) -> Project:  # noqa: F811
    """A project with the feed, and with models that aren't its own."""
    with (project.folder / "shop" / "settings.py").open("a") as settings:
        apps = ["feed", "django.contrib.sites", "django.contrib.flatpages"]
        settings.write(f"\nSITE_ID = 1\nINSTALLED_APPS += {apps}\n")
    write(project, "apps.py", step("In `orders/apps.py`:"))
    deploy = step("To make a kind of event, subclass `feed.models.Event` in any app:", KINDS)
    placed = step("events, name the relations:", KINDS)
    write(project, "models.py", [*deploy, PRODUCTS, *placed])
    project.python("manage.py", "makemigrations", "orders")
    project.python("manage.py", "migrate")
    return project


def write(project: Project, name: str, lines: list[str]) -> None:  # noqa: F811
    Path(project.folder, "orders", name).write_text("\n".join(lines))


def shell(project: Project, *parts: str) -> Any:  # noqa: F811
    output = project.python("manage.py", "shell", "--verbosity", "0", "--command", "\n".join([ALICE, *parts]))
    return json.loads(output)


def test_events_about_groups_are_published_and_withdrawn(shop: Project) -> None:
    example = "\n".join(step("instead, from a view, a task or a shell:"))
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
    insert = "\n".join(step("## Save many events at once", KINDS))
    show = "import json\nprint(json.dumps([str(each) for each in Deploy.objects.order_by('pk')]))"
    assert shell(shop, insert, show) == ["alice deployed web", "alice deployed worker"]
    place = "product = Product.objects.create(brand=Brand.objects.create(name='Acme'))"
    placed = f"{place}\nOrderPlaced.objects.create(user=alice, product=product)"
    loaded = "import json\nfrom feed.models import Event\n(event,) = Event.objects.filter(kind='order_placed')"
    cached = "print(json.dumps([event.product._state.fields_cache['brand'].name]))"
    assert shell(shop, placed, loaded, cached) == ["Acme"]
