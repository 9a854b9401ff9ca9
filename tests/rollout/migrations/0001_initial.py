import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("feed", "0007_audiences")]
    operations = [
        migrations.CreateModel(
            name="Bulletin",
            fields=[
                (
                    "statuschange_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="feed.statuschange",
                    ),
                ),
                ("until", models.DateField(null=True)),
            ],
            bases=("feed.statuschange",),
        ),
    ]
