"""The jobs of the workers on PostgreSQL, and the acts that wake them. Procrastinate places them, one at a time each.

A job says only where to look. What is due is in the tables, so a job that is lost, or that comes twice, does no harm.
`lock` keeps two jobs of one application from running at once, `queueing_lock` keeps a second wake-up from waiting.
Imported only where the database is PostgreSQL.
"""

from typing import Final, Protocol, cast
from uuid import UUID

from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.job_context import JobContext

from provisor.provisioning.keys import Key, to_uuid

#: Seconds between two signs of life of a worker, and after which one without a sign has lost what it was doing.
SIGN_EVERY: Final = 1.0
STALLED_AFTER: Final = 5.0
LOOK: Final = "look"
RECONCILE: Final = "reconcile"

#: Locks of jobs that wait, and of those that run.
_JOBS = "SELECT status::text, lock FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
_LIVE = """
SELECT EXISTS (SELECT 1 FROM procrastinate_workers
               WHERE last_heartbeat > now() - make_interval(secs => %s))
"""
#: An application that nobody works on waits for a free place.
_OTHERS_WAIT = """
SELECT EXISTS (
    SELECT 1 FROM procrastinate_jobs w WHERE w.status = 'todo' AND w.task_name = %s AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs d WHERE d.status = 'doing' AND d.lock = w.lock))
"""


class Worker(Protocol):
    """Who does the jobs."""

    async def look(self) -> None: ...

    async def run_pass(self, application_id: UUID) -> None: ...


@app.task(name=LOOK, pass_context=True)
async def look(context: JobContext) -> None:
    """Fold what is pending, and wake the applications that have something due."""
    await _worker_of(context).look()


@app.task(name=RECONCILE, pass_context=True)
async def run_pass(context: JobContext, application_id: str) -> None:
    """Run a pass of an application."""
    await _worker_of(context).run_pass(UUID(application_id))


def _worker_of(context: JobContext) -> Worker:
    return cast("Worker", context.additional_context["worker"])


def wake_look() -> bool:
    """Let some worker look at the tables soon; false when one will do so already.

    In a transaction the wake-up is committed, or taken back, with everything else.
    """
    try:
        with transaction.atomic():
            look.configure(lock=LOOK, queueing_lock=LOOK, priority=1).defer()
    except AlreadyEnqueued:
        return False
    return True


def wake(key: Key) -> bool:
    """Let some worker run a pass of an application; false when one waits already. As `wake_look`."""
    application, lock = str(to_uuid(key)), _lock_of(key)
    try:
        with transaction.atomic():
            run_pass.configure(lock=lock, queueing_lock=lock).defer(application_id=application)
    except AlreadyEnqueued:
        return False
    return True


def wake_all(due: tuple[Key, ...], touched: frozenset[Key]) -> int:
    """Wake applications that have something due; returns how many jobs there are now more.

    Where a pass is under way, it sees for itself what becomes due; only if the fold has just touched the application
    it is certain to be looked at once more.
    """
    if not due:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_JOBS)
        rows = cursor.fetchall()
    waiting = {lock for status, lock in rows if status == "todo"}
    running = {lock for status, lock in rows if status == "doing"}
    sleeping = [
        key
        for key in due
        if (lock := _lock_of(key)) not in waiting and (lock not in running or key in touched)
    ]
    return sum(wake(key) for key in sleeping)


def others_wait() -> bool:
    """Whether an application waits because every worker has its hands full."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS_WAIT, [RECONCILE])
        return bool(cursor.fetchone()[0])


def a_worker_lives() -> bool:
    """Whether any worker has lately given a sign of life."""
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, [STALLED_AFTER])
        return bool(cursor.fetchone()[0])


def _lock_of(key: Key) -> str:
    return f"application:{to_uuid(key)}"
