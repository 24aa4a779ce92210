"""Findings in the database: what a scan found is laid over what was found before."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef

from provisor.provisioning.drift.scans import Progress
from provisor.provisioning.keys import Key, to_uuid
from provisor.provisioning.models import Finding, Link

#: Whether anything is there that a scan may change: most scans find nothing, and have nothing to settle.
STANDS = """
SELECT 1 FROM provisioning_finding
WHERE application_id = %s AND kind = %s AND state IN ('open', 'ignored', 'corrected') LIMIT 1
"""

#: Rows of one kind of finding in one application; what is beyond is counted only.
MOST = 2_000
#: Characters of a value that is shown.
VALUE_CAP = 300

NOT_KEPT = "It was sent once more after an earlier scan, and is otherwise again: the application seems to keep its own."

#: Findings that a scan may still change.
STANDING = (Finding.State.OPEN, Finding.State.IGNORED, Finding.State.CORRECTED)


@dataclass(slots=True, kw_only=True)
class Found:
    """One thing that a scan has found just now."""

    what: str
    kind: str
    remote_id: str
    link_id: int | None = None
    local_id: Key | None = None
    name: str = ""
    match: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    state: str = Finding.State.OPEN
    reason: str = ""

    @property
    def digest(self) -> str:
        """What a person's decision about it counts for."""
        shown = orjson.dumps([self.what, self.detail], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(shown).hexdigest()[:32]


def standing(application: Key, kind: str, remote_ids: Collection[str]) -> dict[tuple[str, str], Finding]:
    """Return what is known already of these resources, by their id and what it is."""
    rows = Finding.objects.filter(application_id=to_uuid(application), kind=kind, remote_id__in=remote_ids)
    return {(row.remote_id, row.what): row for row in rows}


def store(application: Key, found: Sequence[Found], progress: Progress, *, now: int) -> None:
    """Lay what was found over what is known; what a person ignored stays ignored while it is the same."""
    if not found:
        return
    known = standing(application, found[0].kind, {one.remote_id for one in found})
    fresh: list[Finding] = []
    for one in found:
        progress.count(one.what)
        row = known.get((one.remote_id, one.what))
        if row is not None:
            _renew(row, one, now)
        elif progress.totals[one.what] <= MOST:
            fresh.append(_row(application, one, now))
    Finding.objects.bulk_create(fresh)


def _row(application: Key, one: Found, now: int) -> Finding:
    return Finding(
        application_id=to_uuid(application),
        kind=one.kind,
        what=one.what,
        remote_id=one.remote_id,
        link_id=one.link_id,
        local_id=None if one.local_id is None else to_uuid(one.local_id),
        match=one.match,
        name=one.name,
        detail=one.detail,
        digest=one.digest,
        state=one.state,
        reason=one.reason,
        found_at=now,
        seen_at=now,
    )


def _renew(row: Finding, one: Found, now: int) -> None:
    same = row.digest == one.digest
    row.seen_at = now
    if row.state == Finding.State.REMOVING or (same and row.state == Finding.State.IGNORED):
        row.save(update_fields=["seen_at"])
        return
    if row.state != Finding.State.OPEN:
        row.found_at, row.decided_at, row.decided_by = now, None, ""
    row.link_id, row.name, row.detail, row.digest = one.link_id, one.name, one.detail, one.digest
    row.local_id = None if one.local_id is None else to_uuid(one.local_id)
    row.match, row.state, row.reason = one.match, one.state, one.reason
    row.save()


def _stands(application: Key, kind: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(STANDS, [application, kind])
        return cursor.fetchone() is not None


def settle_links(application: Key, kind: str, links: Collection[int], whats: Iterable[str], now: int) -> None:
    """These links were looked at, and nothing of this kind was found any more."""
    if not _stands(application, kind):
        return
    rows = Finding.objects.filter(application_id=to_uuid(application), kind=kind, link_id__in=links)
    rows.filter(what__in=list(whats), state__in=STANDING).update(
        state=Finding.State.GONE, decided_at=now, decided_by=""
    )


def settle_unknown(application: Key, kind: str, remote_ids: Collection[str], now: int) -> None:
    """These resources belong to a link by now."""
    if not _stands(application, kind):
        return
    rows = Finding.objects.filter(
        application_id=to_uuid(application), kind=kind, what=Finding.What.UNKNOWN, remote_id__in=remote_ids
    )
    rows.filter(state__in=STANDING).update(state=Finding.State.GONE, decided_at=now, decided_by="")


def settle_unseen(application: Key, kind: str, *, since: int, now: int) -> None:
    """A complete list did not hold these any more: what nobody knew is gone."""
    if not _stands(application, kind):
        return
    rows = Finding.objects.filter(
        application_id=to_uuid(application), kind=kind, what=Finding.What.UNKNOWN, seen_at__lt=since
    )
    rows.filter(state__in=STANDING).update(state=Finding.State.GONE, decided_at=now, decided_by="")


def settle_unlinked(application: Key, kind: str, now: int) -> None:
    """The links of these are not there any more: the account was taken away since, and nothing is left to correct."""
    if not _stands(application, kind):
        return
    rows = Finding.objects.filter(application_id=to_uuid(application), kind=kind, link_id__isnull=False)
    links = Link.objects.filter(application_id=to_uuid(application), pk=OuterRef("link_id"))
    rows.filter(~Exists(links), state__in=STANDING).update(
        state=Finding.State.GONE, decided_at=now, decided_by=""
    )


def shown(value: Any) -> Any:
    """Return a value as it is kept to be shown: capped, so that a hostile one stays small."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = text.replace("\x00", "\ufffd")
    if len(text) <= VALUE_CAP:
        return value if not isinstance(value, str) else text
    return f"{text[:VALUE_CAP]}…"
