"""Code for a server's shell: log-in, and every way in which a session can end."""

from tests.support.servers import Server

LOG_IN = """
from django.test import Client
browser = Client()
browser.force_login(User.objects.get_or_create(username={name!r})[0])
print(browser.cookies["sessionid"].value, end="")
"""
LOG_OUT = """
from django.test import Client
browser = Client()
browser.cookies["sessionid"] = {session!r}
assert browser.post("/accounts/logout/", headers={{"host": "localhost"}}).status_code == 302
"""
EXPIRE = """
from django.utils import timezone
Session.objects.filter(pk={session!r}).update(expire_date=timezone.now())
"""
CHANGE_PASSWORD = "user = User.objects.get(username={name!r}); user.set_password('a new one'); user.save()"
ENDS = {
    "logged_out": LOG_OUT,
    "deleted": "Session.objects.get(pk={session!r}).delete()",
    "expired": EXPIRE,
    "deactivated": "User.objects.filter(username={name!r}).update(is_active=False)",
    "new_password": CHANGE_PASSWORD,
    "gone": "User.objects.get(username={name!r}).delete()",
}
"""Code for each way. It takes the session's key and the user's name."""
ENDS_OF_USERS = {"deactivated", "new_password", "gone"}
"""The ways that end all sessions of the user."""


def log_in(server: Server, name: str) -> str:
    """Log in. Returns the key of the new session."""
    return server.shell(LOG_IN.format(name=name))
