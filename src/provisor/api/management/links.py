"""/applications/{id}/links: what Provisor knows of each user and group there, and what a person decides about it."""

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router

from provisor.api.management import documents, engine_port
from provisor.api.management.answers import Limit, answer, paging
from provisor.api.management.applications import find
from provisor.api.management.caller import actor_of
from provisor.api.management.mounting import operation
from provisor.api.management.pages import LinkPage
from provisor.api.management.problems import missing
from provisor.api.management.shapes import Adoption
from provisor.api.management.shapes import Link as LinkShape
from provisor.provisioning.models import Link

router = Router(tags=["Links"])

State = Literal["due", "in_sync", "waiting", "failed", "conflict", "held", "missing", "released", "excluded"]
_NESTED = "/applications/{application_id}/links/{link_id}"
#: Digits that are sure to fit the 64 bits of an id.
_LONGEST_ID = 18


@operation(router, "GET", "/applications/{application_id}/links", gives=LinkPage)
def list_links(
    request: HttpRequest,
    application_id: str,
    *,
    kind: Literal["user", "group"] | None = None,
    state: State | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
) -> HttpResponse:
    """List the links of an application, the oldest first."""
    application, page = find(application_id), paging(request, limit, cursor)
    rows = engine_port.links(application.id, kind, state, page.position, limit + 1)
    names = documents.names_of(rows)
    return page.page(rows, lambda row: documents.link(row, names), lambda row: row.pk)


@operation(router, "GET", _NESTED, gives=LinkShape)
def get_link(request: HttpRequest, application_id: str, link_id: str) -> HttpResponse:  # noqa: ARG001 - django-ninja passes it
    """Read a link, with the values that were sent and those that were seen."""
    return answer(documents.whole_link(_find(link_id, application_id)))


@operation(router, "POST", f"{_NESTED}/adopt", gives=LinkShape)
def adopt_link(
    request: HttpRequest, application_id: str, link_id: str, body: Adoption | None = None
) -> HttpResponse:
    """Take over the account or group that is there."""
    link = _find(link_id, application_id)
    engine_port.adopt_link(link.id, actor_of(request), body.remote_id if body else None)
    return _after(link)


@operation(router, "POST", f"{_NESTED}/unlink", gives=LinkShape)
def unlink_link(request: HttpRequest, application_id: str, link_id: str) -> HttpResponse:
    """Let go of the account or group, which stays there as it is."""
    link = _find(link_id, application_id)
    engine_port.unlink_link(link.id, actor_of(request))
    return _after(link)


@operation(router, "POST", f"{_NESTED}/delete", gives=LinkShape)
def delete_group_there(request: HttpRequest, application_id: str, link_id: str) -> HttpResponse:
    """Delete a group there that no policy pushes any more; without this it stays as it is."""
    link = _find(link_id, application_id)
    engine_port.delete_group_there(link.id, actor_of(request))
    return _after(link)


@operation(router, "POST", f"{_NESTED}/ignore", gives=LinkShape)
def ignore_link(request: HttpRequest, application_id: str, link_id: str) -> HttpResponse:
    """Never write to the account or group."""
    link = _find(link_id, application_id)
    engine_port.ignore_link(link.id, actor_of(request))
    return _after(link)


@operation(router, "POST", f"{_NESTED}/retry", gives=LinkShape)
def retry_link(request: HttpRequest, application_id: str, link_id: str) -> HttpResponse:
    """Try again now."""
    link = _find(link_id, application_id)
    engine_port.retry_link(link.id, actor_of(request))
    return _after(link)


def _find(link_id: str, application_id: str) -> Link:
    number = int(link_id) if link_id.isascii() and link_id.isdigit() and len(link_id) <= _LONGEST_ID else 0
    link = engine_port.link(number, find(application_id).id)
    if link is None:
        raise missing("link", link_id)
    return link


def _after(link: Link) -> HttpResponse:
    """The link as it is now; one that an act has removed is shown as it was last."""
    return answer(documents.whole_link(engine_port.link(link.id, link.application_id) or link))
