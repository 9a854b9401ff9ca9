"""What `manage.py mirror` does before it copies anything. tests/test_mirror.py runs it between real servers."""

import pytest
from django.core.management import CommandError, call_command

from feed.mirror import copying
from feed.mirror_table import Mirror
from tests.feed.mirror.conftest import URL
from tests.support.processes import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_ids")]


def nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}/"


def test_a_copy_is_not_replaced_by_one_of_a_site_that_does_not_answer() -> None:
    copying.move(copying.begun(URL, [], anew=False), "k3x9", 41)
    with pytest.raises(CommandError, match="can't be read"):
        call_command("mirror", nowhere(), "--anew")
    assert Mirror.objects.values_list("url", "log", "position").get() == (URL, "k3x9", 41)


def test_a_wrong_url_makes_no_copy() -> None:
    with pytest.raises(CommandError, match="can't be read"):
        call_command("mirror", nowhere())
    assert not Mirror.objects.exists()
