"""What this interface asks of the provisioning room about drift, and how it is shown."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from provisor.api.moments import from_milliseconds
from provisor.audit.actor import Actor
from provisor.provisioning.drift import finding_acts
from provisor.provisioning.drift import reassert as reasserting
from provisor.provisioning.drift.scans import latest_scan, request_scan, stop_scan
from provisor.provisioning.models import Finding, Scan

adopt, correct, ignore, remove = (
    finding_acts.adopt, finding_acts.correct, finding_acts.ignore, finding_acts.remove,
)  # fmt: skip

__all__ = [
    "adopt", "adopt_sure", "correct", "finding", "finding_document", "findings", "ignore", "latest_scan", "reassert",
    "remove", "request_scan", "scan_document", "stop_scan",
]  # fmt: skip


def reassert(application_id: UUID, actor: Actor) -> int:
    return reasserting.reassert(application_id, actor=actor)


def adopt_sure(application_id: UUID, actor: Actor) -> dict[str, Any]:
    """`{done, refused}` of adopting all that are surely somebody's in scope."""
    chosen = finding_acts.sure(application_id)
    result = finding_acts.each(lambda one: finding_acts.adopt(one, actor=actor), chosen)
    return {"done": result.done, "refused": result.refused}


def findings(
    application_id: UUID, wanted: Mapping[str, str | None], after: int | None, count: int
) -> list[Finding]:
    """Findings of an application in the order in which they were found, after one of them."""
    rows = Finding.objects.filter(application_id=application_id, id__gt=after or 0)
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    return list(rows.order_by("id")[:count])


def finding(application_id: UUID, finding_id: int) -> Finding | None:
    return Finding.objects.filter(application_id=application_id, pk=finding_id).first()


def finding_document(row: Finding) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "application": str(row.application_id),
        "kind": row.kind,
        "what": row.what,
        "remote_id": row.remote_id,
        "link": None if row.link_id is None else str(row.link_id),
        "local_id": None if row.local_id is None else str(row.local_id),
        "match": row.match,
        "name": row.name,
        "detail": row.detail,
        "digest": row.digest,
        "state": row.state,
        "reason": row.reason,
        "found_at": from_milliseconds(row.found_at),
        "seen_at": from_milliseconds(row.seen_at),
        "decided_at": from_milliseconds(row.decided_at),
        "decided_by": row.decided_by,
    }


def scan_document(row: Scan) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "application": str(row.application_id),
        "trigger": row.trigger,
        "state": row.state,
        "requested_at": from_milliseconds(row.requested_at),
        "started_at": from_milliseconds(row.started_at),
        "finished_at": from_milliseconds(row.finished_at),
        "lists": row.lists,
        "totals": row.totals,
        "reason": row.reason,
    }
