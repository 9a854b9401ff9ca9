"""Recognizes the log's statements among those sent to the database."""

from feed.log import sql
from feed.log.batch import execute_sql


def numbers(sent: str) -> bool:
    """Whether this statement gives changes their positions."""
    return execute_sql(sql.NUMBER) in sent or (sql.NUMBER.text in sent and not sent.startswith("PREPARE"))
