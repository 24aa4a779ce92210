"""Users as SCIM shows them, with the groups that they are in; and the columns by which they are found."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q

from provisor.api.scim import documents as common
from provisor.api.scim import orders
from provisor.api.scim.columns import Caseless, Column, Constant, Moment, Reference, Text, Truth
from provisor.api.scim.kind import Kind, Order
from provisor.api.scim.projection import Projection
from provisor.directory.models import Closure, Membership, User
from provisor.directory.queries import users

_Groups = Mapping[UUID, list[dict[str, Any]]]


def documents(rows: Sequence[User], projection: Projection, base: str) -> list[dict[str, Any]]:
    """The documents of users, in their order. `groups` costs two queries, where it is wanted."""
    groups = _groups_of([row.id for row in rows], base) if projection.wants("groups") else {}
    return [_document(row, groups.get(row.id, []), base) for row in rows]


def _document(row: User, groups: list[dict[str, Any]], base: str) -> dict[str, Any]:
    document = common.stored(row)
    if groups:
        document["groups"] = groups
    document["meta"] = common.meta(row, "User", USERS.location(base, row.id))
    return document


def _groups_of(user_ids: Sequence[UUID], base: str) -> _Groups:
    """Direct groups first, then those that contain them (RFC 7643, 4.1.2: types "direct" and "indirect")."""
    direct: dict[UUID, dict[UUID, str]] = defaultdict(dict)
    found = Membership.objects.filter(user_id__in=user_ids, group__deleted_at=None).order_by("group_id")
    for user_id, group_id, name in found.values_list("user_id", "group_id", "group__display_name"):
        direct[user_id][group_id] = name
    above = _above({group_id for groups in direct.values() for group_id in groups})
    return {user_id: _shown(groups, above, base) for user_id, groups in direct.items()}


def _above(group_ids: Iterable[UUID]) -> Mapping[UUID, list[tuple[UUID, str]]]:
    """The groups that contain each of these, at any depth."""
    above: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    found = Closure.objects.filter(descendant_id__in=group_ids, ancestor__deleted_at=None)
    found = found.exclude(ancestor_id=F("descendant_id")).order_by("ancestor_id")
    for inner, outer, name in found.values_list("descendant_id", "ancestor_id", "ancestor__display_name"):
        above[inner].append((outer, name))
    return above


def _shown(
    direct: Mapping[UUID, str], above: Mapping[UUID, list[tuple[UUID, str]]], base: str
) -> list[dict[str, Any]]:
    indirect = {
        outer: name for inner in direct for outer, name in above.get(inner, []) if outer not in direct
    }
    kinds = (("direct", direct), ("indirect", indirect))
    return [_group(group_id, name, kind, base) for kind, groups in kinds for group_id, name in groups.items()]


def _group(group_id: UUID, name: str, kind: str, base: str) -> dict[str, Any]:
    return {"value": str(group_id), "$ref": f"{base}/Groups/{group_id}", "display": name, "type": kind}


def _in_group(group_id: UUID) -> Q:
    below = Closure.objects.filter(ancestor_id=group_id).values("descendant_id")
    return Q(pk__in=Membership.objects.filter(group_id__in=below).values("user_id"))


def _in_any_group() -> Q:
    return Q(pk__in=Membership.objects.filter(group__deleted_at=None).values("user_id"))


_GROUPS: Final = Reference(tied=_in_group, any_tied=_in_any_group)

_COLUMNS: Final[Mapping[str, Column]] = {
    "id": Reference(tied=lambda user_id: Q(pk=user_id)),
    "username": Text(field="user_name_key", folded=True),
    "externalid": Text(field="external_id"),
    "displayname": Caseless(field="display_name"),
    "active": Truth(field="active"),
    "groups": _GROUPS,
    "groups.value": _GROUPS,
    "meta.created": Moment(field="created_at"),
    "meta.lastmodified": Moment(field="updated_at"),
    "meta.resourcetype": Constant(value="User"),
}


_ORDERS: Final[Mapping[str, Order]] = {
    "id": orders.plain("pk"),
    "username": orders.plain("user_name_key"),
    "externalid": orders.text("external_id"),
    "displayname": orders.text("display_name", caseless=True),
    "emails": orders.text("email", caseless=True),
    "emails.value": orders.text("email", caseless=True),
    "active": orders.plain("active"),
    "meta.created": orders.plain("created_at"),
    "meta.lastmodified": orders.plain("updated_at"),
}

USERS: Final = Kind(
    name="User", endpoint="Users", rows=users, columns=_COLUMNS, orders=_ORDERS, documents=documents
)
