"""What the feed tells other apps."""

from django.dispatch import Signal

recorded = Signal()
"""Sent in the transaction that has changed events, after the change was recorded, however they were changed.

action: `created`, `updated` or `deleted`.
recorded: a `feed.log.Recorded` for each event: where it is, and where it was before.
using: the alias of the database.
"""
