"""A project that has an app named `feed` already."""

from pathlib import Path

import pytest

from tests.adopters.projects import BASE, run, write_project

NEWS = {"shop/__init__.py": "", "shop/feed/__init__.py": "", "shop/feed/models.py": ""}
RELABELLED = {
    "shop/feed/apps.py": """
        from django.apps import AppConfig

        class NewsConfig(AppConfig):
            name = "shop.feed"
            label = "shop_feed_app"
    """
}
NAMED_OTHERWISE = {
    "news/__init__.py": "",
    "news/apps.py": """
        from django.apps import AppConfig

        class NewsConfig(AppConfig):
            name = "news"
            label = "feed"
    """,
}


def start(folder: Path, apps: tuple[str, ...], files: dict[str, str]) -> str:
    """What the start of the project reports last, or nothing."""
    done = run(folder, write_project(folder, (*BASE, *apps), files), "-c", "import django; django.setup()")
    assert done.returncode == (1 if done.stderr else 0)
    return (done.stderr.splitlines() or [""])[-1]


@pytest.mark.parametrize("apps", [("shop.feed", "feed"), ("feed", "shop.feed")])
def test_two_apps_with_one_label_are_both_named(tmp_path: Path, apps: tuple[str, ...]) -> None:
    error = start(tmp_path, apps, NEWS)
    assert error == (
        "django.core.exceptions.ImproperlyConfigured: The apps 'shop.feed' and 'feed' (django-rill) both have the "
        "label 'feed'. Give 'shop.feed' another label in its AppConfig, such as label = 'shop_feed_app'."
    )


def test_an_app_of_another_name_with_the_label_is_named_if_it_comes_first(tmp_path: Path) -> None:
    assert "The apps 'news' and 'feed' (django-rill) both have the label 'feed'." in start(
        tmp_path, ("news", "feed"), NAMED_OTHERWISE
    )


@pytest.mark.parametrize("apps", [("shop.feed", "feed"), ("feed", "shop.feed")])
def test_another_label_as_the_error_says_lets_the_project_start(tmp_path: Path, apps: tuple[str, ...]) -> None:
    assert start(tmp_path, apps, NEWS | RELABELLED) == ""


DERIVED = {
    "shop/__init__.py": "",
    "shop/feed.py": """
        from feed.apps import FeedConfig

        class ShopFeedConfig(FeedConfig):
            verbose_name = "What happens in the shop"
    """,
}


@pytest.mark.parametrize("entry", ["feed", "feed.apps.FeedConfig", "shop.feed.FeedConfig", "shop.feed.ShopFeedConfig"])
def test_the_feed_alone_starts(tmp_path: Path, entry: str) -> None:
    assert start(tmp_path, (entry,), DERIVED) == ""
