"""What happened: runs, attempts, audit, journal; and the catalogue of profiles."""

from typing import Annotated, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Router
from pydantic import Field

from provisor.api.management import documents, engine_port
from provisor.api.management.answers import Limit, answer, paging
from provisor.api.management.mounting import operation, read_uuid
from provisor.api.management.pages import AttemptPage, AuditPage, JournalPage, ProfilePage
from provisor.api.management.problems import missing
from provisor.api.management.shapes import Run as RunShape
from provisor.applications.profiles import catalogue
from provisor.audit.export import FORMATS, lines
from provisor.audit.models import AuditEntry
from provisor.directory.models import JournalEntry
from provisor.provisioning.why.known_changes import known_changes
from provisor.streaming import in_parts

router = Router(tags=["Records"])


@operation(router, "GET", "/runs/{run_id}", gives=RunShape)
def get_run(request: HttpRequest, run_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Read how a run goes, or went."""
    run = engine_port.run(read_uuid("run", run_id))
    if run is None:
        raise missing("run", run_id)
    return answer(documents.run(run))


@operation(router, "GET", "/attempts", gives=AttemptPage)
def list_attempts(
    request: HttpRequest,
    *,
    application: str | None = None,
    user: str | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """List HTTP exchanges with applications, the newest first."""
    page = paging(request, limit, cursor)
    of_application = read_uuid("application", application) if application else None
    of_user = read_uuid("user", user) if user else None
    rows = engine_port.attempts(of_application, of_user, page.position, limit + 1)
    return page.page(rows, documents.attempt, lambda row: row.pk)


@operation(router, "GET", "/audit", gives=AuditPage)
def list_audit_entries(
    request: HttpRequest,
    *,
    act: str | None = None,
    actor: str | None = None,
    subject: str | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """List acts of persons, tokens and commands, the newest first."""
    page = paging(request, limit, cursor)
    rows = _acts(act, actor, subject).select_related("payload").order_by("-pk")
    rows = rows.filter(pk__lt=page.position) if page.position else rows
    return page.page(list(rows[: limit + 1]), documents.audit_entry, lambda row: row.pk)


def _acts(act: str | None, actor: str | None, subject: str | None) -> QuerySet[AuditEntry]:
    wanted = {"act": act, "actor_id": actor, "subject_id": subject}
    return AuditEntry.objects.filter(**{name: value for name, value in wanted.items() if value})


@operation(router, "GET", "/audit/export", media_types=sorted({each.media_type for each in FORMATS.values()}))
def export_audit_entries(
    request: HttpRequest,
    *,
    format: Literal["jsonl", "ocsf", "cef"] = "jsonl",  # noqa: A002 - the name in the address
    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0,
    act: str | None = None,
    actor: str | None = None,
    subject: str | None = None,
) -> HttpResponseBase:
    """Stream acts as JSON Lines, OCSF or CEF, the oldest first; `after` is the id of the last one you have."""
    chosen = FORMATS[format]
    found = _acts(act, actor, subject).filter(pk__gt=after)
    answer = StreamingHttpResponse(
        lines(found, chosen, oldest_first=True), content_type=f"{chosen.media_type}; charset=utf-8"
    )
    return in_parts(request, answer)


@operation(router, "GET", "/journal", gives=JournalPage)
def list_journal_entries(
    request: HttpRequest,
    *,
    subject: str | None = None,
    event: str | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """List changes of the directory and the configuration, the newest first."""
    page = paging(request, limit, cursor)
    rows = known_changes(JournalEntry.objects.order_by("-pk"))
    rows = rows.filter(subject_id=read_uuid("subject", subject)) if subject else rows
    rows = rows.filter(event=event) if event else rows
    rows = rows.filter(pk__lt=page.position) if page.position else rows
    return page.page(list(rows[: limit + 1]), documents.journal_entry, lambda row: row.pk)


@operation(router, "GET", "/profiles", gives=ProfilePage)
def list_profiles(
    request: HttpRequest,
    search: str = "",
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """Search the catalogue of profiles, the best first. The generic one is always found, and last."""
    page = paging(request, limit, cursor)
    start = page.position or 0
    found = list(enumerate(catalogue(search)))[start : start + limit + 1]
    return page.page(found, lambda pair: documents.profile(pair[1]), lambda pair: pair[0] + 1)
