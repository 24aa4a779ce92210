"""The end of a list: who was not in it. Nobody is missing because of a list alone (R16)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from provisor.planning.operation import Kind
from provisor.provisioning.drift import finding_store as findings
from provisor.provisioning.drift.corrections import doubt_missing
from provisor.provisioning.drift.finding_store import Found
from provisor.provisioning.drift.scans import Progress
from provisor.provisioning.homes import epoch
from provisor.provisioning.keys import to_key, to_uuid
from provisor.provisioning.models import Finding, Link
from provisor.provisioning.passes.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A linked resource that a complete list did not hold."""

    link: int
    remote_id: str


def absent_from_list(context: Context, progress: Progress, kind: Kind, most: int) -> list[Absent]:
    """Return linked resources in scope that this scan has not seen, and that were settled before it began."""
    rows = (
        Link.objects.filter(
            application_id=to_uuid(context.key), kind=kind, in_scope=True, state__in=context.settled,
            intent__isnull=True, changed_at__lt=progress.started_at,
        )
        .exclude(remote_id=None)
        .exclude(seen_at__gte=progress.started_at)
        .order_by("id")
    )  # fmt: skip
    return [
        Absent(link=pk, remote_id=str(remote)) for pk, remote in rows.values_list("id", "remote_id")[:most]
    ]


def count_live(context: Context, kind: Kind) -> int:
    """Return how many resources of a kind should be there."""
    rows = Link.objects.filter(application_id=to_uuid(context.key), kind=kind, in_scope=True)
    return rows.exclude(remote_id=None).count()


def note_missing(
    context: Context, progress: Progress, kind: Kind, gone: Sequence[int], *, correct: bool, now: int
) -> None:
    """Store what was confirmed to be gone; with `correct` it is made anew by the ordinary pass."""
    with transaction.atomic(), connection.cursor() as cursor:
        epoch.hold(cursor, context)
        links = Link.objects.select_for_update().filter(pk__in=list(gone), intent__isnull=True)
        rows = [link for link in links if link.in_scope and link.changed_at < progress.started_at]
        found = []
        for link in rows:
            doubt_missing(link, correct=correct, now=now)
            found.append(_found(link, kind, correct=correct))
        findings.store(context.key, found, progress, now=now)
        if correct:
            progress.count("corrected", len(found))


def _found(link: Link, kind: Kind, *, correct: bool) -> Found:
    path = "userName" if kind == "user" else "displayName"
    return Found(
        what=Finding.What.MISSING,
        kind=kind,
        remote_id=str(link.remote_id),
        link_id=link.pk,
        local_id=to_key(link.local_id),
        name=str((link.sent or {}).get(path, "")),
        state=Finding.State.CORRECTED if correct else Finding.State.OPEN,
    )
