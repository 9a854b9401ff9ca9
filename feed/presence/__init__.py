"""Presence: how many people are watching now, and who.

It isn't an event: it takes no position in the log, and it expires. The hub of each process writes into a small table
who is connected to it, and reads there who is connected to the others (`board`). `feed.hub.presence` does that, and
tells the pages.

Presence is about the whole site, not about one page: which thread somebody reads is nobody's business.
"""

from feed.presence.names import hide_users as hide_users
