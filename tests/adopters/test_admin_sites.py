"""The admin of the feed in projects with their own ModelAdmins, with their own admin sites, and without an admin."""

from pathlib import Path

import pytest

from tests.adopters.projects import BASE, run_code, write_project

ADMIN = "django.contrib.admin"
WITH_ADMIN = (*BASE, "django.contrib.sessions", "django.contrib.messages")
OWN = {
    "orders/admin.py": """
        from django.contrib import admin
        from feed.admin import KindAdmin
        from feed.models import Event, StatusChange
        from orders.models import OrderPlaced

        @admin.register(OrderPlaced)
        class OwnKind(KindAdmin):
            pass

        @admin.register(StatusChange, Event)
        class Own(admin.ModelAdmin):
            pass
    """
}
SHOW = """
    from django.contrib import admin
    from django.contrib.admin import site
    from feed.models import *
    from orders.models import *
    names = [type(site.get_model_admin(model)).__name__ for model in (OrderPlaced, StatusChange, Event, Refund, Change)]
    print(*names)
"""
EXPECTED = "OwnKind Own Own KindAdmin ChangeAdmin\n"


@pytest.mark.parametrize(
    "apps",
    [
        (ADMIN, "orders", "feed"),
        (ADMIN, "feed", "orders"),
        ("orders", "feed", ADMIN),
        ("feed", "orders", ADMIN),
        ("feed", ADMIN, "orders"),
    ],
    ids=" ".join,
)
def test_own_admins_win_in_every_order_of_the_apps(tmp_path: Path, apps: tuple[str, ...]) -> None:
    environment = write_project(tmp_path, (*WITH_ADMIN, *apps), OWN)
    assert run_code(tmp_path, environment, SHOW) == EXPECTED


def test_a_site_of_the_project_has_the_kinds(tmp_path: Path) -> None:
    files = OWN | {
        "orders/sites.py": """
            from django.contrib.admin import AdminSite
            from django.contrib.admin.apps import AdminConfig

            class Site(AdminSite):
                site_header = "The shop"

            class ShopAdminConfig(AdminConfig):
                default_site = "orders.sites.Site"
        """
    }
    environment = write_project(tmp_path, (*WITH_ADMIN, "feed", "orders.sites.ShopAdminConfig", "orders"), files)
    assert run_code(tmp_path, environment, SHOW + "    print(site.site_header)") == EXPECTED + "The shop\n"


SECOND_SITE = """
    from django.contrib.admin import AdminSite, ModelAdmin
    from django.urls import path
    from feed.admin import register_kinds
    from orders.models import OrderPlaced

    class Own(ModelAdmin):
        pass

    staff = AdminSite("staff")
    staff.register(OrderPlaced, Own)
    register_kinds(staff)
    register_kinds(staff)
    urlpatterns = [path("staff/", staff.urls)]
"""


@pytest.mark.parametrize("admin", [ADMIN, "django.contrib.admin.apps.SimpleAdminConfig"])
def test_a_second_site_shows_the_kinds_that_are_registered_on_it(tmp_path: Path, admin: str) -> None:
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    environment = write_project(
        tmp_path,
        (*WITH_ADMIN, admin, "feed", "orders"),
        {"urls.py": SECOND_SITE},
        MIDDLEWARE=middleware,
        ALLOWED_HOSTS=["testserver"],
    )
    code = """
        from django.contrib.auth.models import User
        from django.core.management import call_command
        from django.test import Client
        from feed.models import StatusChange
        from urls import staff, OrderPlaced
        call_command("makemigrations", "orders", verbosity=0)
        call_command("migrate", verbosity=0)
        client = Client()
        root = User.objects.create_superuser("root")
        client.force_login(root)
        StatusChange.objects.create(user=root, text="Hello")
        print(type(staff.get_model_admin(OrderPlaced)).__name__)
        for page in ("statuschange/", "statuschange/add/", "event/", "change/"):
            print(client.get(f"/staff/feed/{page}").status_code)
    """
    assert run_code(tmp_path, environment, code).split() == ["Own", "200", "200", "200", "200"]


def test_a_simple_admin_registers_only_what_the_project_says(tmp_path: Path) -> None:
    apps = (*WITH_ADMIN, "django.contrib.admin.apps.SimpleAdminConfig", "feed", "orders")
    code = """
        from django.contrib.admin import site
        from feed.models import Event
        print(site.is_registered(Event))
    """
    assert run_code(tmp_path, write_project(tmp_path, apps, OWN), code) == "False\n"


def test_a_project_without_admin_and_sessions_saves_events_and_passes_its_checks(tmp_path: Path) -> None:
    environment = write_project(tmp_path, (*BASE, "feed", "profiles", "orders"))
    code = """
        from django.contrib.auth.models import User
        from django.core.management import call_command
        from feed.handshake import session_of
        from orders.models import OrderPlaced
        call_command("makemigrations", "orders", verbosity=0)
        call_command("migrate", verbosity=0)
        OrderPlaced.objects.create(user=User.objects.create_user("alice"))
        print([str(event) for event in OrderPlaced.objects.all()])
        print(session_of({"headers": [(b"cookie", b"sessionid=abc")]}))
        call_command("check", fail_level="ERROR")
    """
    assert run_code(tmp_path, environment, code).splitlines()[:2] == ["['alice: order placed, total 1']", "None"]
