"""Recognizes the statements of the log in what is sent to the database."""

from feed.log import sql
from feed.log.batch import execute_sql


def numbers(sent: str) -> bool:
    """Whether this gives changes their positions."""
    return execute_sql(sql.NUMBER) in sent or (sql.NUMBER.text in sent and not sent.startswith("PREPARE"))
