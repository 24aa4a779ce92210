"""The hash chain of the audit entries: what a digest covers, and where the chain ends."""

import hashlib
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from provisor.audit.models import AuditEntry, AuditHead

#: Stands before the first entry.
GENESIS = "0" * 64

_encoder = DjangoJSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class OutsideTransactionError(RuntimeError):
    """An audit entry was asked for outside a transaction: the act could be kept and its entry lost (R18)."""


def canonical(value: Any) -> str:
    """JSON with sorted keys and no white space; dates, UUIDs and decimals as text."""
    return _encoder.encode(value)


def payload_digest(salt: bytes, subject_label: str, text: str) -> str:
    """SHA-256, in hex, over the salt, the subject's name and the canonical JSON of before and after."""
    return hashlib.sha256(salt + canonical([subject_label, text]).encode()).hexdigest()


def entry_digest(entry: AuditEntry) -> str:
    """SHA-256, in hex, over the digest before and everything of the entry that is never erased."""
    return digest_of(
        entry.previous_digest,
        entry.at,
        (
            entry.actor_kind,
            entry.actor_id,
            entry.actor_label,
            entry.act,
            entry.subject_id,
            entry.payload_digest,
        ),
    )


def digest_of(previous: str, at: datetime, fields: tuple[str, ...]) -> str:
    """As `entry_digest`, from plain values; `fields` in the order named there."""
    text = canonical([at.astimezone(UTC).isoformat(timespec="microseconds"), *fields])
    return hashlib.sha256((previous + text).encode()).hexdigest()


def lock() -> None:
    """Wait for this transaction's turn to write; held until it ends.

    SQLite's write lock (BEGIN IMMEDIATE) has done that already. On PostgreSQL the row of `AuditHead` is locked.
    Raises `OutsideTransactionError`.
    """
    if not connection.in_atomic_block:
        raise OutsideTransactionError("An audit entry can only be written inside the transaction of its act.")
    if connection.features.has_select_for_update:
        head()


class Head(NamedTuple):
    """Where the chain ends: the last digest, and how many entries there are."""

    digest: str
    entries: int


def head() -> Head:
    """Return the end of the chain, locked for this transaction where the database has row locks."""
    return _read_head() or _first_head()


def _read_head() -> Head | None:
    # Plain SQL: this is read and written with every act, and the ORM would double what an entry costs.
    sql = "SELECT digest, entries FROM audit_head WHERE id = 1"
    with connection.cursor() as cursor:
        cursor.execute(sql + (" FOR UPDATE" if connection.features.has_select_for_update else ""))
        row = cursor.fetchone()
    return Head(*row) if row else None


def _first_head() -> Head:
    AuditHead.objects.bulk_create([AuditHead(id=1, digest=GENESIS)], ignore_conflicts=True)
    found = _read_head()
    assert found is not None
    return found


def advance(digest: str, entries: int) -> None:
    """Set the end of the chain, which this transaction holds locked."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_head SET digest = %s, entries = %s WHERE id = 1", [digest, entries])
