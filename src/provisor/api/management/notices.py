"""Notices: what a person was told, and what became of each delivery."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.api.management import documents
from provisor.api.management.answers import Limit, paging
from provisor.api.management.mounting import operation, read_uuid
from provisor.api.management.pages import NoticePage
from provisor.notices import queries

router = Router(tags=["Records"])


@operation(router, "GET", "/notices", gives=NoticePage)
def list_notices(
    request: HttpRequest,
    *,
    application: str | None = None,
    event: str | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """List what was told by e-mail and webhook, the newest first."""
    page = paging(request, limit, cursor)
    rows = queries.notices()
    rows = rows.filter(application=read_uuid("application", application)) if application else rows
    rows = rows.filter(event=event) if event else rows
    rows = rows.filter(pk__lt=UUID(page.position)) if page.position else rows
    return page.page(list(rows[: limit + 1]), documents.notice, lambda row: str(row.pk))
