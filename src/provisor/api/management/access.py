"""/applications/{id}/access and /access: who had an account on a day."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.api.management.answers import Limit, Paging, paging
from provisor.api.management.applications import find
from provisor.api.management.mounting import operation
from provisor.api.management.pages import AccessPage
from provisor.api.management.problems import Fault, Problem
from provisor.api.moments import from_milliseconds
from provisor.directory.queries import get_user
from provisor.provisioning.why.access import Access, NoSuchDay, access_on, read_day, told

router = Router(tags=["Records"])


@operation(router, "GET", "/applications/{application_id}/access", gives=AccessPage)
def list_application_access(
    request: HttpRequest,
    application_id: str,
    *,
    on: str,
    zone: str = "",
    user: str | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """Say whose account was live there on a day (`on`, in UTC unless `zone` names another), and why from when to when."""
    page = paging(request, limit, cursor)
    application = find(application_id)
    whom = get_user(user).id if user else None
    return _answered(page, on, zone, application_id=application.id, user_id=whom)


@operation(router, "GET", "/access", gives=AccessPage)
def list_user_access(
    request: HttpRequest,
    *,
    on: str,
    user: str,
    zone: str = "",
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """Say in which applications a user had a live account on a day; deleted applications and users included."""
    return _answered(paging(request, limit, cursor), on, zone, user_id=get_user(user).id)


def _answered(page: Paging, on: str, zone: str, **whose: Any) -> HttpResponse:
    try:
        day = read_day(on, zone)
    except NoSuchDay as wrong:
        raise Problem(422, "invalid", str(wrong), [Fault(parameter="on", reason=str(wrong))]) from None
    rows = told(list(access_on(day, **whose).filter(id__gt=page.position or 0)[: page.limit + 1]))
    return page.page(rows, _document, lambda row: row.id)


def _document(row: Access) -> dict[str, Any]:
    return {
        "application": str(row.application_id),
        "application_name": row.application,
        "user": str(row.user_id),
        "user_name": row.user_name,
        "remote_id": row.remote_id,
        "from": from_milliseconds(row.from_at),
        "from_cause": row.from_cause,
        "to": from_milliseconds(row.to_at),
        "to_cause": row.to_cause,
    }
