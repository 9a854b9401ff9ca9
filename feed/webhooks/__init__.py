"""Webhooks: changes posted to the URLs of other systems, signed as Standard Webhooks (https://www.standardwebhooks.com).

Each webhook is a durable handler that works outside of the database: see `feed.handlers`. Staff make webhooks in the
admin. They need the extra `webhooks`.
"""
