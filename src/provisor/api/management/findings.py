"""/applications/{id}/scan, /findings and /reassert: what is otherwise there than it should be, and what is done about it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.api.management import drift_port
from provisor.api.management.answers import Limit, answer, nothing, paging
from provisor.api.management.applications import find
from provisor.api.management.caller import actor_of
from provisor.api.management.mounting import operation, read_uuid
from provisor.api.management.problems import missing
from provisor.api.management.shapes_drift import (
    Finding,
    FindingAdoption,
    FindingPage,
    ManyDone,
    Match,
    Reasserted,
    Removal,
    Scan,
    Shown,
    State,
    What,
)
from provisor.provisioning.models import Finding as Row

router = Router(tags=["Drift"])
_ONE = "/applications/{application_id}/findings/{finding_id}"
#: Digits that are sure to fit the 64 bits of an id.
_LONGEST_ID = 18


@operation(router, "POST", "/applications/{application_id}/scan", gives=Scan, status=202)
def scan_application(request: HttpRequest, application_id: str) -> HttpResponse:
    """Ask for a scan: everything that the application holds is read by list pages, beside the changes."""
    application = find(application_id)
    scan = drift_port.request_scan(application.id, actor=actor_of(request))
    return answer(drift_port.scan_document(scan), 202, location=request.path)


@operation(router, "GET", "/applications/{application_id}/scan", gives=Scan)
def get_scan(request: HttpRequest, application_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes it
    """Read the latest scan, with its progress. 404 where there was none."""
    scan = drift_port.latest_scan(find(application_id).id)
    if scan is None:
        raise missing("scan", application_id)
    return answer(drift_port.scan_document(scan))


@operation(router, "DELETE", "/applications/{application_id}/scan", status=204)
def stop_scan(request: HttpRequest, application_id: str) -> HttpResponse:
    """End the scan that is under way; what it has found stays listed."""
    drift_port.stop_scan(find(application_id).id, actor=actor_of(request))
    return nothing()


@operation(router, "POST", "/applications/{application_id}/reassert", gives=Reasserted, status=202)
def reassert_application(request: HttpRequest, application_id: str) -> HttpResponse:
    """Assert desired state again: every account and group in sync is read, and corrected where it differs."""
    return answer({"links": drift_port.reassert(find(application_id).id, actor_of(request))}, 202)


@operation(router, "GET", "/applications/{application_id}/findings", gives=FindingPage)
def list_findings(
    request: HttpRequest,
    application_id: str,
    *,
    what: What | None = None,
    kind: str | None = None,
    match: Match | None = None,
    state: State = "open",
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """List what scans have found and is still to be decided, the oldest first; `state` shows the others."""
    application, page = find(application_id), paging(request, limit, cursor)
    wanted = {"what": what, "kind": kind, "match": match, "state": state}
    rows = drift_port.findings(application.id, wanted, page.position, limit + 1)
    return page.page(rows, drift_port.finding_document, lambda row: row.pk)


@operation(router, "POST", "/applications/{application_id}/findings/adopt", gives=ManyDone)
def adopt_sure_findings(request: HttpRequest, application_id: str) -> HttpResponse:
    """Adopt all accounts that are surely somebody's who is in scope: at most 1,000 at a time."""
    return answer(drift_port.adopt_sure(find(application_id).id, actor_of(request)))


@operation(router, "POST", f"{_ONE}/adopt", gives=Finding)
def adopt_finding(
    request: HttpRequest, application_id: str, finding_id: str, body: FindingAdoption | None = None
) -> HttpResponse:
    """Link an account or group that nobody knew: to whom it was matched, or to `local_id`."""
    given = body or FindingAdoption(local_id=None, digest="")
    whose = read_uuid("user or group", given.local_id) if given.local_id else None
    return _act(request, application_id, finding_id, drift_port.adopt, digest=given.digest, local_id=whose)


@operation(router, "POST", f"{_ONE}/ignore", gives=Finding)
def ignore_finding(
    request: HttpRequest, application_id: str, finding_id: str, body: Shown | None = None
) -> HttpResponse:
    """Leave it as it is. It is not listed again while it stays the same."""
    return _act(request, application_id, finding_id, drift_port.ignore, digest=body.digest if body else "")


@operation(router, "POST", f"{_ONE}/correct", gives=Finding)
def correct_finding(
    request: HttpRequest, application_id: str, finding_id: str, body: Shown | None = None
) -> HttpResponse:
    """Have it mended by the next pass: what differs is sent again, what is missing is made anew."""
    return _act(request, application_id, finding_id, drift_port.correct, digest=body.digest if body else "")


@operation(router, "POST", f"{_ONE}/remove", gives=Finding)
def remove_finding(
    request: HttpRequest, application_id: str, finding_id: str, body: Removal | None = None
) -> HttpResponse:
    """Take away there what nobody here knows. It counts for the brake; what is protected is never removed."""
    given = body or Removal(digest="")
    return _act(request, application_id, finding_id, drift_port.remove, digest=given.digest, verb=given.verb)


def _act(
    request: HttpRequest,
    application_id: str,
    finding_id: str,
    act: Callable[..., Any],
    **given: str | UUID | None,
) -> HttpResponse:
    row = _find(finding_id, application_id)
    return answer(drift_port.finding_document(act(row.pk, actor=actor_of(request), **given)))


def _find(finding_id: str, application_id: str) -> Row:
    whole = finding_id.isascii() and finding_id.isdigit() and len(finding_id) <= _LONGEST_ID
    row = drift_port.finding(find(application_id).id, int(finding_id)) if whole else None
    if row is None:
        raise missing("finding", finding_id)
    return row
