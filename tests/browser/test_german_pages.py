"""Live pages of a German site, which would write 1.234 for an id, read each number of a row, a cursor and a page."""

import pytest

from tests.browser.test_live_pages import (
    test_a_page_with_an_expired_cursor_reloads_its_events,
    test_bob_gets_a_notice_of_new_posts_and_keeps_his_place_when_he_has_scrolled_down,
    test_bob_sees_alices_posts_edits_and_deletions_without_reloading,
    test_comments_appear_live_on_the_page_of_their_thread,
    test_scrolling_down_loads_older_events,
)

pytestmark = pytest.mark.parametrize(
    "one_server",
    [{"DJANGO_SETTINGS_MODULE": "tests.support.german_settings"}],
    ids=["German"],
    indirect=True,
    scope="module",
)

__all__ = [
    "test_a_page_with_an_expired_cursor_reloads_its_events",
    "test_bob_gets_a_notice_of_new_posts_and_keeps_his_place_when_he_has_scrolled_down",
    "test_bob_sees_alices_posts_edits_and_deletions_without_reloading",
    "test_comments_appear_live_on_the_page_of_their_thread",
    "test_scrolling_down_loads_older_events",
]
