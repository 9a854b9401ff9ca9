"""Updates `kind` when a migration renames the model of a kind, as Django does for its content types."""

from typing import Any, cast

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Cast

from feed.kinds.naming import snake_case


class RenameKind(migrations.RunPython):
    """Goes with a RenameModel: renames the kind in the events and in the log."""

    def __init__(self, app_label: str, old_name: str, new_name: str) -> None:
        self.app_label, self.old_name, self.new_name = app_label, old_name, new_name
        super().__init__(self.forwards, self.backwards)

    def forwards(self, apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        self._rename(apps, schema_editor, self.old_name, self.new_name)

    def backwards(self, apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        self._rename(apps, schema_editor, self.new_name, self.old_name)

    def _rename(self, apps: Apps, schema_editor: BaseDatabaseSchemaEditor, old: str, new: str) -> None:
        parents = apps.get_model(self.app_label, self.new_name)._meta.get_parent_list()
        event = next((parent for parent in parents if parent._meta.label == "feed.Event"), None)
        if event is None:
            return
        old, new = snake_case(old), snake_case(new)
        using = schema_editor.connection.alias
        event._base_manager.using(using).filter(kind=old).update(kind=new)
        change = apps.get_model("feed", "Change")._base_manager.using(using)
        # A migration may rename a model before there is a `moved_from`.
        fields = {"streams", "moved_from"} & {field.name for field in change.model._meta.fields}
        replaced = {field: _replaced(field, f'"kind:{old}"', f'"kind:{new}"') for field in fields}
        change.filter(kind=old).update(kind=new, **replaced)


def _replaced(field: str, old: str, new: str) -> Any:
    text = Cast(F(field), TextField())
    replaced = Func(text, Value(old), Value(new), function="REPLACE", output_field=TextField())
    return Cast(replaced, models.JSONField())


def follow_renames(plan: list[tuple[migrations.Migration, bool]] | None = None, **kwargs: Any) -> None:
    """Receiver of `pre_migrate`: add a RenameKind after each RenameModel of the plan."""
    for migration, _ in plan or []:
        operations = cast(list[Operation], migration.operations)
        operations[:] = [
            each for operation in operations for each in (operation, *_following(migration.app_label, operation))
        ]


def _following(app_label: str, operation: object) -> list[RenameKind]:
    if not isinstance(operation, migrations.RenameModel):
        return []
    return [RenameKind(app_label, operation.old_name, operation.new_name)]
