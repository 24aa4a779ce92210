"""A restore from a backup: everything is paused and in doubt until an administrator resumes (engine.md, section 10).

The database then knows less than was sent. It is recognised by a mark beside it: a file that says how many acts the
audit record had and how many passes were begun. Neither number ever falls, except by a restore.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog
from django.db import connection
from django.db.models import Sum

from provisor.applications.changes import record_application, save_counted
from provisor.applications.credentials import distrust
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.models import AuditEntry, AuditHead
from provisor.directory.changes import change
from provisor.notices import outbox
from provisor.provisioning.models import Link, LinkMember
from provisor.provisioning.store import Store

log = structlog.get_logger(__name__)

#: Seconds between two marks.
MARK_EVERY = 5.0
#: Links put in doubt by one statement.
AT_ONCE = 500

REASON = "The database was restored from a backup, so what was sent since then is not known here."
TOLD = (
    "{count} paused. What was sent since the backup was made is not known, so each account is read back before it is "
    "written to. Look at each application, then resume it."
)
DOUBT = "UPDATE provisioning_link SET doubt = %s WHERE id = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a database is. `origin` tells databases apart: the digest of the first audit entry."""

    origin: str
    acts: int
    passes: int

    def is_behind(self, former: "Mark") -> bool:
        """Whether this is the same database as `former`, at an earlier time."""
        return self.origin == former.origin and (self.acts < former.acts or self.passes < former.passes)


class MarkFile:
    """The mark as a file beside the database; `path` may not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: Mark | None = None

    def read(self) -> Mark | None:
        """The mark that was kept last; None when there is none that can be read."""
        try:
            return Mark(**json.loads(self._path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def keep(self) -> None:
        """Write down how far the database is, if that has changed. Replaces the file as a whole."""
        mark = current_mark()
        if mark is None or mark == self._kept:
            return
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(mark)))
        fresh.replace(self._path)
        self._kept = mark

    async def keep_forever(self, store: Store) -> None:
        """Keep the mark until the task is cancelled."""
        while True:
            try:
                await store.run(self.keep)
            except Exception:
                log.exception("engine.mark_failed")
            await asyncio.sleep(MARK_EVERY)


def current_mark() -> Mark | None:
    """How far the database is; None while nothing was ever done in it."""
    origin = AuditEntry.objects.order_by("id").values_list("digest", flat=True).first()
    if origin is None:
        return None
    acts = AuditHead.objects.values_list("entries", flat=True).first() or 0
    passes = Application.objects.aggregate(passes=Sum("epoch"))["passes"] or 0
    return Mark(origin=origin, acts=acts, passes=passes)


def notice_restore(file: MarkFile, *, now: Callable[[], int]) -> bool:
    """At the start of an engine: if the database is older than its mark, pause everything. Returns whether it was."""
    former, current = file.read(), current_mark()
    restored = former is not None and current is not None and current.is_behind(former)
    if restored:
        after_restore(now(), actor=SYSTEM)
    file.keep()
    return restored


def after_restore(now: int, *, actor: Actor) -> int:
    """Pause every application, and put everything in doubt that was ever sent to one; returns how many were paused."""
    with change():
        applications = list(Application.objects.select_for_update().filter(deleted_at=None))
        for application in applications:
            distrust(application, REASON)
            save_counted(application)
            after = {"paused": True, "paused_reason": application.paused_reason, "unverified": True}
            record_application("application.paused", application, actor=actor, after=after)
        _doubt_links()
        LinkMember.objects.exclude(remote_id=None).update(doubt=True, due=True)
        count = "1 application is" if len(applications) == 1 else f"{len(applications)} applications are"
        outbox.begin("restored", TOLD.format(count=count), now=now, about=str(now))
    return len(applications)


def _doubt_links() -> None:
    """What was acknowledged may have been changed since: every value is read back, even where nothing seems to differ."""
    rows = []
    for link, sent in _acknowledged():
        rows.append((json.dumps({"paths": sorted({*sent, "active"} if sent else {"active"})}), link))
        if len(rows) == AT_ONCE:
            _store(rows)
            rows = []
    _store(rows)


def _acknowledged() -> Iterator[tuple[int, dict[str, object] | None]]:
    links = Link.objects.filter(in_scope=True, kind="user", intent__isnull=True, doubt__isnull=True)
    yield from links.exclude(remote_id=None).values_list("id", "sent").iterator(chunk_size=AT_ONCE)


def _store(rows: list[tuple[str, int]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(DOUBT, rows)
