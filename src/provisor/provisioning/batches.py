"""Many rows in one statement: each statement gives the interpreter lock away once, not once for each row."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from django.db import connection

#: Rows in one statement; well below the number of parameters that either database takes.
ROWS = 400


def execute_batch(cursor: Any, statement: str, types: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Execute a statement over rows: `{values}` in it becomes the rows, of these SQL types.

    `uuid` and `json` name the types of the database in use, in `types` and as `{uuid}` and `{json}` in the statement.
    """
    native = connection.vendor == "postgresql"
    names = {"uuid": "uuid" if native else "char(32)", "json": "jsonb" if native else "text"}
    first = "(" + ", ".join(f"CAST(%s AS {names.get(each, each)})" for each in types) + ")"
    others = ", (" + ", ".join(["%s"] * len(types)) + ")"
    for start in range(0, len(rows), ROWS):
        chunk = rows[start : start + ROWS]
        values = first + others * (len(chunk) - 1)
        parameters = [value for row in chunk for value in row]
        execute_wide(cursor, statement.format(values=f"VALUES {values}", **names), parameters)


def execute_wide(cursor: Any, statement: str, parameters: Sequence[Any]) -> None:
    """Execute a statement of thousands of parameters, whose text holds no other percent sign than that of `%s`.

    On SQLite Django finds each `%s` with a regular expression, which takes longer than to execute the statement. It does
    so here as well where the statements are logged.
    """
    if connection.vendor != "sqlite" or connection.queries_logged:
        cursor.execute(statement, parameters)
        return
    with connection.wrap_database_errors:
        sqlite3.Cursor.execute(cursor.cursor, statement.replace("%s", "?"), parameters)
