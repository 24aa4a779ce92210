"""What the brake stopped: its causes, its people, and whether it is still what was shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, Min, QuerySet

from provisor.console.applications import phrases
from provisor.console.applications.attempts import Cause, causes_of
from provisor.console.applications.named import Named, names_of
from provisor.planning.allowance import WINDOW
from provisor.provisioning.models import Hold, Link

#: Rows that are chosen one by one; each decision is a transaction with its audit entry.
MOST: Final = 500
_CAUSES: Final = 10


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that is held for one reason."""

    reason: str
    count: int
    since: int


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One held operation."""

    hold: Hold
    link: Link | None
    subject: Named | None
    group: Named | None
    act: str
    cause_word: str
    cause: Cause | None

    @property
    def name(self) -> str:
        return self.subject.name if self.subject else str(self.hold.user_id or self.hold.link_id)


def held(application_id: UUID) -> QuerySet[Hold]:
    """Holds that wait for a person."""
    return Hold.objects.filter(application=application_id, state=Hold.State.HELD)


def batches_of(application_id: UUID) -> list[Batch]:
    """The causes with how many operations each stops, the largest first."""
    rows = (
        held(application_id)
        .values_list("reason")
        .annotate(count=Count("id"), since=Min("held_at"))
        .order_by("-count", "reason")[:_CAUSES]
    )
    return [Batch(*row) for row in rows]


def rows_of(holds: Iterable[Hold]) -> list[HoldRow]:
    """Holds with their people and what led to them; three queries for all."""
    kept = list(holds)
    links = Link.objects.in_bulk([each.link_id for each in kept])
    names = names_of([*(each.user_id for each in kept), *(link.local_id for link in links.values())])
    causes = causes_of(each.entry_id for each in kept)
    return [_row(each, links.get(each.link_id), names, causes) for each in kept]


def _row(hold: Hold, link: Link | None, names: dict[UUID, Named], causes: dict[int, Cause]) -> HoldRow:
    own = names.get(link.local_id) if link else None
    member = hold.user_id is not None
    return HoldRow(
        hold=hold,
        link=link,
        subject=names.get(hold.user_id) if hold.user_id else own,
        group=own if member else None,
        act=phrases.held(hold.act),
        cause_word=phrases.cause(hold.cause) if hold.cause else "",
        cause=causes.get(hold.entry_id or 0),
    )


def acts_of(application_id: UUID, reason: str) -> dict[str, int]:
    """How many of each act are held for one reason."""
    rows = (
        held(application_id).filter(reason=reason).values_list("act").annotate(count=Count("id")).order_by()
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Released:
    """What one person released at one time, and is not carried out yet."""

    by: str
    count: int
    #: Unix milliseconds: when it is held again.
    until: int


def released_of(application_id: UUID) -> list[Released]:
    """What was released and is under way, the latest first."""
    found = Hold.objects.filter(application=application_id, state=Hold.State.RELEASED)
    rows = found.values_list("decided_by", "decided_at").annotate(count=Count("id")).order_by("-decided_at")
    return [Released(by, count, at + WINDOW) for by, at, count in rows[:_CAUSES] if at is not None]
