"""What the home page shows, read in few queries whatever the size of the directory."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from provisor.access.narrowing import known
from provisor.applications.models import Application, Policy
from provisor.console.names import names_of
from provisor.directory.models import JournalEntry
from provisor.provisioning import queries
from provisor.provisioning.why.known_changes import known_changes

LATEST_CHANGES = 15
#: In one statement, and each counted from an index alone; those who are active would be read one by one.
_COUNTS = """
SELECT (SELECT COUNT(*) FROM directory_user WHERE deleted_at IS NULL),
    (SELECT COUNT(*) FROM directory_user WHERE deleted_at IS NULL AND NOT active),
    (SELECT COUNT(*) FROM directory_group WHERE deleted_at IS NULL AND NOT is_everyone)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    application: Application
    #: As `queries.application_status` returns it.
    status: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A journal entry with the name that its subject has now, or had when it was deleted."""

    entry: JournalEntry
    name: str
    #: Name of the address of the subject's page, or "" where there is none any more.
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """What a new system has already: nothing is provisioned before all three are there."""

    application: bool
    people: bool
    policy: bool

    @property
    def done(self) -> bool:
        return self.application and self.people and self.policy


def application_rows() -> list[ApplicationRow]:
    """Every application with its status, by name."""
    applications = list(known(Application.objects.filter(deleted_at=None), "pk").order_by("name_key"))
    statuses = queries.statuses_of(applications)
    return [ApplicationRow(application=one, status=statuses[one.id]) for one in applications]


def people_and_groups() -> dict[str, int]:
    """How many users (active ones apart) and groups the directory has; Everyone does not count."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS)
        users, inactive, groups = cursor.fetchone()
    return {"users": users, "active": users - inactive, "groups": groups}


def first_steps(rows: list[ApplicationRow], directory: dict[str, int]) -> FirstSteps:
    """Which of the three steps are taken. Where there are accounts, some policy has brought them."""
    accounts = any(row.status["in_sync"] or row.status["due"] for row in rows)
    return FirstSteps(
        application=bool(rows),
        people=bool(directory["users"]),
        policy=accounts or known(Policy.objects.all()).exists(),
    )


def latest_changes() -> list[Change]:
    """The newest entries of the journal, newest first."""
    return changes(known_changes(JournalEntry.objects.order_by("-id"))[:LATEST_CHANGES])


def changes(entries: Iterable[JournalEntry]) -> list[Change]:
    """The entries with names and pages of their subjects, in one query for all of them."""
    found = list(entries)
    names = names_of({entry.subject_id for entry in found})
    return [_change(entry, names) for entry in found]


def _change(entry: JournalEntry, names: dict[UUID, tuple[str, str]]) -> Change:
    page, name = names.get(entry.subject_id, ("", ""))
    return Change(entry=entry, name=name or _name_then(entry), page=page)


def _name_then(entry: JournalEntry) -> str:
    """The name that the entry itself keeps of a subject which is gone."""
    for key in ("userName", "displayName", "name", "label"):
        if isinstance(entry.detail.get(key), str):
            return str(entry.detail[key])
    return str(entry.subject_id)
