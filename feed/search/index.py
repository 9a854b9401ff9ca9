"""Which columns of which tables are searched."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Self

from feed.kinds.kind import root_model

DEFAULT = ("text",)


@dataclass(frozen=True, slots=True)
class Index:
    """The index of one table. Its name depends on the columns, so that an index of others doesn't count as this one."""

    table: str
    key: str
    columns: tuple[str, ...]

    @classmethod
    def of(cls, model: type[Any], fields: Iterable[str]) -> Self:
        """The index on these fields of a model, which may be a historical one."""
        columns = tuple(sorted(str(model._meta.get_field(name).column) for name in fields))
        return cls(model._meta.db_table, str(model._meta.pk.column), columns)

    @property
    def name(self) -> str:
        digest = sha256(repr((self.table, self.columns)).encode()).hexdigest()[:8]
        return f"{self.table[:40]}_search_{digest}"


def fields_of(kind: type[Any]) -> tuple[str, ...]:
    """The names of the fields that are searched in events of this kind, inherited ones included."""
    if kind.is_quiet:  # it has no row that could be shown
        return ()
    wanted = DEFAULT if kind.search_fields is None else kind.search_fields
    known = {field.name for field in kind.own_fields()}
    return tuple(name for name in wanted if name in known)


def indexes() -> Iterator[tuple[type[Any], Index]]:
    """The index that each table of a kind should have. What a kind inherits is in the table of its parent."""
    for kind in root_model().kinds().values():
        own = {field.name for field in kind._meta.local_fields}
        if fields := [name for name in fields_of(kind) if name in own]:
            yield kind, Index.of(kind, fields)


def hidden_kinds(kind: type[Any]) -> list[str]:
    """Kinds derived from this one that don't want to be found by its fields."""
    own = {*fields_of(kind)}
    return [
        name for name, each in root_model().kinds().items() if issubclass(each, kind) and not own <= {*fields_of(each)}
    ]
