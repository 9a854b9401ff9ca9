from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate, pre_migrate

_looked_at: set[str] = set()
"""Entries of INSTALLED_APPS. One may be a subclass of FeedConfig, which would look for itself for ever."""


class FeedConfig(AppConfig):
    name = "feed"
    # As in the migrations. With the project's setting, `makemigrations` would write into this app.
    default_auto_field = "django.db.models.BigAutoField"

    def __init__(self, app_name: str, app_module: Any) -> None:
        super().__init__(app_name, app_module)
        _refuse_namesakes(self)

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        from feed import (  # noqa: F401 (registers them)
            checks,
            checks_handlers,
            checks_metrics,
            checks_people,
            checks_presence,
            checks_search,
            checks_serving,
            receivers,
        )
        from feed.conf import conf
        from feed.kinds.renames import follow_renames
        from feed.models import Event
        from feed.search.upkeep import restore_triggers
        from feed.streams import names

        # `__init_subclass__` connects the subclasses, but not Event itself.
        receivers.connect(Event)
        names.connect()
        autodiscover_modules("streams")
        autodiscover_modules("handlers")
        if conf.REDIS_URL and find_spec("redis"):
            import redis  # noqa: F401 (before threads, forks, and queries, whose time is limited)
        if find_spec("standardwebhooks"):
            from feed.webhooks import source

            source.connect()
        pre_migrate.connect(follow_renames, sender=self)
        post_migrate.connect(restore_triggers)  # of any app: its kinds are events, too
        if apps.is_installed("django.contrib.admin"):
            _register_kinds()


def _refuse_namesakes(own: AppConfig) -> None:
    """Raise ImproperlyConfigured if another app has this label. Django's own error names neither of the two."""
    for other in _namesakes(own):
        raise ImproperlyConfigured(
            f"The apps {other.name!r} and {own.name!r} (django-rill) both have the label {own.label!r}. Give "
            f"{other.name!r} another label in its AppConfig, such as label = {other.name.replace('.', '_') + '_app'!r}."
        )


def _namesakes(own: AppConfig) -> Iterator[AppConfig]:
    """The other apps with this label: those that are listed before this one, and those whose path says so after it."""
    if (earlier := apps.app_configs.get(own.label)) and earlier.name != own.name:
        yield earlier
    for entry in settings.INSTALLED_APPS:
        if own.label in entry.split(".")[1:] and entry not in _looked_at:
            _looked_at.add(entry)
            other = AppConfig.create(entry)
            if (other.label, other.name != own.name) == (own.label, True):
                yield other


def _register_kinds() -> None:
    """Register what no admin.py has registered. The project's own ModelAdmins must come first, in whatever order the
    apps are listed. So all admin.py are imported now; when the admin does it later, it finds them imported.

    A project with SimpleAdminConfig says itself what its admin imports and registers.
    """
    from django.contrib.admin import autodiscover
    from django.contrib.admin.apps import AdminConfig

    if isinstance(apps.get_app_config("admin"), AdminConfig):
        from feed.admin import register_kinds

        autodiscover()
        register_kinds()
