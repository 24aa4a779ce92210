"""Exchanging the key-encryption key while the service runs.

A new key is put before the old one; what is sealed is wrapped anew, a batch in each transaction; the old key goes
when nothing is sealed with it any more. Whatever ends it half-way, the next run goes on: what is left to do is what
is still sealed with another key than the first. Each step is in the audit record before it is taken.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction

from provisor.audit import chain
from provisor.audit.actor import Actor
from provisor.audit.record import record
from provisor.vault import envelope, keys
from provisor.vault.keys import KeyRing, key_id
from provisor.vault.registry import SealedColumn, rows_of, sealed_columns, used_keys

#: Rows that are wrapped anew in one transaction: some milliseconds, in which other writers wait.
BATCH: Final = 200

#: Told how many values are done, and of how many.
Progress = Callable[[int, int], object]


class NothingToRotateError(Exception):
    """Provisor cannot make a key here, and no second one was given. The sentence tells how to give one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """A key by its id: whether it is known here, whether it seals, and how many values it has sealed."""

    id: str
    known: bool
    seals: bool
    sealed: int
    by_column: dict[str, int]


@dataclass(slots=True, kw_only=True)
class Rotation:
    """What an exchange did. `damaged` names values that do not open; while there are any, their key stays."""

    current: str
    rewrapped: int = 0
    dropped: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    #: Values sealed with a key that is not here: nobody can open them.
    lost: int = 0


def status() -> list[KeyUse]:
    """Every key that is known here or that something is sealed with; the one that seals comes first."""
    ring = keys.ring()
    columns = {column.name: column.used_keys() for column in sealed_columns()}
    everywhere: Counter[str] = sum(columns.values(), Counter())
    known = ring.ids
    return [
        KeyUse(
            id=each,
            known=each in known,
            seals=each == known[0],
            sealed=everywhere[each],
            by_column={name: used[each] for name, used in columns.items() if used[each]},
        )
        for each in dict.fromkeys([*known, *sorted(everywhere)])
    ]


def rotate(*, actor: Actor, progress: Progress | None = None) -> Rotation:
    """Exchange the key, or finish an exchange that was begun. Raises NothingToRotateError."""
    _begin(actor)
    ring = keys.ring()
    found = Rotation(current=ring.ids[0])
    total = sum(count for used, count in used_keys().items() if used != found.current)
    for column in sealed_columns():
        for _ in _rewrapped(column, ring, found):
            if progress:
                progress(found.rewrapped, total)
    _finish(found, actor)
    return found


def _begin(actor: Actor) -> None:
    """Put a new key before the old one, unless a second one is there already."""
    source = keys.source()
    with transaction.atomic():
        chain.lock()
        ring = keys.ring()
        if len(ring.keys) > 1:
            record(actor, "keys.rotation_resumed", subject_id=ring.ids[0], after={"keys": ring.ids})
            return
        if not source.writable:
            raise NothingToRotateError(_how_to_give_one(source.name))
        both = (AESGCM.generate_key(bit_length=8 * envelope.KEY_BYTES), *ring.keys)
        after = KeyRing(both).ids
        record(
            actor,
            "keys.rotation_begun",
            subject_id=after[0],
            before={"keys": ring.ids},
            after={"keys": after},
        )
        # The entry first: a key without an entry would be an act without one (R18).
        transaction.on_commit(lambda: source.write(both))


def _how_to_give_one(where: str) -> str:
    return (
        f"The encryption key is given by {where}, which Provisor does not write. Put a second key behind the first, "
        "separated by a space, for every process; then put the new one first; then run this command again. When it "
        "says that nothing uses the old key, take that one away."
    )


def _rewrapped(column: SealedColumn, ring: KeyRing, found: Rotation) -> Iterator[None]:
    """Wrap the column anew, batch by batch, each committed when it is yielded."""
    last = None
    while True:
        with transaction.atomic():
            # Nobody seals meanwhile; who did before we came has committed, and is seen.
            chain.lock()
            rows = _rows_after(column, last)
            for row in rows:
                _rewrap_row(column, row, ring, found)
        if not rows:
            return
        last = rows[-1].pk
        yield


def _rows_after(column: SealedColumn, last: Any) -> list[Any]:
    rows = rows_of(column.model).select_for_update().order_by("pk")
    return list((rows.filter(pk__gt=last) if last is not None else rows)[:BATCH])


def _rewrap_row(column: SealedColumn, row: Any, ring: KeyRing, found: Rotation) -> None:
    held = column.read(row)
    if held is None or held[0] == found.current:
        return
    old = ring.find(held[0])
    if old is None:
        found.lost += 1
        return
    try:
        sealed = envelope.rewrap(old, ring.current, held[1], column.place(row))
    except envelope.AlteredError:
        found.damaged.append(f"{column.name}: {row.pk}")
        return
    column.write(row, found.current, sealed)
    found.rewrapped += 1


def _finish(found: Rotation, actor: Actor) -> None:
    """Drop the old keys that nothing is sealed with any more."""
    source = keys.source()
    with transaction.atomic():
        chain.lock()
        ring, used = keys.ring(), used_keys()
        stay = [key for key in ring.keys if key_id(key) == found.current or used[key_id(key)]]
        found.dropped = [each for each in ring.ids if each not in KeyRing(tuple(stay)).ids]
        found.kept = KeyRing(tuple(stay)).ids[1:]
        record(
            actor,
            "keys.rotation_ended",
            subject_id=found.current,
            before={"keys": ring.ids},
            after={"keys": KeyRing(tuple(stay)).ids, "rewrapped": found.rewrapped},
        )
        if source.writable and found.dropped:
            transaction.on_commit(lambda: source.write(stay))
