"""The settings of the feed. Django's settings override these defaults, by the same name."""

from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    # The field of the user model whose value is a user's public name. None: its USERNAME_FIELD.
    "FEED_USER_FIELD": None,
    # The name of the site in link previews and Atom feeds. None: its host.
    "FEED_SITE_NAME": None,
    # Whether an error of the feed also fails the save of another model that it follows, such as the user's. False: the
    # error is logged.
    "FEED_STRICT": False,
    # Changes that a server process keeps in memory.
    "FEED_TAIL": 1000,
    # Maximum bytes of these changes. Older changes are read from the database when they are needed.
    "FEED_TAIL_BYTES": 16 * 1024 * 1024,
    # Seconds without a frame after which a watcher is sent an empty one.
    "FEED_HEARTBEAT": 15.0,
    # Seconds after which the log is read even if no doorbell rang.
    "FEED_POLL": 1.0,
    # Days after which `manage.py prune_log` deletes a change.
    "FEED_RETENTION": 30.0,
    # Seconds after which the connection of a client that doesn't read is ended.
    "FEED_STALL": 30.0,
    # How often a user may post, comment, edit and delete, all counted together. The notation of rate limits is that of
    # https://limits.readthedocs.io/. Nobody reaches the limits by typing.
    "FEED_POST_LIMIT": "300/minute; 3000/hour",
    # How often an address may request a snapshot. A snapshot of many streams counts as several.
    "FEED_READ_LIMIT": "3000/minute",
    # Origins, such as "https://shop.example", whose pages may call the API, with tokens. Cookies never count there.
    "FEED_API_ORIGINS": [],
    # What pages show of who is watching: "names", only their number ("count"), or nothing ("off").
    "FEED_PRESENCE": "count",
    # The emoji that people can put to an event.
    "FEED_REACTIONS": ["👍", "❤️", "🎉", "😄", "👀", "🙏"],
    # Seconds that a handler may be behind before `/readyz` answers 503. None: it only reports how far handlers are.
    "FEED_HANDLER_LAG": None,
    # Whether webhooks may be sent to private addresses and without TLS: for development, or inside one network.
    "FEED_WEBHOOK_PRIVATE": False,
    # Who may read `/metrics`: nobody (None), everybody who reaches it ("open"), or who sends this token.
    "FEED_METRICS": None,
    # Where processes share rate limits and rendered rows; without it each process has its own.
    "REDIS_URL": None,
}


class Conf:
    """Attributes are the settings, read when they are used: tests change them."""

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(settings, name, DEFAULTS[name])
        except KeyError:
            raise AttributeError(name) from None


conf = Conf()
