from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("renaming", "0001_initial")]
    operations = [migrations.RenameModel("Deployment", "Release")]
