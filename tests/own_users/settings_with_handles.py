from tests.own_users.settings import *  # noqa: F403

FEED_USER_FIELD = "handle"
