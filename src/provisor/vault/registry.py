"""What is sealed: each room names its columns once, so that an exchange of keys reaches all of them.

A column that is not named here keeps its old key alive for ever; `tests/vault` looks for such columns.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from django.db.models import Count, Manager, Model

from provisor.vault import sealing

#: The key that a value was sealed with, and the value.
Sealed = tuple[str, bytes]


def rows_of(model: type[Model]) -> Manager[Any]:
    """All rows: a model of a library may call its manager otherwise."""
    return model._default_manager  # noqa: SLF001 - Django's documented name


class SealedColumn(Protocol):
    """Something of a table that is sealed. `name` is what people call it, in the plural."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> type[Model]: ...

    def used_keys(self) -> Counter[str]:
        """How many values each key has sealed, by the id of the key."""

    def read(self, row: Any) -> Sealed | None:
        """The sealed value of a row; None where it holds none."""

    def write(self, row: Any, sealed_by: str, sealed: bytes) -> None:
        """Store the same secret under another key."""

    def place(self, row: Any) -> str:
        """What the value of this row is bound to: `sealing.binding(...)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedColumn:
    """Two columns: the id of the key, and the sealed bytes. A null holds nothing."""

    name: str
    model: type[Model]
    place: Callable[[Any], str]
    key_field: str = "key_id"
    sealed_field: str = "sealed"

    def used_keys(self) -> Counter[str]:
        held = rows_of(self.model).filter(**{f"{self.sealed_field}__isnull": False})
        counted = held.order_by().values_list(self.key_field).annotate(rows=Count("pk"))
        return Counter(dict(counted))

    def read(self, row: Any) -> Sealed | None:
        sealed = getattr(row, self.sealed_field)
        return None if sealed is None else (getattr(row, self.key_field), bytes(sealed))

    def write(self, row: Any, sealed_by: str, sealed: bytes) -> None:
        values = {self.key_field: sealed_by, self.sealed_field: sealed}
        rows_of(self.model).filter(pk=row.pk).update(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextColumn:
    """A text that names its key (`sealing.seal_text`), in a column or inside a document of one.

    `get` gives the text of a row, "" where there is none; `put` sets it in the row; `fields` are the columns to save.
    """

    name: str
    model: type[Model]
    place: Callable[[Any], str]
    get: Callable[[Any], str]
    put: Callable[[Any, str], None]
    fields: tuple[str, ...]

    def used_keys(self) -> Counter[str]:
        found = (self.read(row) for row in rows_of(self.model).iterator(chunk_size=500))
        return Counter(each[0] for each in found if each)

    def read(self, row: Any) -> Sealed | None:
        return sealing.read_text(self.get(row) or "")

    def write(self, row: Any, sealed_by: str, sealed: bytes) -> None:
        self.put(row, sealing.write_text(sealed_by, sealed))
        # Not `save`: what a model does besides when it is saved is no part of an exchange of keys.
        values = {name: getattr(row, name) for name in self.fields}
        rows_of(self.model).filter(pk=row.pk).update(**values)


@dataclass(slots=True)
class _Registry:
    columns: list[SealedColumn] = field(default_factory=list)


_registry: Final = _Registry()


def register(column: SealedColumn) -> None:
    """Name a column that holds sealed values. To be called once, from `ready` of the room's application."""
    if all(known.name != column.name for known in _registry.columns):
        _registry.columns.append(column)


def sealed_columns() -> Iterator[SealedColumn]:
    """Everything that is sealed in this installation."""
    return iter(tuple(_registry.columns))


def used_keys() -> Counter[str]:
    """How many values each key has sealed, over all columns."""
    return sum((column.used_keys() for column in sealed_columns()), Counter())
