"""Writing audit entries: in the act's own transaction, each chained to the one before (R18)."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from provisor.audit import chain
from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry, AuditPayload

_SALT_BYTES = 16
_TEXTS = (
    "actor_kind", "actor_id", "actor_label", "act", "subject_id", "subject_label", "payload_digest", "previous_digest",
    "digest",
)  # fmt: skip
INSERT_ENTRY = f"""
INSERT INTO audit_entry (at, {", ".join(_TEXTS)}) VALUES (%s{", %s" * len(_TEXTS)}) RETURNING id
"""  # noqa: S608 - names of ours
INSERT_PAYLOAD = "INSERT INTO audit_payload (entry_id, salt, text) VALUES (%s, %s, %s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done to what. `act` is `noun.verb`; `before` and `after` hold JSON values, and never a secret."""

    act: str
    subject_id: str = ""
    subject_label: str = ""
    before: Any = None
    after: Any = None


def record(
    actor: Actor,
    act: str,
    *,
    subject_id: object = "",
    subject_label: str = "",
    before: Any = None,
    after: Any = None,
) -> AuditEntry:
    """Add one entry to the chain; `before` and `after` are JSON values, and never hold a secret.

    Raises `OutsideTransactionError` outside a transaction: no act without its entry, no entry without its act.
    """
    one = Act(act=act, subject_id=str(subject_id), subject_label=subject_label, before=before, after=after)
    return record_many(actor, [one])[0]


def record_many(actor: Actor, acts: Sequence[Act]) -> list[AuditEntry]:
    """Add several entries at once, in order. Same rules as `record`."""
    chain.lock()
    if not acts:
        return []
    head = chain.head()
    at = timezone.now()
    payloads = [_payload(act) for act in acts]
    entries = list(_chained(actor, at, head.digest, zip(acts, payloads, strict=True)))
    _store(entries, payloads)
    chain.advance(entries[-1].digest, head.entries + len(entries))
    return entries


def _store(entries: list[AuditEntry], payloads: list[AuditPayload]) -> None:
    # Plain SQL where there is one, which is the usual number: the ORM would double what an entry costs.
    if len(entries) == 1:
        _store_one(entries[0], payloads[0])
        return
    AuditEntry.objects.bulk_create(entries, batch_size=1000)
    for entry, payload in zip(entries, payloads, strict=True):
        payload.entry_id = entry.id
    AuditPayload.objects.bulk_create(payloads, batch_size=1000)


def _store_one(entry: AuditEntry, payload: AuditPayload) -> None:
    at = connection.ops.adapt_datetimefield_value(entry.at)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ENTRY, [at, *(getattr(entry, name) for name in _TEXTS)])
        entry.id = payload.entry_id = int(cursor.fetchone()[0])
        cursor.execute(INSERT_PAYLOAD, [entry.id, bytes(payload.salt), payload.text])


def _payload(act: Act) -> AuditPayload:
    sides = {"before": act.before, "after": act.after}
    text = chain.canonical({side: value for side, value in sides.items() if value is not None})
    return AuditPayload(salt=os.urandom(_SALT_BYTES), text=text)


def _chained(
    actor: Actor, at: datetime, previous: str, acts: Iterable[tuple[Act, AuditPayload]]
) -> Iterable[AuditEntry]:
    for act, payload in acts:
        entry = AuditEntry(
            at=at,
            actor_kind=str(actor.kind),
            actor_id=actor.id,
            actor_label=actor.label,
            act=act.act,
            subject_id=act.subject_id,
            subject_label=act.subject_label,
            payload_digest=chain.payload_digest(bytes(payload.salt), act.subject_label, payload.text or ""),
            previous_digest=previous,
        )
        entry.digest = previous = chain.entry_digest(entry)
        yield entry
