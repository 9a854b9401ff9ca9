from django.apps import AppConfig, apps
from django.db.models.signals import pre_migrate


class FeedConfig(AppConfig):
    name = "feed"
    # As in the migrations. With the project's setting, `makemigrations` would write into this app.
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from feed import checks, checks_people, receivers  # noqa: F401 (registers the checks)
        from feed.kinds.renames import follow_renames
        from feed.models import Event

        # `__init_subclass__` connects the subclasses, but not Event itself.
        receivers.connect(Event)
        pre_migrate.connect(follow_renames, sender=self)
        if apps.is_installed("django.contrib.admin"):
            _register_kinds()


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
