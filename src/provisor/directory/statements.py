"""Running set-based SQL that is the same text on SQLite and on PostgreSQL."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

_uuid = models.UUIDField()


def execute(sql: str, **values: object) -> int:
    """Run one statement with named values, `%(name)s`; return how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {name: adapted(value) for name, value in values.items()})
        return int(cursor.rowcount)


def fetch_ids(sql: str, **values: object) -> list[UUID]:
    """Run a query of one column of ids."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {name: adapted(value) for name, value in values.items()})
        return [row[0] if isinstance(row[0], UUID) else UUID(row[0]) for row in cursor.fetchall()]


def adapted(value: object) -> Any:
    """Return the value as the database's driver wants it: SQLite keeps a UUID as 32 hexadecimal digits."""
    return _uuid.get_db_prep_value(value, connection) if isinstance(value, UUID) else value


def columns_of(model: type[models.Model]) -> "dict[str, models.Field[Any, Any]]":
    """Return the model's columns, in order."""
    return {one.attname: one for one in model._meta.concrete_fields}  # noqa: SLF001 - Django documents it


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert many rows with one prepared statement: the ORM takes ten times as long to write its SQL as to run it."""
    fields = [columns_of(model)[column] for column in columns]
    marks = ", ".join(["%s"] * len(columns))
    sql = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608, SLF001 - names of ours
    _execute_many(sql, fields, rows)


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Update many rows with one prepared statement; each row has the values of `columns`, then its id."""
    fields = [columns_of(model)[column] for column in (*columns, "id")]
    assignments = ", ".join(f"{column} = %s" for column in columns)
    sql = f"UPDATE {model._meta.db_table} SET {assignments} WHERE id = %s"  # noqa: S608, SLF001 - names of ours
    _execute_many(sql, fields, rows)


def _execute_many(
    sql: str, fields: "Sequence[models.Field[Any, Any]]", rows: Iterable[Sequence[object]]
) -> None:
    # The connection itself: `django.db.connection` looks it up again with each attribute.
    found = connections[DEFAULT_DB_ALIAS]
    prepare = [partial(field.get_db_prep_save, connection=found) for field in fields]
    with found.cursor() as cursor:
        cursor.executemany(
            sql, [[one(value) for one, value in zip(prepare, row, strict=True)] for row in rows]
        )


def batches(ids: Sequence[UUID], size: int = 500) -> Iterator[Sequence[UUID]]:
    """Cut the ids into runs that fit the number of variables of one statement (SQLite)."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def listed(ids: Iterable[UUID], prefix: str = "id") -> tuple[str, dict[str, object]]:
    """Return `%(id0)s, %(id1)s, ...` for an IN list, and its values. The list must not be empty."""
    values: dict[str, object] = {f"{prefix}{number}": value for number, value in enumerate(ids)}
    return ", ".join(f"%({name})s" for name in values), values
