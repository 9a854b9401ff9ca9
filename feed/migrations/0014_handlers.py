import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import feed.handler_tables


class Migration(migrations.Migration):
    dependencies = [
        ("feed", "0013_tokens"),
    ]

    operations = [
        migrations.CreateModel(
            name="HandlerCursor",
            fields=[
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("epoch", models.CharField(max_length=20)),
                ("position", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("following", "Following"),
                            ("expired", "Expired"),
                            ("other_log", "Other Log"),
                            ("ahead", "Ahead"),
                        ],
                        default="following",
                        max_length=20,
                    ),
                ),
                ("lease", models.CharField(default="", editable=False, max_length=32)),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "handler",
            },
        ),
        migrations.CreateModel(
            name="SetAside",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.CharField(max_length=20)),
                ("position", models.BigIntegerField()),
                ("action", models.CharField(max_length=7)),
                ("event_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=100)),
                ("tries", models.PositiveIntegerField()),
                ("next_try", models.DateTimeField(null=True)),
                ("error", models.TextField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "handler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="set_aside", to="feed.handlercursor"
                    ),
                ),
            ],
            options={
                "verbose_name": "changes set aside",
                "verbose_name_plural": "changes set aside",
                "indexes": [models.Index(fields=["handler", "next_try"], name="feed_set_aside_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("handler", "epoch", "position"), name="feed_set_aside_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.URLField(max_length=500)),
                (
                    "streams",
                    models.CharField(
                        default="public",
                        help_text="Names of streams, separated by spaces, such as: kind:deploy user:alice. What isn't public is sent only if its audience is named, too.",
                        max_length=1000,
                    ),
                ),
                (
                    "secret",
                    models.CharField(
                        default=feed.handler_tables.new_secret,
                        help_text="The receiver checks the signatures with it. To replace it, write the new one before it, separated by a space, and remove the old one once the receiver has the new one.",
                        max_length=500,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
    ]
