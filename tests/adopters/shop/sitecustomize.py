"""This shop has installed none of these, whatever else the machine has."""

import sys

sys.modules.update(dict.fromkeys(["daphne", "twisted", "redis", "channels_redis", "psycopg"]))  # type: ignore[arg-type]
