"""The example of docs/handlers.md, as it stands."""

import pytest
from django.contrib.auth.models import User

from feed.handlers import catch_up, registry
from feed.models import StatusChange
from tests.adopters.steps import block, document
from tests.feed.handlers.conftest import Make
from tests.support.kinds import Deploy

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_example_announces_each_deploy_once(make: Make, alice: User) -> None:
    example = block("In `orders/handlers.py`, which Django finds by itself:", document("handlers.md"))
    exec(example, {"__name__": "orders.handlers"})  # noqa: S102 (the document is ours)
    handler = registry.HANDLERS["orders.handlers.announce"]
    catch_up(handler)
    Deploy.objects.create(user=alice, service="web")
    catch_up(handler)
    catch_up(handler)
    assert [status.text for status in StatusChange.objects.all()] == ["web was deployed"]
