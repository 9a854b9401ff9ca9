import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("feed", "0004_kinds_by_loading")]
    operations = [
        migrations.CreateModel(
            name="Deployment",
            fields=[
                (
                    "event_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="feed.event",
                    ),
                ),
                ("version", models.CharField(max_length=10)),
            ],
            bases=("feed.event",),
        ),
    ]
