"""The savepoint around the code of a kind, in a transaction that is open already."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from feed.kinds.guard import lazy_savepoint

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def queries(alice: User) -> Iterator[CaptureQueriesContext]:
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        yield captured


def test_code_without_a_query_makes_no_savepoint(queries: CaptureQueriesContext) -> None:
    with lazy_savepoint(connection):
        pass
    assert len(queries) == 0


def test_code_that_succeeds_keeps_what_it_wrote(alice: User, queries: CaptureQueriesContext) -> None:
    with lazy_savepoint(connection), lazy_savepoint(connection):
        User.objects.update(last_name="A")
        User.objects.update(first_name="Alice")
    assert sum(query["sql"].startswith("SAVEPOINT") for query in queries) == 2, "One for each, however many queries."
    assert User.objects.get().get_full_name() == "Alice A"


def test_code_that_fails_leaves_the_transaction_as_it_was(alice: User, queries: CaptureQueriesContext) -> None:
    User.objects.update(first_name="Alice")
    with lazy_savepoint(connection):
        with pytest.raises(IntegrityError), lazy_savepoint(connection):
            User.objects.update(last_name="A")
            User.objects.create(username="alice")
        assert User.objects.get().get_full_name() == "Alice", "The transaction goes on."
    assert not connection.needs_rollback
