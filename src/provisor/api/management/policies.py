"""/policies: which group gets which application, and how its members sign in."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.access.narrowing import known
from provisor.access.permissions import Permission
from provisor.api.management import documents
from provisor.api.management.answers import Limit, answer, nothing, paging, seen_version
from provisor.api.management.bodies import PolicyChangeBody, PolicyNewBody
from provisor.api.management.caller import actor_of, demand
from provisor.api.management.members import settable
from provisor.api.management.mounting import operation, read_uuid
from provisor.api.management.pages import PolicyPage
from provisor.api.management.problems import missing
from provisor.api.management.shapes import Policy as PolicyShape
from provisor.applications import policies as services
from provisor.applications.lookup import live_policies
from provisor.applications.models import Policy

router = Router(tags=["Policies"])

#: Members of the document that nobody sets: sent back as they were read, they are passed over.
_SHOWN_ONLY = frozenset({"id", "created_at", "updated_at"})


@operation(router, "GET", "/policies", gives=PolicyPage)
def list_policies(
    request: HttpRequest,
    application: str | None = None,
    group: str | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """List the policies, the oldest first."""
    page = paging(request, limit, cursor)
    rows = known(live_policies()).order_by("pk")
    rows = rows.filter(application_id=read_uuid("application", application)) if application else rows
    rows = rows.filter(group_id=read_uuid("group", group)) if group else rows
    rows = rows.filter(pk__gt=page.position) if page.position else rows
    return page.page(list(rows[: limit + 1]), documents.policy, lambda row: str(row.pk))


@operation(router, "POST", "/policies", gives=PolicyShape, status=201)
def create_policy(request: HttpRequest, body: PolicyNewBody) -> HttpResponse:
    """Grant an application to a group."""
    fields = settable(body.root, _SHOWN_ONLY)
    if fields.get("application") is not None:
        demand(request, Permission.MANAGE_APPLICATIONS, fields["application"])
    row = services.create_policy(actor=actor_of(request), **fields)
    return answer(documents.policy(row), 201, version=row.version, location=f"{request.path}/{row.id}")


@operation(router, "GET", "/policies/{policy_id}", gives=PolicyShape)
def get_policy(request: HttpRequest, policy_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Read a policy."""
    row = _find(policy_id)
    return answer(documents.policy(row), version=row.version)


@operation(router, "PATCH", "/policies/{policy_id}", gives=PolicyShape)
def update_policy(request: HttpRequest, policy_id: str, body: PolicyChangeBody) -> HttpResponse:
    """Change what the body names. Application and group of a policy stay."""
    row = _find(policy_id)
    version = seen_version(request, row.version)
    row = services.update_policy(
        row.id, settable(body.root, _SHOWN_ONLY), actor=actor_of(request), version=version
    )
    return answer(documents.policy(row), version=row.version)


@operation(router, "DELETE", "/policies/{policy_id}", status=204)
def delete_policy(request: HttpRequest, policy_id: str) -> HttpResponse:
    """Take the grant back: whom no other policy brings to the application is unassigned there."""
    row = _find(policy_id)
    version = seen_version(request, row.version)
    services.delete_policy(row.id, actor=actor_of(request), version=version)
    return nothing()


def _find(given: str) -> Policy:
    row = known(live_policies()).filter(pk=read_uuid("policy", given)).first()
    if row is None:
        raise missing("policy", given)
    return row
