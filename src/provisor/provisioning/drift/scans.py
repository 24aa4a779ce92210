"""Scans in the database: asked for by a person or by the schedule, taken by a pass, continued by the next one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max

from provisor.applications.models import Application
from provisor.applications.shapes import DEFAULT_DRIFT
from provisor.audit.actor import Actor
from provisor.audit.record import record as record_act
from provisor.directory import journal
from provisor.directory.changes import change
from provisor.provisioning.clock import now as clock_now
from provisor.provisioning.homes.turns import lock_application
from provisor.provisioning.keys import Key, to_uuid
from provisor.provisioning.models import Finding, Link, Scan
from provisor.provisioning.operations import OperationRefused
from provisor.scim.paging import BEGINNING, Position

OPEN = (Scan.State.REQUESTED, Scan.State.RUNNING)
#: Milliseconds.
HOUR = 3_600_000
MINUTE = 60_000
#: A scan that could not be finished within a day says nothing about that day any more.
LONGEST = 24 * HOUR
#: How many ended scans of an application are kept.
KEPT = 20

TOO_LONG = (
    "It could not be finished within 24 hours, so it was given up. What was found until then is listed."
)
STOPPED = "Stopped by {name}."
PAUSED = "{name} is paused, so nothing is asked of it either. Resume it, then scan."

#: Whether a pass has something to do beside its links: a scan, or a removal that a person asked for.
ASKED = """
SELECT EXISTS (SELECT 1 FROM provisioning_scan s
               WHERE s.application_id = %s AND s.state IN ('requested', 'running'))
    OR EXISTS (SELECT 1 FROM provisioning_finding f JOIN applications_application a ON a.id = f.application_id
               WHERE f.application_id = %s AND f.state = 'removing' AND a.mode = 'enforce')
"""
#: When this process last looked at the schedule.
_LOOKED = {"at": -MINUTE}


@dataclass(slots=True, kw_only=True)
class Progress:
    """A scan that a pass has taken, as far as it is."""

    id: UUID
    started_at: int
    kind: str
    position: Position
    lists: dict[str, Any] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    #: It was begun in an earlier pass.
    resumed: bool = False

    def count(self, name: str, number: int = 1) -> None:
        self.totals[name] = self.totals.get(name, 0) + number


def announce() -> None:
    """Wake the engine once the transaction is committed."""
    transaction.on_commit(lambda: journal.changed.send(sender=Link), robust=True)


def drift_settings(application: Application) -> dict[str, Any]:
    """`{every, on_difference, on_match}` of an application, complete."""
    return {**DEFAULT_DRIFT, **application.drift}


def request_scan(application_id: UUID, *, actor: Actor) -> Scan:
    """Ask for a scan; one that is asked for or under way already is returned. Raises OperationRefused while paused."""
    with change():
        application = lock_application(application_id)
        if application.paused:
            raise OperationRefused(PAUSED.format(name=application.name))
        scan = Scan.objects.filter(application=application, state__in=OPEN).first()
        if scan is None:
            scan = _ask(application, "request", clock_now(), actor.label)
            record_act(
                actor, "application.scanned", subject_id=str(application_id), subject_label=application.name
            )
        announce()
    return scan


def stop_scan(application_id: UUID, *, actor: Actor) -> None:
    """End a scan that is under way; what it has found stays listed."""
    with change():
        scan = Scan.objects.select_for_update().filter(application_id=application_id, state__in=OPEN).first()
        if scan is None:
            return
        scan.state, scan.finished_at = Scan.State.STOPPED, clock_now()
        scan.reason = STOPPED.format(name=actor.label)
        scan.save()
        name = Application.objects.values_list("name", flat=True).get(pk=application_id)
        record_act(actor, "application.scan_stopped", subject_id=str(application_id), subject_label=name)


def latest_scan(application_id: UUID) -> Scan | None:
    """The scan that was asked for last."""
    return Scan.objects.filter(application_id=application_id).order_by("-id").first()


def _ask(application: Application, trigger: str, now: int, by: str = "") -> Scan:
    return Scan.objects.create(application=application, trigger=trigger, requested_at=now, requested_by=by)


def ask_every_minute(now: int) -> None:
    """Ask for the scans that are due by their schedule; at most one look a minute, whoever calls how often."""
    if abs(now - _LOOKED["at"]) >= MINUTE:
        ask_scheduled(now)
        _LOOKED["at"] = now


def ask_scheduled(now: int) -> None:
    """Ask for a scan of each application whose last one began longer ago than its schedule says."""
    rows = Application.objects.filter(deleted_at=None, paused=False).exclude(drift={}).order_by("id")
    scheduled = [(each, every) for each in rows if (every := each.drift.get("every"))]
    if not scheduled:
        return
    last = dict(
        Scan.objects.filter(application__in=[each for each, _ in scheduled])
        .values_list("application_id")
        .annotate(at=Max("requested_at"))
    )
    for application, every in scheduled:
        if now - last.get(application.pk, -LONGEST * 365) >= every * HOUR:
            with transaction.atomic():
                open_already = Scan.objects.filter(application=application, state__in=OPEN).exists()
                if not open_already:
                    _ask(application, "schedule", now)


def is_asked(key: Key) -> bool:
    """Whether a pass has something to do for this application beside its links."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED, [key, key])
        return bool(cursor.fetchone()[0])


