"""A site for what measures pages in a browser: 30 rows and more, of several kinds, people, and a thread."""

import json

from tests.support.servers import Server
from tests.support.sessions import log_in

FILL = """
import json
from feed import log
alice, bob, carol = [User.objects.create_user(name) for name in ("alice", "bob", "carol")]
bob.feed_events.all().delete()
for number in range(ROWS):
    text = f"This is number {number}. " + "More words. " * (number % 9)
    StatusChange.objects.create(user=(alice, bob, carol)[number % 3], text=text)
StatusChange.objects.create(user=alice, text="A link https://example.com/path and code `feed.publish()`, for @bob")
thread = StatusChange.objects.create(user=bob, text="What a day. Who comes along?")
for user in (alice, carol, bob):
    Comment.objects.create(user=user, thread=thread, text=f"I do, says {user}.")
# As where somebody watches already. Otherwise the first page would be sent all of this again.
log.number()
print(json.dumps({"thread": thread.pk}))
"""


class MeasuredSite:
    """A server that is filled. `session`: the cookie of bob, who has written the thread."""

    def __init__(self, server: Server, rows: int = 40) -> None:
        self.server = server
        facts = json.loads(server.shell(FILL.replace("ROWS", str(rows))))
        self.thread: int = facts["thread"]
        self.session = log_in(server, "bob")

    def paths(self) -> dict[str, str]:
        """The pages that everybody sees, by what they are."""
        return {
            "home": "/",
            "thread": f"/events/{self.thread}/",
            "person": "/people/alice/",
            "people": "/people/",
            "search": "/search/?q=number",
            "search without results": "/search/?q=nowhere-to-be-found",
            "login": "/accounts/login/",
            "signup": "/accounts/signup/",
            "not found": "/nowhere/",
        }
