"""Groups as SCIM shows them, with users and groups as members; and the columns by which they are found."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from provisor.api.scim import documents as common
from provisor.api.scim import orders
from provisor.api.scim.columns import Column, Constant, Moment, Reference, Text
from provisor.api.scim.kind import Kind, Order
from provisor.api.scim.projection import Projection
from provisor.directory.models import Group, Membership, Nesting
from provisor.directory.queries import groups


def documents(rows: Sequence[Group], projection: Projection, base: str) -> list[dict[str, Any]]:
    """The documents of groups, in their order. `members` costs two queries, where it is wanted."""
    members = members_of([row.id for row in rows], base) if projection.wants("members") else {}
    return [_document(row, members.get(row.id, []), base) for row in rows]


def _document(row: Group, members: list[dict[str, Any]], base: str) -> dict[str, Any]:
    document = common.stored(row)
    document["displayName"] = row.display_name
    if members:
        document["members"] = members
    document["meta"] = common.meta(row, "Group", GROUPS.location(base, row.id))
    return document


def members_of(group_ids: Sequence[UUID], base: str) -> Mapping[UUID, list[dict[str, Any]]]:
    """The direct members of groups: users, then groups."""
    members: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    people = Membership.objects.filter(group_id__in=group_ids, user__deleted_at=None).order_by("user_id")
    for group_id, user_id, name in people.values_list("group_id", "user_id", "user__user_name").iterator():
        members[group_id].append(_member("User", user_id, name, base))
    inner = Nesting.objects.filter(parent_id__in=group_ids, child__deleted_at=None).order_by("child_id")
    for group_id, child_id, name in inner.values_list("parent_id", "child_id", "child__display_name"):
        members[group_id].append(_member("Group", child_id, name, base))
    return members


def _member(kind: str, member_id: UUID, name: str, base: str) -> dict[str, Any]:
    return {"value": str(member_id), "$ref": f"{base}/{kind}s/{member_id}", "type": kind, "display": name}


def _with_member(member_id: UUID) -> Q:
    people = Membership.objects.filter(user_id=member_id).values("group_id")
    inner = Nesting.objects.filter(child_id=member_id).values("parent_id")
    return Q(pk__in=people) | Q(pk__in=inner)


def _with_any_member() -> Q:
    return Q(pk__in=Membership.objects.values("group_id")) | Q(pk__in=Nesting.objects.values("parent_id"))


_MEMBERS: Final = Reference(tied=_with_member, any_tied=_with_any_member)

_COLUMNS: Final[Mapping[str, Column]] = {
    "id": Reference(tied=lambda group_id: Q(pk=group_id)),
    "displayname": Text(field="display_name_key", folded=True),
    "externalid": Text(field="external_id"),
    "members": _MEMBERS,
    "members.value": _MEMBERS,
    "meta.created": Moment(field="created_at"),
    "meta.lastmodified": Moment(field="updated_at"),
    "meta.resourcetype": Constant(value="Group"),
}

_ORDERS: Final[Mapping[str, Order]] = {
    "id": orders.plain("pk"),
    "displayname": orders.plain("display_name_key"),
    "externalid": orders.text("external_id"),
    "meta.created": orders.plain("created_at"),
    "meta.lastmodified": orders.plain("updated_at"),
}

GROUPS: Final = Kind(
    name="Group", endpoint="Groups", rows=groups, columns=_COLUMNS, orders=_ORDERS, documents=documents
)
