"""/applications: created, read, changed and deleted."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.api.management import documents, engine_port
from provisor.api.management.answers import Limit, answer, nothing, paging, seen_version
from provisor.api.management.bodies import ApplicationChangeBody, ApplicationNewBody
from provisor.api.management.caller import actor_of, demand, principal_in
from provisor.api.management.credentials_shown import given_auth, shown_auth
from provisor.api.management.members import settable
from provisor.api.management.mounting import operation, read_uuid
from provisor.api.management.pages import ApplicationPage
from provisor.api.management.problems import Fault, Problem, missing
from provisor.api.management.shapes import Application as ApplicationShape
from provisor.applications import applications as services
from provisor.applications.lookup import live_applications
from provisor.applications.models import Application
from provisor.directory.names import fold

router = Router(tags=["Applications"])

#: Members of the document that nobody sets: sent back as they were read, they are passed over.
_SHOWN_ONLY = frozenset({"id", "unverified", "status", "created_at", "updated_at"})
#: Members that have operations of their own.
_BY_ACT = {"paused": "/pause or /resume", "paused_reason": "/pause"}


def find(given: str) -> Application:
    """The live application with this id. Raises `Problem` 404."""
    row = live_applications().filter(pk=read_uuid("application", given)).first()
    if row is None:
        raise missing("application", given)
    return row


@operation(router, "GET", "/applications", gives=ApplicationPage)
def list_applications(
    request: HttpRequest,
    limit: Limit = 100,
    cursor: str | None = None,
    name: str | None = None,
) -> HttpResponse:
    """List the applications, the oldest first."""
    page = paging(request, limit, cursor)
    rows = known(live_applications(), "pk").prefetch_related("credentials").order_by("pk")
    rows = rows.filter(name_key=fold(name)) if name is not None else rows
    rows = rows.filter(pk__gt=page.position) if page.position else rows
    found = list(rows[: limit + 1])
    statuses = engine_port.statuses([row.pk for row in found])
    return page.page(found, lambda row: documents.application(row, statuses[row.pk]), lambda row: str(row.pk))


@operation(router, "POST", "/applications", gives=ApplicationShape, status=201)
def create_application(request: HttpRequest, body: ApplicationNewBody) -> HttpResponse:
    """Create an application. It is in mode enforce unless the body says observe."""
    fields = _writable(body.root)
    if fields.get("networks"):
        demand(request, Permission.ALLOW_NETWORKS)
    if "auth" in fields:
        fields["auth"] = given_auth(fields["auth"])
    row = services.create_application(actor=actor_of(request), may_loosen=_may_loosen(request), **fields)
    return shown(row, status=201, location=f"{request.path}/{row.id}")


@operation(router, "GET", "/applications/{application_id}", gives=ApplicationShape)
def get_application(request: HttpRequest, application_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Read an application with its status."""
    return shown(find(application_id))


@operation(router, "PATCH", "/applications/{application_id}", gives=ApplicationShape)
def update_application(
    request: HttpRequest, application_id: str, body: ApplicationChangeBody
) -> HttpResponse:
    """Change what the body names: objects member by member, lists and values as a whole."""
    row = find(application_id)
    version = seen_version(request, row.version)
    changes = _writable(body.root, row)
    if "auth" in changes:
        changes["auth"] = given_auth(changes["auth"], shown_auth(row))
        changes = {key: value for key, value in changes.items() if key != "auth" or value is not None}
    row = services.update_application(
        row.id, changes, actor=actor_of(request), version=version, may_loosen=_may_loosen(request)
    )
    return shown(row)


@operation(router, "DELETE", "/applications/{application_id}", status=204)
def delete_application(request: HttpRequest, application_id: str) -> HttpResponse:
    """Delete an application here. Its accounts stay in the application as they are."""
    row = find(application_id)
    version = seen_version(request, row.version)
    services.delete_application(row.id, actor=actor_of(request), version=version)
    return nothing()


def shown(row: Application, *, status: int = 200, location: str = "") -> HttpResponse:
    document = documents.application(row, engine_port.statuses([row.id])[row.id])
    return answer(document, status, version=row.version, location=location)


def _may_loosen(request: HttpRequest) -> bool:
    return principal_in(request).may(Permission.LOOSEN_PROTECTIONS)


def _writable(body: dict[str, Any], row: Application | None = None) -> dict[str, Any]:
    """The members that a service takes. Raises `Problem` 422 for a state that is changed by an act of its own."""
    faults = [
        Fault(
            pointer=f"/{name}",
            reason=f'"{name}" is not set here.',
            hint=f"Use POST {act} of the application.",
        )
        for name, act in _BY_ACT.items()
        if name in body and (row is None or body[name] != getattr(row, name))
    ]
    if faults:
        raise Problem(422, "invalid", " ".join(f"{each.reason} {each.hint}" for each in faults), faults)
    return settable(body, _SHOWN_ONLY | _BY_ACT.keys())
