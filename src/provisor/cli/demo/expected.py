"""What the server should hold: read from the tables of the directory, without the engine, the mapping or the planner."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from provisor.applications.models import Application, Policy
from provisor.directory.models import Group, Membership, Nesting, User
from provisor.scim.schemas import ENTERPRISE_SCHEMA

_PLAIN: Final = ("userName", "displayName", "title", "locale", "preferredLanguage", "timezone", "active")
_ENTERPRISE: Final = ("employeeNumber", "organization", "division", "department", "costCenter")

#: Attributes by the name that a difference is told with.
Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """People with an account by user name, groups with the user names of their effective members."""

    users: Mapping[str, Attributes]
    groups: Mapping[str, frozenset[str]]


def read_expected(application: Application) -> Expected:
    """Read policies, memberships and people, and follow groups inside groups by hand."""
    policies = Policy.objects.filter(application=application).select_related("group")
    groups = [policy.group for policy in policies]
    inside = _inside()
    people = {user.id: user for user in User.objects.filter(deleted_at=None)}
    members = {group.id: _members(group.id, inside, people) for group in groups}
    scope = {user.id: user for found in members.values() for user in found if user.active}
    return Expected(
        users={user.user_name: _of_user(user, people) for user in scope.values()},
        groups={
            group.display_name: frozenset(user.user_name for user in members[group.id])
            for group in _live(groups)
        },
    )


def _live(groups: Iterable[Group]) -> list[Group]:
    return [group for group in groups if group.deleted_at is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inside:
    """Who and what is directly in which group."""

    groups: dict[UUID, list[UUID]]
    users: dict[UUID, list[UUID]]


def _inside() -> _Inside:
    inside = _Inside(groups={}, users={})
    for parent, child in Nesting.objects.values_list("parent_id", "child_id"):
        inside.groups.setdefault(parent, []).append(child)
    for group, user in Membership.objects.values_list("group_id", "user_id"):
        inside.users.setdefault(group, []).append(user)
    return inside


def _members(group_id: UUID, inside: _Inside, people: Mapping[UUID, User]) -> list[User]:
    seen: set[UUID] = set()
    todo, found = [group_id], set[UUID]()
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += inside.groups.get(one, [])
            found.update(inside.users.get(one, []))
    return [people[user_id] for user_id in found]


def _of_user(user: User, people: Mapping[UUID, User]) -> Attributes:
    manager = user.resource.get(ENTERPRISE_SCHEMA, {}).get("manager", {}).get("value")
    name = people[UUID(manager)].user_name if manager else None
    return attributes_of(user.resource, external_id=str(user.id), manager=name)


def attributes_of(resource: Mapping[str, Any], *, external_id: str | None, manager: str | None) -> Attributes:
    """Every attribute that the generic mapping sends and the company has; `manager` as a user name.

    Both sides go through this: it reads RFC 7643, which the directory and the server have in common.
    """
    enterprise = resource.get(ENTERPRISE_SCHEMA) or {}
    name = resource.get("name") or {}
    found = {
        **{attribute: resource.get(attribute) for attribute in _PLAIN},
        "name.givenName": name.get("givenName"),
        "name.familyName": name.get("familyName"),
        "work e-mail": _work(resource, "emails"),
        "work phone": _work(resource, "phoneNumbers"),
        **{attribute: enterprise.get(attribute) for attribute in _ENTERPRISE},
        "manager": manager,
        "externalId": external_id,
    }
    return {attribute: value for attribute, value in found.items() if value not in (None, "")}


def _work(resource: Mapping[str, Any], attribute: str) -> Any:
    values = resource.get(attribute) or []
    return next((one.get("value") for one in values if one.get("type") == "work"), None)
