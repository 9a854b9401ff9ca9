from django.db import migrations

from feed.search.operations import SearchIndex


class Migration(migrations.Migration):
    dependencies = [("feed", "0009_flat_conversations")]

    operations = [
        SearchIndex("StatusChange", ["text"]),
        SearchIndex("Comment", ["text"]),
    ]
