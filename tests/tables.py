"""Empty the tables between two tests that commit, in milliseconds.

Django's own way sends `migrate`'s signals after each test, which makes all content types and permissions anew, and that
takes longer than most tests. Nothing of Provisor reads those two tables, so their rows stay.
"""

from functools import cache
from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

#: Rows that migrations have made, and no test changes.
_KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})


def empty_quickly() -> None:
    """From now on, a test that commits leaves what a new installation has: the group Everyone, and nothing else."""
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign] - only for the tests


def _empty(_case: Any) -> None:
    from provisor.directory.everyone import everyone

    tables = _tables()
    with connection.constraint_checks_disabled(), transaction.atomic():
        _delete(tables)
    everyone()


#: Not those that a connection has for itself (TEMPORARY): another connection does not see them.
_LIST = {
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
}


@cache
def _tables() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_LIST[connection.vendor])
        return tuple(sorted({name for (name,) in cursor.fetchall()} - _KEPT))


def _delete(tables: tuple[str, ...]) -> None:
    """By DELETE, and only where something is: a TRUNCATE of all tables takes half a second on PostgreSQL."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # no order among the tables: foreign keys are not looked at
            cursor.execute("SET LOCAL session_replication_role = replica")
        filled = " UNION ALL ".join(
            f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM \"{one}\")" for one in tables
        )
        cursor.execute(filled)
        for (table,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM "{table}"')
