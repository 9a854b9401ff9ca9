"""Two servers with a site each: a full one, and an empty one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.servers import Server
from tests.support.sessions import log_in

IMPORT = "from tests.screenshots.filling import *; "
TEMPLATE = """
from django.template.loader import render_to_string
print(render_to_string("{code}.html", {{"site_base": "base.html", "message": "The database does not answer."}}))
"""


@dataclass
class Site:
    """thread, long: the ids of a thread, and of one with 500 comments. hard: the name of who posts hard texts."""

    full: Server
    empty: Server
    thread: str
    long: str
    hard: str

    def path(self, pattern: str) -> str:
        return pattern.format(thread=self.thread, long=self.long, hard=self.hard)

    def server(self, name: str) -> Server:
        return self.full if name == "full" else self.empty

    def session(self, name: str) -> str:
        return log_in(self.full, name)

    def post(self, name: str, text: str) -> None:
        self.full.shell(f"User.objects.filter(username={name!r}).delete()")
        self.full.shell(f"StatusChange.objects.create(user=User.objects.create_user({name!r}), text={text!r})")

    def template(self, code: int) -> str:
        return self.full.shell(TEMPLATE.format(code=code))


@contextmanager
def open_site(size: int = 500) -> Iterator[Site]:
    with Server(FEED_POLL="0.2") as full, Server() as empty:
        full.shell(IMPORT + "fill_hard()")
        long = full.shell(IMPORT + f"print(fill_thread({size}), end='')")
        full.shell(IMPORT + "fill()")
        thread = full.shell("print(StatusChange.objects.get(text__startswith='Shipping').pk, end='')")
        hard = full.shell("print(StatusChange.objects.first().user.username, end='')")
        yield Site(full, empty, thread, long, hard)
