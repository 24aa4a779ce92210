"""What the pages show, read in few queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, Value, When

from provisor.applications.models import Application, Policy
from provisor.directory.models import Group, JournalEntry, User
from provisor.provisioning import queries
from provisor.provisioning.models import Attempt, Link

LATEST_CHANGES = 20
LATEST_ATTEMPTS = 50
STUCK_SHOWN = 200
#: The states of links that wait for a person or for something else, the worst first.
STUCK = (Link.State.FAILED, Link.State.CONFLICT, Link.State.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    application: Application
    #: As `queries.application_status` returns it.
    status: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A journal entry with the name that its subject has now, or none when it is gone."""

    entry: JournalEntry
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckLink:
    link: Link
    name: str


def application_rows() -> list[ApplicationRow]:
    """Every application with its status, by name."""
    statuses = queries.application_statuses()
    applications = Application.objects.filter(deleted_at=None).order_by("name_key")
    return [ApplicationRow(application=one, status=statuses[one.id]) for one in applications]


def application_status(application: Application) -> dict[str, Any]:
    """State, reason, counts of links and the last contact (Unix milliseconds) of one application."""
    return queries.application_status(application.id)


def people_and_groups() -> dict[str, int]:
    """How many users (active ones apart) and groups the directory has."""
    users = User.objects.filter(deleted_at=None).aggregate(
        users=Count("id"), active=Count("id", filter=Q(active=True))
    )
    return {**users, "groups": Group.objects.filter(deleted_at=None).count()}


def latest_changes() -> list[Change]:
    """The newest entries of the journal, newest first."""
    entries = list(JournalEntry.objects.order_by("-id")[:LATEST_CHANGES])
    names = _names({entry.subject_id for entry in entries})
    return [Change(entry=entry, name=names.get(entry.subject_id, "")) for entry in entries]


def stuck_links(application: Application) -> list[StuckLink]:
    """Links that failed, conflict or wait, with their reason; the first `STUCK_SHOWN`."""
    rank = Case(
        *(When(state=state, then=Value(place)) for place, state in enumerate(STUCK)),
        output_field=IntegerField(),
    )
    found = Link.objects.filter(application=application, state__in=STUCK).order_by(rank, "-changed_at", "id")
    links = list(found[:STUCK_SHOWN])
    names = _names({link.local_id for link in links})
    return [StuckLink(link=link, name=names.get(link.local_id, str(link.local_id))) for link in links]


def latest_attempts(application: Application) -> list[Attempt]:
    """The newest exchanges with the application, without their bodies, newest first."""
    return list(
        Attempt.objects.filter(application=application)
        .defer("request", "response")
        .order_by("-id")[:LATEST_ATTEMPTS]
    )


def _names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of users, groups, applications and policies, whichever has the id; deleted ones included."""
    wanted = list(ids)
    if not wanted:
        return {}
    users = User.objects.filter(id__in=wanted).values_list("id", "user_name")
    others = [
        model.objects.filter(id__in=wanted).values_list("id", name)
        for model, name in ((Group, "display_name"), (Application, "name"), (Policy, "name"))
    ]
    return dict(users.union(*others, all=True))
