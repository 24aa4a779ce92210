"""Checking the chain: an edit, a deletion, a reordering or a truncation shows, and where."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from provisor.audit import chain
from provisor.audit.anchors import Anchor
from provisor.audit.erase import ERASED, entries_named_in
from provisor.audit.models import AuditEntry, AuditHead

#: Told how many entries were read, and of how many; may raise to stop.
Progress = Callable[[int, int], object]

#: Entries between two reports of the progress.
_STEP = 500

_COLUMNS = (
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "act",
    "subject_id",
    "subject_label",
    "payload_digest",
    "previous_digest",
    "digest",
    "payload__salt",
    "payload__text",
    "payload__entry_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What the check found. `problem` is empty when `ok`, else it names the first entry that does not fit."""

    ok: bool
    #: Entries that were read before the end or the problem.
    entries: int
    problem: str = ""
    #: Digest of the last good entry: keep it outside, and give it to a later `verify` as the anchor.
    head: str = chain.GENESIS


class _Row(NamedTuple):
    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    actor_label: str
    act: str
    subject_id: str
    subject_label: str
    payload_digest: str
    previous_digest: str
    digest: str
    salt: bytes | None
    text: str | None
    payload: int | None


@dataclass(slots=True)
class _Walk:
    """Where the check stands."""

    digest: str = chain.GENESIS
    entries: int = 0
    anchored: bool = False
    #: Anchors that were not met yet, by the number of entries that they counted.
    anchors: dict[int, list[Anchor]] = field(default_factory=dict)
    #: Entries without content, until an entry is met that says they were erased.
    bare: set[int] = field(default_factory=set)


def verify(
    *, anchor: str = "", anchors: Iterable[Anchor] = (), progress: Progress | None = None
) -> Verification:
    """Read the whole chain and say whether it is whole.

    `anchors` were noted outside the database by schedule, and `anchor` is the head of an earlier verification: only
    with one of them is a chain recognised that somebody cut off and re-wrote to its end.
    """
    walk = _Walk(anchored=anchor in ("", chain.GENESIS))
    for each in anchors:
        walk.anchors.setdefault(each.entries, []).append(each)
    problem = ""
    total = AuditEntry.objects.count() if progress else 0
    for row in _rows():
        if progress and walk.entries and walk.entries % _STEP == 0:
            progress(walk.entries, max(total, walk.entries))
        problem = _problem_of(row, walk)
        if problem:
            break
        walk.digest, walk.entries = row.digest, walk.entries + 1
        walk.anchored = walk.anchored or row.digest == anchor
        problem = _problem_of_anchors(walk)
        if problem:
            break
    problem = problem or _problem_at_end(walk)
    return Verification(ok=not problem, entries=walk.entries, problem=problem, head=walk.digest)


def _rows() -> Iterator[_Row]:
    rows = AuditEntry.objects.order_by("id").values_list(*_COLUMNS)
    return (_Row(*row) for row in rows.iterator(chunk_size=2000))


def _problem_of(row: _Row, walk: _Walk) -> str:
    if row.previous_digest != walk.digest:
        return (
            f"Entry {row.id} does not follow the entry before it: between the two, entries were removed, "
            "added or put in another order."
        )
    if chain.digest_of(row.previous_digest, row.at, (*row[2:7], row.payload_digest)) != row.digest:
        return f'Entry {row.id} ("{row.act}") was edited after it was written.'
    return _problem_of_payload(row, walk)


def _problem_of_payload(row: _Row, walk: _Walk) -> str:
    if row.payload is None:
        return f'What entry {row.id} ("{row.act}") changed is gone: its payload was removed.'
    if row.act == ERASED:
        walk.bare -= entries_named_in(row.text)
    if row.text is None:
        walk.bare.add(row.id)
        return ""
    if chain.payload_digest(bytes(row.salt or b""), row.subject_label, row.text) != row.payload_digest:
        return f'What entry {row.id} ("{row.act}") changed, or the name of its subject, was edited after it was written.'
    return ""


def _problem_of_anchors(walk: _Walk) -> str:
    for anchor in walk.anchors.pop(walk.entries, ()):
        if anchor.digest != walk.digest:
            return (
                f"Entry number {walk.entries} is not the one that was anchored at {_moment(anchor)}: the record was "
                "re-written since."
            )
    return ""


def _moment(anchor: Anchor) -> str:
    return anchor.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _problem_at_end(walk: _Walk) -> str:
    head = AuditHead.objects.filter(id=1).first()
    expected = head.digest if head else chain.GENESIS
    if expected != walk.digest:
        return f"The chain ends too early: after entry number {walk.entries}, entries were removed."
    missed = [each for some in walk.anchors.values() for each in some if each.entries > walk.entries]
    if missed:
        most = max(missed, key=lambda each: each.entries)
        return (
            f"There are {walk.entries} entries, and at {_moment(most)} there were {most.entries}: the end was cut "
            "off, or an older backup was restored."
        )
    if not walk.anchored:
        return "The anchor is not in the chain: entries were removed or re-written since it was taken."
    if walk.bare:
        return f"The content of entry {min(walk.bare)} was emptied, and no entry says who erased it."
    return ""
