from typing import Any

from django.db import migrations

LEVELS = 100
"""More than any conversation had: comments on comments ended at a depth of 50. So a circle ends, too."""

MOVE_UP = """
    UPDATE feed_comment
    SET reply_to_id = COALESCE(reply_to_id, thread_id),
        thread_id = (SELECT above.thread_id FROM feed_comment AS above WHERE above.event_ptr_id = feed_comment.thread_id)
    WHERE thread_id IN (SELECT event_ptr_id FROM feed_comment) AND thread_id <> event_ptr_id
"""


def flatten(apps: Any, schema_editor: Any) -> None:
    """Comments on comments become replies in the thread of these."""
    with schema_editor.connection.cursor() as cursor:
        for _ in range(LEVELS):
            cursor.execute(MOVE_UP)
            if not cursor.rowcount:
                return


class Migration(migrations.Migration):
    dependencies = [("feed", "0008_conversations")]

    operations = [migrations.RunPython(flatten, migrations.RunPython.noop)]
