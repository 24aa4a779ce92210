"""The journal of changes, and the rows that tell the fold where to look (engine, section 1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.dispatch import Signal
from django.utils import timezone

from provisor.audit.actor import Actor
from provisor.directory.models import JournalEntry, Pending
from provisor.directory.statements import insert

#: Sent after the commit of every transaction that wrote to the journal. It carries nothing: look at the tables.
changed = Signal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Where the fold shall look: a kind of `Pending.Kind`, the subject, and for `member` and `policy` the other."""

    kind: str
    subject_id: UUID
    other_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry of many: the subject, what changed, and where the fold shall look."""

    subject_id: UUID
    detail: Mapping[str, Any]
    touched: tuple[Touch, ...] = ()


class OutsideTransactionError(RuntimeError):
    """A journal entry was asked for outside the transaction of its change."""


def record(
    event: str,
    *,
    actor: Actor,
    subject_id: UUID,
    detail: Mapping[str, Any] | None = None,
    touched: Iterable[Touch] = (),
) -> JournalEntry:
    """Write one entry with its pending rows, in the transaction of the change; after the commit `changed` is sent.

    `event` is `noun.verb`; `detail` holds JSON values, names as they are now, and never a secret.
    Raises `OutsideTransactionError`.
    """
    _prepare()
    entry = JournalEntry.objects.create(
        at=timezone.now(), event=event, actor=actor.label, actor_kind=actor.kind, actor_id=actor.id,
        subject_id=subject_id, detail=dict(detail or {}),
    )  # fmt: skip
    _touch((entry.id, touch) for touch in touched)
    return entry


def record_many(event: str, *, actor: Actor, lines: Sequence[Line]) -> None:
    """Write one entry for each line, in order, all with the same event and time; else as `record`."""
    _prepare()
    at = timezone.now()
    last = JournalEntry.objects.aggregate(last=Max("id", default=0))["last"]
    who = (actor.label, str(actor.kind), actor.id)
    rows = ((at, event, *who, line.subject_id, dict(line.detail)) for line in lines)
    columns = ("at", "event", "actor", "actor_kind", "actor_id", "subject_id", "detail")
    insert(JournalEntry, columns, rows)
    ours = JournalEntry.objects.filter(id__gt=last, at=at, event=event, actor=actor.label).order_by("id")
    ids = ours.values_list("id", flat=True)
    _touch((entry, touch) for entry, line in zip(ids, lines, strict=True) for touch in line.touched)


def _prepare() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransactionError(
            "A journal entry can only be written inside the transaction of its change."
        )
    transaction.on_commit(_announce, robust=True)


def _touch(touched: Iterable[tuple[int, Touch]]) -> None:
    rows = ((entry, touch.kind, touch.subject_id, touch.other_id) for entry, touch in touched)
    insert(Pending, ("entry_id", "kind", "subject_id", "other_id"), rows)


def _announce() -> None:
    changed.send_robust(sender=JournalEntry)
