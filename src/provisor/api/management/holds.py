"""/applications/{id}/holds: what the brake has stopped, released or rejected by a person."""

from typing import Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.api.management import documents, engine_port
from provisor.api.management.answers import Limit, answer, paging
from provisor.api.management.applications import find
from provisor.api.management.caller import actor_of
from provisor.api.management.mounting import operation, read_uuid
from provisor.api.management.pages import HoldPage
from provisor.api.management.problems import Problem, missing
from provisor.api.management.shapes import Hold as HoldShape
from provisor.api.management.shapes import Release
from provisor.provisioning.models import Hold

router = Router(tags=["Holds"])

State = Literal["held", "released", "rejected", "cancelled"]


@operation(router, "GET", "/applications/{application_id}/holds", gives=HoldPage)
def list_holds(
    request: HttpRequest,
    application_id: str,
    state: State | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """List destructive operations that the brake has stopped, the oldest first."""
    application, page = find(application_id), paging(request, limit, cursor)
    after = UUID(page.position) if page.position else None
    rows = engine_port.holds(application.id, state, after, limit + 1)
    links = engine_port.links_of(rows)
    return page.page(rows, lambda row: documents.hold(row, links), lambda row: str(row.pk))


@operation(router, "POST", "/applications/{application_id}/holds/{hold_id}/release", gives=HoldShape)
def release_hold(
    request: HttpRequest, application_id: str, hold_id: str, body: Release | None = None
) -> HttpResponse:
    """Let one operation through. It is bound to the effect that was shown: send that, to be sure of it."""
    hold = _find(application_id, hold_id)
    effect = body.effect if body else None
    if effect is not None and effect != hold.effect:
        detail = (
            "The effect of the operation is another one than was shown. Read the hold again, then decide."
        )
        raise Problem(412, "changed-meanwhile", detail)
    return _shown(engine_port.release_hold(hold.id, actor_of(request), effect))


@operation(router, "POST", "/applications/{application_id}/holds/{hold_id}/reject", gives=HoldShape)
def reject_hold(request: HttpRequest, application_id: str, hold_id: str) -> HttpResponse:
    """Keep the account or the membership for this cause, until the cause changes."""
    hold = _find(application_id, hold_id)
    return _shown(engine_port.reject_hold(hold.id, actor_of(request)))


def _find(application_id: str, hold_id: str) -> Hold:
    hold = engine_port.hold(find(application_id).id, read_uuid("hold", hold_id))
    if hold is None:
        raise missing("hold", hold_id)
    return hold


def _shown(hold: Hold) -> HttpResponse:
    return answer(documents.hold(hold, engine_port.links_of([hold])))
