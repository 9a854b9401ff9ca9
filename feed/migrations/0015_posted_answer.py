from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feed", "0014_handlers")]

    operations = [
        migrations.AddField(model_name="posted", name="answer", field=models.TextField(null=True)),
    ]
