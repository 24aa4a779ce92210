"""The sweep: which applications have something due now, whatever wake-up was lost (design, section 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from provisor.directory.models import Pending
from provisor.provisioning.drift.scans import ask_every_minute
from provisor.provisioning.keys import Key
from provisor.provisioning.passes.delete_after import expire_every_minute

#: Every application with what a pass of it depends on, and whether anything can be done for it now: something is due,
#: or it is unwell and may be probed (`health_record.may_be_tried`).
LOOK = """
SELECT a.id, a.version, a.epoch, (NOT a.paused AND (a.mode = 'enforce' OR s.id IS NOT NULL)),
    (COALESCE(h.not_before, 0) <= %s OR h.version <> a.version)
    AND (COALESCE(h.asked_until, 0) <= %s OR h.asked_at <> a.base_url) AND (
        s.id IS NOT NULL
        OR EXISTS (SELECT 1 FROM provisioning_finding f WHERE f.application_id = a.id AND f.state = 'removing')
        OR COALESCE(h.state, 'well') <> 'well'
        OR EXISTS (SELECT 1 FROM provisioning_link l
                WHERE l.application_id = a.id AND l.state = 'due' AND l.not_before <= %s AND l.intent IS NULL)
        OR EXISTS (SELECT 1 FROM provisioning_link l WHERE l.application_id = a.id AND l.intent IS NOT NULL)
        OR EXISTS (SELECT 1 FROM provisioning_link l
                   WHERE l.application_id = a.id AND l.state = 'missing' AND l.remote_id IS NOT NULL))
FROM applications_application a
LEFT JOIN provisioning_health h ON h.application_id = a.id
LEFT JOIN provisioning_scan s ON s.application_id = a.id AND s.state IN ('requested', 'running')
WHERE a.deleted_at IS NULL
"""

#: What passes that are under way depend on, and whether leavers became due in their application.
CONFIRM = """
SELECT a.id, a.version, a.epoch, (NOT a.paused AND a.deleted_at IS NULL AND (a.mode = 'enforce' OR EXISTS (
        SELECT 1 FROM provisioning_scan s WHERE s.application_id = a.id AND s.state IN ('requested', 'running')))),
    EXISTS (SELECT 1 FROM provisioning_link l WHERE l.application_id = a.id AND l.state = 'due' AND l.phase < 2
            AND l.not_before <= %s AND l.intent IS NULL)
FROM applications_application a WHERE a.id IN ({ids})
"""

#: Whether any application deletes later, whether any may be scanned by a schedule, and whether any run was asked for.
RARE = """
SELECT EXISTS (SELECT 1 FROM applications_application WHERE delete_after_days IS NOT NULL AND deleted_at IS NULL),
    EXISTS (SELECT 1 FROM applications_application
            WHERE CAST(drift ->> 'every' AS INTEGER) > 0 AND deleted_at IS NULL),
    EXISTS (SELECT 1 FROM provisioning_run WHERE state = 'requested')
"""

#: Where nothing may be sent. What is only observed is read by a scan that was asked for.
FORBIDDEN = """
SELECT a.id FROM applications_application a
LEFT JOIN provisioning_scan s ON s.application_id = a.id AND s.state IN ('requested', 'running')
WHERE a.paused OR a.deleted_at IS NOT NULL OR (a.mode <> 'enforce' AND s.id IS NULL)
"""

#: A run that was asked for when nothing was due has nothing to do.
FINISH_IDLE_RUNS = """
UPDATE provisioning_run SET state = 'finished', started_at = COALESCE(started_at, %s), finished_at = %s
WHERE state = 'requested' AND application_id = %s
"""
STOP_RUNS = """
UPDATE provisioning_run SET state = 'stopped', finished_at = %s, reason = %s
WHERE state = 'requested' AND application_id = %s
"""
NOT_ALLOWED = "Nothing was sent: the application is paused, or only observed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What a look at the tables found."""

    #: The version of each application's configuration.
    versions: dict[Key, int]
    #: How often each application was taken for a pass.
    epochs: dict[Key, int]
    #: Applications that may be spoken to: written to, or read by a scan where they are only observed.
    allowed: frozenset[Key]
    #: Applications with something to do now.
    due: tuple[Key, ...]


def sweep(*, now: int) -> Sweep:
    """Look which applications have work; `now` in Unix milliseconds. What has expired by then is work, too."""
    with connection.cursor() as cursor:
        cursor.execute(RARE)
        expiring, scheduled, requested = cursor.fetchone()
        if expiring:
            expire_every_minute(now)
        if scheduled:
            ask_every_minute(now)
        cursor.execute(LOOK, [now, now, now])
        rows = cursor.fetchall()
    seen = _seen(rows)
    if requested and not Pending.objects.exists():
        _finish_requests(seen, now)
    return seen


def confirm(keys: Sequence[Key], *, now: int) -> Sweep:
    """Look at applications whose passes are under way; `due` are those in which leavers became due. Only reads."""
    with connection.cursor() as cursor:
        cursor.execute(CONFIRM.format(ids=", ".join(["%s"] * len(keys)) or "NULL"), [now, *keys])
        return _seen(cursor.fetchall())


def _seen(rows: Sequence[tuple[Any, ...]]) -> Sweep:
    return Sweep(
        versions={row[0]: row[1] for row in rows},
        epochs={row[0]: row[2] for row in rows},
        allowed=frozenset(row[0] for row in rows if row[3]),
        due=tuple(row[0] for row in rows if row[3] and row[4]),
    )


def forbidden() -> frozenset[Key]:
    """Look which applications nothing may be sent to: a read that costs next to nothing."""
    with connection.cursor() as cursor:
        cursor.execute(FORBIDDEN)
        return frozenset(row[0] for row in cursor.fetchall())


def _finish_requests(seen: Sweep, now: int) -> None:
    """End the runs that were asked for and have nothing to wait for."""
    with connection.cursor() as cursor:
        for key in seen.versions:
            if key not in seen.allowed:
                cursor.execute(STOP_RUNS, [now, NOT_ALLOWED, key])
            elif key not in seen.due:
                cursor.execute(FINISH_IDLE_RUNS, [now, now, key])
