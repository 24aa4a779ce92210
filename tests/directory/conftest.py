"""An actor, and short ways to make users and groups through the services."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry
from provisor.directory import groups, users
from provisor.directory.models import Group, JournalEntry, Pending, User

_NO_AUDIT = {
    "sqlite": [
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    ],
    "postgresql": [
        (
            "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '23514'; END $$"
        ),
        "CREATE TRIGGER no_audit BEFORE INSERT ON audit_entry EXECUTE FUNCTION no_audit()",
    ],
}
ADA = Actor(kind="account", id="1", label="ada@example.com")


@pytest.fixture
def user(db: None) -> Callable[..., User]:
    def make(user_name: str = "bob", **attributes: Any) -> User:
        return users.create_user({"userName": user_name, **attributes}, actor=ADA)

    return make


@pytest.fixture
def group(db: None) -> Callable[..., Group]:
    def make(name: str = "Sales", **attributes: Any) -> Group:
        return groups.create_group(name, actor=ADA, **attributes)

    return make


class Watch:
    """What was written to journal, audit and pending rows since it was made."""

    def __init__(self) -> None:
        self.start = [self._last(model) for model in (JournalEntry, AuditEntry, Pending)]

    def _last(self, model: Any) -> int:
        return max(model.objects.values_list("id", flat=True), default=0)

    @property
    def events(self) -> list[str]:
        found = JournalEntry.objects.filter(id__gt=self.start[0]).order_by("id")
        return list(found.values_list("event", flat=True))

    @property
    def acts(self) -> list[str]:
        return list(
            AuditEntry.objects.filter(id__gt=self.start[1]).order_by("id").values_list("act", flat=True)
        )

    @property
    def pending(self) -> set[tuple[Any, ...]]:
        found = Pending.objects.filter(id__gt=self.start[2])
        return set(found.values_list("kind", "subject_id", "other_id"))

    @property
    def nothing(self) -> bool:
        return not (self.events or self.acts or self.pending)


@pytest.fixture
def watch(db: None) -> Callable[[], Watch]:
    return Watch


@pytest.fixture
def broken_audit(db: None) -> Callable[[], None]:
    """Make every insert into the audit table fail, as a full disk would."""

    def fail() -> None:
        with connection.cursor() as cursor:
            for statement in _NO_AUDIT[connection.vendor]:
                cursor.execute(statement)

    return fail
