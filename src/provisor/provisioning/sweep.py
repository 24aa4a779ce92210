"""The sweep: which applications have something due now, whatever wake-up was lost (design, section 3)."""

from dataclasses import dataclass

from django.db import connection

from provisor.directory.models import Pending
from provisor.provisioning.keys import Key
from provisor.provisioning.models import Run

#: Every application with what a pass of it depends on, and whether anything can be done for it now.
LOOK = """
SELECT a.id, a.version, (NOT a.paused AND a.mode = 'enforce'),
    COALESCE(h.not_before, 0) <= %s AND (
        EXISTS (SELECT 1 FROM provisioning_link l
                WHERE l.application_id = a.id AND l.state = 'due' AND l.not_before <= %s AND l.intent IS NULL)
        OR EXISTS (SELECT 1 FROM provisioning_link l WHERE l.application_id = a.id AND l.intent IS NOT NULL)
        OR EXISTS (SELECT 1 FROM provisioning_link l
                   WHERE l.application_id = a.id AND l.state = 'missing' AND l.remote_id IS NOT NULL))
FROM applications_application a
LEFT JOIN provisioning_health h ON h.application_id = a.id
WHERE a.deleted_at IS NULL
"""

#: A run that was asked for when nothing was due has nothing to do.
FINISH_IDLE_RUNS = """
UPDATE provisioning_run SET state = 'finished', started_at = %s, finished_at = %s
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
    #: Applications that may be written to.
    allowed: frozenset[Key]
    #: Applications with something to do now.
    due: tuple[Key, ...]


def sweep(*, now: int) -> Sweep:
    """Look which applications have work; `now` in Unix milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [now, now])
        rows = cursor.fetchall()
    seen = Sweep(
        versions={row[0]: row[1] for row in rows},
        allowed=frozenset(row[0] for row in rows if row[2]),
        due=tuple(row[0] for row in rows if row[2] and row[3]),
    )
    if Run.objects.filter(state=Run.State.REQUESTED).exists() and not Pending.objects.exists():
        _finish_requests(seen, now)
    return seen


def _finish_requests(seen: Sweep, now: int) -> None:
    """End the runs that were asked for and have nothing to wait for."""
    with connection.cursor() as cursor:
        for key in seen.versions:
            if key not in seen.allowed:
                cursor.execute(STOP_RUNS, [now, NOT_ALLOWED, key])
            elif key not in seen.due:
                cursor.execute(FINISH_IDLE_RUNS, [now, now, key])
