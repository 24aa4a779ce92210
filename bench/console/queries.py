"""Which queries of a page are slow, and how the database goes about them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection

_MOST = 5


@dataclass(frozen=True, slots=True)
class Slow:
    """One query, run once more on its own, with the database's plan for it."""

    ms: float
    sql: str
    plan: list[str]


def slowest(captured: Iterable[dict[str, Any]]) -> list[Slow]:
    """Run the reading queries again, each to its last row; the slowest first."""
    found = [
        _again(sql) for sql in dict.fromkeys(each["sql"] for each in captured) if sql.startswith("SELECT")
    ]
    return sorted((each for each in found if each), key=lambda each: -each.ms)[:_MOST]


def _again(sql: str) -> Slow | None:
    # Values stand in the text already; nothing of it is a placeholder.
    with connection.cursor() as cursor:
        try:
            began = time.process_time()
            cursor.execute(sql)
            cursor.fetchall()
            spent = (time.process_time() - began) * 1000
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        except DatabaseError:
            return None
        return Slow(round(spent, 1), sql, [row[-1] for row in cursor.fetchall()])
