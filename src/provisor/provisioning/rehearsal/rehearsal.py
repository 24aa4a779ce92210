"""The rehearsal: what a change would do in every application, and nothing written, here or there.

The change is made, folded and planned by the code of the real thing, within a transaction that is rolled back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from provisor.applications.lookup import live_applications
from provisor.applications.models import Application
from provisor.audit import chain
from provisor.directory.models import JournalEntry
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.keys import Key, to_uuid
from provisor.provisioning.rehearsal.rehearsal_count import Crowd, counted, touched
from provisor.provisioning.rehearsal.rehearsal_difference import Difference
from provisor.provisioning.rehearsal.rehearsal_links import Moment, Reader
from provisor.provisioning.rehearsal.rehearsal_reach import Counts, Named, Reach, Rehearsal, rehearsal_of
from provisor.provisioning.rehearsal.rehearsal_words import sentence

__all__ = ["Counts", "Named", "Reach", "Rehearsal", "rehearse", "sentence"]

#: Accounts, over all applications, that are planned one by one. A change that may reach more of them is counted.
LIMIT = 1_000
#: Names that are kept of each count of an application.
DETAIL = 50

#: An application with how it stood after the change and before it.
Stood = tuple[Application, Moment, Moment]


@dataclass(slots=True)
class _Seen:
    """What came of the change while it lasted. Where `crowd` says how many it may reach, nothing was read."""

    returned: object
    afters: list[tuple[Application, Moment]] = field(default_factory=list)
    crowd: Crowd = field(default_factory=dict)


def rehearse(change: Callable[[], object], *, detail: int = DETAIL, limit: int = LIMIT) -> Rehearsal:
    """Make a change, see what it would do in the applications, and take it back; returns what it would do.

    `change` calls services of the directory or of the applications, one or many. `detail` is how many names are kept
    of each count. A change that may reach more than `limit` accounts is neither folded nor planned: then `reached`
    says of how many accounts at most it changes anything, `planned` is 0, and all other counts are.

    Counted is the difference: what a pass would do after the change and would not have done before. Changes of
    others that wait for the fold or a pass count for the brake, and are not counted themselves.

    Whatever `change` raises goes through, after everything was taken back. Nothing of it is announced: no hook of a
    commit runs. On PostgreSQL sequences keep their gaps.

    While the change is made and folded, other writers wait: SQLite has one write lock, and PostgreSQL the turn of the
    audit chain. That is what `limit` bounds, and why a change that takes long by itself should not be given at all:
    see `rehearsal_count.crowded`. Planning of attributes comes after it. The number of queries grows with the
    applications that are reached, not with the people.
    """
    stood, seen = _rehearsed(change, limit)
    if seen.crowd:
        return counted(seen.crowd, seen.returned)
    reaches = [Difference(application, before, after, detail).reach() for application, after, before in stood]
    reaches = [reach for reach in reaches if reach.touched or reach.problem]
    reaches.sort(key=lambda reach: reach.name.casefold())
    return rehearsal_of(tuple(reaches), seen.returned)


def _rehearsed(change: Callable[[], object], limit: int) -> tuple[list[Stood], _Seen]:
    """Read the two moments; everything is rolled back."""
    moment = now()
    with transaction.atomic(), connection.cursor() as cursor:
        # The change's own turn, taken early: nothing of others comes between the two folds.
        chain.lock()
        fold(moment)
        seen = _after(cursor, change, limit, moment)
        stood = _before(cursor, seen.afters, moment)
        transaction.set_rollback(True)
    return stood, seen


def _after(cursor: Any, change: Callable[[], object], limit: int, moment: int) -> _Seen:
    floor = JournalEntry.objects.aggregate(last=Max("id", default=0))["last"]
    with transaction.atomic():
        seen = _Seen(change())
        crowd = touched(cursor)
        if sum(crowd.values()) > limit:
            seen.crowd = crowd
        else:
            applications = _applications(fold(moment))
            read = Reader(cursor, applications, moment)
            seen.afters = [(each, read.after(each, floor)) for each in applications]
        transaction.set_rollback(True)
    return seen


def _before(cursor: Any, afters: list[tuple[Application, Moment]], moment: int) -> list[Stood]:
    applications = live_applications().in_bulk([each.id for each, _ in afters])
    read = Reader(cursor, list(applications.values()), moment)
    return [(each, after, read.before(applications.get(each.id), after)) for each, after in afters]


def _applications(found: frozenset[Key]) -> list[Application]:
    known = live_applications().prefetch_related("capabilities")
    return list(known.filter(id__in=[to_uuid(key) for key in found]).order_by("id"))
