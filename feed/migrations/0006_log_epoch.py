from django.db import migrations, models

import feed.log.tables


class Migration(migrations.Migration):
    """Renames the field only: the column stays, so that processes of the release before go on."""

    dependencies = [("feed", "0005_posted")]

    operations = [
        migrations.AlterField(
            model_name="log",
            name="name",
            field=models.CharField(db_column="name", default=feed.log.tables.new_epoch, max_length=20),
        ),
        migrations.RenameField(model_name="log", old_name="name", new_name="epoch"),
    ]
