from django.db import migrations

from feed.search.operations import SearchIndex


class Migration(migrations.Migration):
    dependencies = [("feed", "0010_presence")]

    operations = [
        SearchIndex("StatusChange", ["text"]),
        SearchIndex("Comment", ["text"]),
    ]
