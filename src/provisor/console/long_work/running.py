"""Doing long work beside the answers: in a thread of this process, with progress that any page can show."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, close_old_connections, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from provisor.access.models import Account
from provisor.console.models import Work
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.ending import ending

#: Days for which finished work can still be looked at.
KEPT_DAYS: Final = 30
#: Seconds between two writes of the progress.
WRITTEN_EVERY: Final = 0.5
#: How often the end of a work is tried to be written while the database is locked, and the seconds between.
_ENDINGS: Final = 30
_PAUSE: Final = 1.0

#: Names this process: what another one left running is over.
PROCESS: Final = uuid4().hex

_log = structlog.get_logger(__name__)


class Stopped(Exception):  # noqa: N818 - nothing broke: a person asked for it
    """A person asked the work to stop; it leaves what it has done as it is, or rolls it back, whichever it promised."""


class Progress:
    """How far a work is. Call it with what is done and the total; it raises `Stopped` when a person asked for that."""

    def __init__(self, work_id: UUID) -> None:
        self.work_id = work_id
        self.done = 0
        self.total = 0
        self.stop_asked = threading.Event()
        self._written = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Note the counts; `total` 0 while it is not known. Raises `Stopped`."""
        self.done, self.total = done, total
        if self.stop_asked.is_set() or ending.is_set():
            raise Stopped
        now = time.monotonic()
        if now - self._written >= WRITTEN_EVERY and not _in_transaction():
            self._written = now
            self._write()

    def _write(self) -> None:
        """A locked database is no reason to fail: the counts are in memory too, and the next call writes them."""
        try:
            Work.objects.filter(id=self.work_id, state=Work.State.RUNNING).update(
                done=self.done, total=self.total
            )
        except DatabaseError:
            _log.info("work.progress_not_written", work=str(self.work_id))


def _in_transaction() -> bool:
    """Inside one, nobody else would see the counts, and they would be rolled back with it."""
    return bool(transaction.get_connection().in_atomic_block)


#: What the work is: called with its progress, returns the result for its page (see `results.result`).
Function: TypeAlias = Callable[[Progress], dict[str, Any]]

#: The works of this process.
_progress: dict[UUID, Progress] = {}


def start(kind: str, title: str, account: Account, order: dict[str, Any], function: Function) -> Work:
    """Begin a work and return its row; `function` runs in a thread of this process.

    `order` says what was asked, without secrets. A refusal of a room below that `function` raises is a failure with
    its sentence. Works that ended more than `KEPT_DAYS` ago are deleted.
    """
    _forget_old()
    work = Work(
        kind=kind, title=title, account=account, order=order, process=PROCESS, started_at=timezone.now()
    )
    progress = _progress[work.id] = Progress(work.id)
    try:
        work.save(force_insert=True)
    except BaseException:
        del _progress[work.id]
        raise
    threading.Thread(target=_run, args=(progress, function), name=f"work-{work.id}", daemon=True).start()
    return work


def _forget_old() -> None:
    oldest = timezone.now() - timedelta(days=KEPT_DAYS)
    Work.objects.filter(started_at__lt=oldest).exclude(state=Work.State.RUNNING).delete()


def stop(work_id: UUID) -> bool:
    """Ask a work of this process to stop; return whether it was running. It ends at its next step."""
    progress = _progress.get(work_id)
    if progress is not None:
        progress.stop_asked.set()
    return progress is not None


def progress_of(work_id: UUID) -> Progress | None:
    """Return how far the work is now, if it runs in this process."""
    return _progress.get(work_id)


def _run(progress: Progress, function: Function) -> None:
    close_old_connections()
    try:
        _finish(progress, **_ended(progress, function))
    finally:
        _progress.pop(progress.work_id, None)
        connections.close_all()


def _ended(progress: Progress, function: Function) -> dict[str, Any]:
    """Do the work; return what its row shall say of the end."""
    try:
        return {"state": Work.State.FINISHED, "result": function(progress)}
    except Stopped:
        if ending.is_set() and not progress.stop_asked.is_set():
            return {"state": Work.State.FAILED, "message": restarted(progress.done, progress.total)}
        return {"state": Work.State.STOPPED, "stop_asked": True}
    except REFUSALS as refusal:
        return {"state": Work.State.FAILED, "message": sentence_of(refusal)}
    except Exception:  # noqa: BLE001 - the page must say that it ended, whatever ended it
        _log.exception("work.failed", work=str(progress.work_id))
        message = _(
            "It failed because of a fault in Provisor; the log of the service says which. Start it again."
        )
        return {"state": Work.State.FAILED, "message": message}


def _finish(progress: Progress, **end: Any) -> None:
    """Write the end, however long another writer holds the database."""
    values = {"done": progress.done, "total": progress.total, "ended_at": timezone.now(), **end}
    for left in reversed(range(_ENDINGS)):
        try:
            Work.objects.filter(id=progress.work_id, state=Work.State.RUNNING).update(**values)
        except DatabaseError:
            if not left:
                _log.exception("work.end_not_written", work=str(progress.work_id))
                return
            connections.close_all()
            time.sleep(_PAUSE)
        else:
            return


def restarted(done: int, total: int) -> str:
    """Say that the process of a work ended before the work did."""
    if not total:
        return _("The service was restarted before it was done. Start it again.")
    counts = {"done": f"{done:,}", "total": f"{total:,}"}
    return _("The service was restarted; %(done)s of %(total)s were done. Start it again.") % counts
