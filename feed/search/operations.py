"""Migration operations."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from django.db.migrations.operations.base import Operation

from feed.search.backends import backend
from feed.search.index import Index


class SearchIndex(Operation):
    """Make the fields of a kind searchable, those of the rows that exist, too.

        operations = [SearchIndex("Deploy", ["service"])]

    fields: those in the kind's `search_fields` that aren't inherited from another kind.
    """

    reversible = True

    def __init__(self, model_name: str, fields: Sequence[str]) -> None:
        self.model_name = model_name
        self.fields = fields

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass  # Django's models know nothing of it

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._execute(app_label, schema_editor, to_state, lambda found, index: found.create(index))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._execute(app_label, schema_editor, to_state, lambda found, index: found.drop(index))

    def _execute(
        self, app_label: str, editor: Any, state: Any, statements: Callable[[ModuleType, Index], list[str]]
    ) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        found = backend(editor.connection)
        if found and self.allow_migrate_model(editor.connection.alias, model):
            for statement in statements(found, Index.of(model, self.fields)):
                editor.execute(statement, params=None)

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() == self.model_name.lower()

    def describe(self) -> str:
        return f"Make {', '.join(self.fields)} of {self.model_name} searchable"

    @property
    def migration_name_fragment(self) -> str:
        return f"search_{self.model_name.lower()}"
