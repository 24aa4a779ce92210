"""What a settlement wakes costs by the users that it settles, not by the links of the application."""

from uuid import uuid4

import pytest
from django.db import connection

from provisor.provisioning.passes import engine_sql as sql

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="It reads SQLite's plan."),
]


@pytest.mark.parametrize(
    "statement", [sql.WAKE_WAITING_REPORTS, sql.WAKE_WAITING_GROUPS, sql.MEMBERS_OF_NEW_ACCOUNTS]
)
def test_an_account_that_came_to_be_is_followed_from_its_user_on(statement: str) -> None:
    """Each row is found by its own id or by its user's: no list of all links or members of a group is read."""
    users = [uuid4().hex for _ in range(100)]
    parameters = [*users, *["0" * 32] * (statement.count("%s"))]
    marked = statement.format(users=", ".join(["%s"] * len(users)))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {marked}", parameters)
        steps = [row[3] for row in cursor.fetchall()]
    searches = [step for step in steps if step.startswith(("SEARCH", "SCAN"))]
    assert searches
    for step in searches:
        assert any(f"{name}=?" in step for name in ("rowid", "local_id", "user_id", "manager_id")), step
        assert "link_id=? AND user_id=?" not in step
