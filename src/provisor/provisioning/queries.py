"""What the faces ask about provisioning: states of applications, in few queries."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count

from provisor.applications.models import Application
from provisor.directory.models import Pending
from provisor.provisioning.models import Health, Link

OBSERVED = "Only observed: plans are made and nothing is sent, until its mode is set to enforce."


def application_status(application_id: UUID) -> dict[str, Any]:
    """Return state, reason, last contact (Unix milliseconds) and counts of links by state of one application.

    `state` is well, paused, refused, misbehaving, unreachable or throttled; `due` counts changes that are not folded
    yet, and links in back-off too.
    """
    return application_statuses([application_id])[application_id]


def application_statuses(application_ids: Iterable[UUID] | None = None) -> dict[UUID, dict[str, Any]]:
    """Return the status of these applications, or of all that are not deleted; in four queries."""
    applications = Application.objects.filter(deleted_at=None)
    if application_ids is not None:
        applications = Application.objects.filter(pk__in=list(application_ids))
    return statuses_of(applications)


def statuses_of(applications: Iterable[Application]) -> dict[UUID, dict[str, Any]]:
    """Return the status of applications that were read already; in three queries."""
    found = list(applications)
    ids = [each.pk for each in found]
    health = Health.objects.in_bulk(ids, field_name="application_id")
    counts = _counts(ids)
    unfolded = Pending.objects.aggregate(entries=Count("entry_id", distinct=True))["entries"]
    return {
        each.pk: _status(each, health.get(each.pk), counts.get(each.pk, Counter()), unfolded)
        for each in found
    }


def _counts(application_ids: list[UUID]) -> dict[UUID, Counter[str]]:
    counts: dict[UUID, Counter[str]] = {}
    links = Link.objects.filter(application_id__in=application_ids)
    rows = links.values_list("application_id", "state").annotate(count=Count("id")).order_by()
    for application, state, count in rows:
        counts.setdefault(application, Counter())[state] = count
    return counts


def _status(
    application: Application, health: Health | None, counts: Counter[str], unfolded: int
) -> dict[str, Any]:
    state, reason = _state(application, health)
    links = {name: counts[name] for name in Link.State.values}
    links["due"] += unfolded
    return {
        "state": state,
        "reason": reason,
        "mode": application.mode,
        "last_contact": health.last_contact if health and health.last_contact else None,
        **links,
    }


def _state(application: Application, health: Health | None) -> tuple[str, str]:
    if application.paused:
        return "paused", application.paused_reason
    if health is not None and health.state != Health.State.WELL:
        return health.state, health.reason
    return "well", OBSERVED if application.mode == Application.Mode.OBSERVE else ""


def work_remaining(application_id: UUID) -> int:
    """Return how many links and changes still wait for the engine."""
    due: int = application_status(application_id)["due"]
    return due
