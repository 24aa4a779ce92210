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
from provisor.api.management.shapes import HoldsDecided, Release, ReleaseAll
from provisor.provisioning.models import Hold

router = Router(tags=["Holds"])

State = Literal["held", "released", "done", "lapsed", "rejected", "cancelled"]

UNSEEN = (
    "Say which effect you release: the member `effect` of the hold, in the body or as If-Match. A release counts only "
    "for what was shown."
)
UNSEEN_ALL = (
    "Say what you decide about: the member `effects` of the list of holds, in the body or as If-Match. A decision about "
    "all counts only for what was shown."
)
ANOTHER = "The effect is another one than was shown. Read the hold again, then decide."


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
    links, causers = engine_port.links_of(rows), engine_port.causers_of(rows)
    held, effects = engine_port.shown_effect(application.id)
    return page.page(
        rows,
        lambda row: documents.hold(row, links, causers),
        lambda row: str(row.pk),
        held=held,
        effects=effects,
    )


@operation(router, "POST", "/applications/{application_id}/holds/release", gives=HoldsDecided)
def release_all_holds(
    request: HttpRequest, application_id: str, body: ReleaseAll | None = None
) -> HttpResponse:
    """Let everything through that is held, bound to all the effects that were shown (`effects` of the list).

    What the caller caused is left where another account may release.
    """
    effects = _seen(request, body.effects if body else None, UNSEEN_ALL)
    return answer(engine_port.release_all(find(application_id).id, actor_of(request), effects))


@operation(router, "POST", "/applications/{application_id}/holds/reject", gives=HoldsDecided)
def reject_all_holds(
    request: HttpRequest, application_id: str, body: ReleaseAll | None = None
) -> HttpResponse:
    """Keep everything that is held, for these causes, until the cause of each changes."""
    effects = _seen(request, body.effects if body else None, UNSEEN_ALL)
    return answer(engine_port.reject_all(find(application_id).id, actor_of(request), effects))


@operation(router, "GET", "/applications/{application_id}/holds/{hold_id}", gives=HoldShape)
def get_hold(request: HttpRequest, application_id: str, hold_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes the request
    """Read one held operation, or what was decided about it. Its ETag is its effect."""
    return _shown(_find(application_id, hold_id))


@operation(router, "POST", "/applications/{application_id}/holds/{hold_id}/release", gives=HoldShape)
def release_hold(
    request: HttpRequest, application_id: str, hold_id: str, body: Release | None = None
) -> HttpResponse:
    """Let one operation through, for 24 hours, bound to the effect that was shown.

    Refused (409) where the caller made the change that it holds, and another account may release.
    """
    hold = _find(application_id, hold_id)
    effect = _seen(request, body.effect if body else None, UNSEEN)
    if effect != hold.effect:
        raise Problem(412, "changed-meanwhile", ANOTHER)
    return _shown(engine_port.release_hold(hold.id, actor_of(request), effect))


@operation(router, "POST", "/applications/{application_id}/holds/{hold_id}/reject", gives=HoldShape)
def reject_hold(
    request: HttpRequest, application_id: str, hold_id: str, body: Release | None = None
) -> HttpResponse:
    """Keep the account or the membership for this cause, until the cause changes. The effect may be left out."""
    hold = _find(application_id, hold_id)
    if _stated(request, body.effect if body else None) not in (None, hold.effect):
        raise Problem(412, "changed-meanwhile", ANOTHER)
    return _shown(engine_port.reject_hold(hold.id, actor_of(request)))


def _seen(request: HttpRequest, given: str | None, sentence: str) -> str:
    """The effect that the caller has seen. Raises `Problem` 428 where none is stated (RFC 6585, 3)."""
    stated = _stated(request, given)
    if stated is None:
        raise Problem(428, "effect-required", sentence)
    return stated


def _stated(request: HttpRequest, given: str | None) -> str | None:
    if given:
        return given
    header = request.headers.get("If-Match", "").strip()
    return header.removeprefix("W/").strip('"') or None


def _find(application_id: str, hold_id: str) -> Hold:
    hold = engine_port.hold(find(application_id).id, read_uuid("hold", hold_id))
    if hold is None:
        raise missing("hold", hold_id)
    return hold


def _shown(hold: Hold) -> HttpResponse:
    links, causers = engine_port.links_of([hold]), engine_port.causers_of([hold])
    response = answer(documents.hold(hold, links, causers))
    response["ETag"] = f'"{hold.effect}"'
    return response