def take_scan(key: Key, *, now: int) -> Progress | None:
    """Take the open scan of an application, from its beginning or from where it was interrupted."""
    with transaction.atomic():
        scan = Scan.objects.select_for_update().filter(application_id=to_uuid(key), state__in=OPEN).first()
        if scan is None:
            return None
        if scan.started_at is not None and now - scan.started_at > LONGEST:
            _end(scan, Scan.State.STOPPED, TOO_LONG, now)
            return None
        resumed = scan.state == Scan.State.RUNNING
        scan.state, scan.started_at = Scan.State.RUNNING, scan.started_at or now
        scan.save()
    held = dict(scan.position)
    kind = held.pop("kind", "user")
    return Progress(
        id=scan.id,
        started_at=scan.started_at,
        kind=kind,
        position=Position(**held) if held else BEGINNING,
        lists=dict(scan.lists),
        totals=dict(scan.totals),
        resumed=resumed,
    )


def keep(progress: Progress) -> bool:
    """Remember how far a scan is; false when a person has stopped it meanwhile. In the caller's transaction."""
    position = {"kind": progress.kind, **asdict(progress.position)}
    kept = Scan.objects.filter(pk=progress.id, state=Scan.State.RUNNING)
    return bool(kept.update(position=position, lists=progress.lists, totals=progress.totals))


def end_scan(progress: Progress, *, state: str, reason: str, now: int) -> None:
    """Write down how a scan ended."""
    with transaction.atomic():
        scan = Scan.objects.select_for_update().get(pk=progress.id)
        if scan.state != Scan.State.RUNNING:
            return
        scan.lists, scan.totals = progress.lists, progress.totals
        _end(scan, state, reason, now)
        _forget_old(scan.application_id)


def _end(scan: Scan, state: str, reason: str, now: int) -> None:
    scan.state, scan.reason, scan.finished_at = state, reason, now
    scan.save()


def _forget_old(application_id: UUID) -> None:
    """Keep the last scans only, and no finding that was settled more than 30 days ago."""
    kept = Scan.objects.filter(application_id=application_id).order_by("-id")[:KEPT]
    Scan.objects.filter(application_id=application_id).exclude(pk__in=[each.pk for each in kept]).delete()


def counts_of(application_id: UUID) -> Mapping[str, int]:
    """Open findings by what they are."""
    rows = Finding.objects.filter(application_id=application_id, state=Finding.State.OPEN)
    return dict(rows.values_list("what").annotate(count=Count("id")).order_by())
