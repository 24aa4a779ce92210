"""The operations of /Groups (RFC 7644, 3.3 to 3.6). Members come and go as deltas, however many there are."""

from typing import Any

from django.http import HttpResponse

from provisor.api.entity_tags import entity_tag
from provisor.api.scim import answers, documents, member_changes, membership, single
from provisor.api.scim.exchange import Exchange
from provisor.api.scim.group_documents import GROUPS, members_of
from provisor.api.scim.listing import search
from provisor.api.scim.search_request import from_body, from_query, projection_of
from provisor.audit.actor import Actor
from provisor.directory import groups
from provisor.directory.changes import change
from provisor.directory.models import Group
from provisor.scim.filter import matches
from provisor.scim.patch import apply_patch
from provisor.scim.syntax import Filter, member


def list_groups(exchange: Exchange) -> HttpResponse:
    return answers.document(search([GROUPS], from_query(exchange), exchange.base))


def search_groups(exchange: Exchange) -> HttpResponse:
    return answers.document(search([GROUPS], from_body(exchange), exchange.base))


def create_group(exchange: Exchange) -> HttpResponse:
    projection, resource = projection_of(exchange), exchange.body()
    members = membership.sort(_members(resource))
    with change():
        group = groups.create_group(_name(resource), resource=_without_name(resource), actor=exchange.actor)
        if members.users or members.groups:
            membership.replace(group, members, actor=exchange.actor)
            group.refresh_from_db()
    return single.show(GROUPS, exchange, group, projection, status=201)


def get_group(exchange: Exchange, id: str) -> HttpResponse:  # noqa: A002 - the name in the address
    return single.get(GROUPS, exchange, id)


def replace_group(exchange: Exchange, id: str) -> HttpResponse:  # noqa: A002 - the name in the address
    """What the body leaves out is cleared, members included (RFC 7644, 3.5.1)."""
    projection, resource = projection_of(exchange), exchange.body()
    with change():
        group = single.find(GROUPS, id)
        single.require_match(exchange, group)
        members = membership.sort(_members(resource))
        _update(group, resource, exchange.actor)
        membership.replace(group, members, actor=exchange.actor)
        group.refresh_from_db()
    return single.show(GROUPS, exchange, group, projection)


def patch_group(exchange: Exchange, id: str) -> HttpResponse:  # noqa: A002 - the name in the address
    """Answers 204, as RFC 7644, 3.5.2 allows, unless attributes are asked for: a large group is not sent back."""
    projection, body = projection_of(exchange), exchange.body()
    with change():
        group = single.find(GROUPS, id)
        single.require_match(exchange, group)
        _patch(group, body, exchange.actor)
        group.refresh_from_db()
    if projection.is_everything:
        return answers.empty(tag=entity_tag(group.version))
    return single.show(GROUPS, exchange, group, projection)


def delete_group(exchange: Exchange, id: str) -> HttpResponse:  # noqa: A002 - the name in the address
    with change():
        group = single.find(GROUPS, id)
        single.require_match(exchange, group)
        groups.delete_group(group.id, actor=exchange.actor)
    return answers.empty()


def _patch(group: Group, body: dict[str, Any], actor: Actor) -> None:
    changes, others = member_changes.split(body, lambda found: _matching(group, found))
    if others is not None:
        _update(group, apply_patch(documents.stored(group), others, kind="group"), actor)
    if changes:
        membership.apply(group, changes, actor=actor)


def _matching(group: Group, found: Filter) -> list[str]:
    """The members that a filter means, other than by naming their ids: only then are they all read."""
    members = members_of([group.id], "").get(group.id, [])
    return [each["value"] for each in members if matches(found, each, "members")]


def _update(group: Group, resource: dict[str, Any], actor: Actor) -> None:
    groups.update_group(group.id, display_name=_name(resource), resource=_without_name(resource), actor=actor)


def _name(resource: dict[str, Any]) -> Any:
    """The name under whatever case of its key; the directory refuses what is none."""
    found = member(resource, "displayName")
    return found if isinstance(found, str) else ""


def _without_name(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key.lower() != "displayname"}


def _members(resource: dict[str, Any]) -> list[str]:
    return member_changes.ids_of(member(resource, "members") or None)
