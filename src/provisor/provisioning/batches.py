"""Many rows in one statement: each statement gives the interpreter lock away once, not once for each row."""

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
        cursor.execute(statement.format(values=f"VALUES {values}", **names), parameters)
