"""Acts on users, groups, memberships and declared attributes."""

from typing import Any

import pytest

from provisor.directory import attributes, bulk, csv_import, everyone, groups, memberships, users
from provisor.directory.models import CustomAttribute, Group, User
from tests.audit.deeds.table import OWNER, Act, act

URN = "urn:example:params:scim:schemas:extension:acme:2.0:User"


def user(name: str = "ada") -> User:
    return users.create_user(_resource(name), actor=OWNER)


def group(name: str = "Sales", *members: User) -> Group:
    made = groups.create_group(name, actor=OWNER)
    memberships.add_members(made.id, [each.id for each in members], actor=OWNER)
    return made


def _resource(name: str) -> dict[str, Any]:
    email = {"value": f"{name}@example.com", "type": "work", "primary": True}
    return {"userName": name, "displayName": name.title(), "emails": [email]}


def _attribute() -> CustomAttribute:
    return attributes.declare_attribute(URN, "badge", actor=OWNER)


@act("directory.attributes.declare_attribute")
def _declare(_: pytest.MonkeyPatch) -> Act:
    return _attribute


@act("directory.attributes.describe_attribute")
def _describe(_: pytest.MonkeyPatch) -> Act:
    made = _attribute()
    return lambda: attributes.describe_attribute(made.id, "of the door", actor=OWNER)


@act("directory.attributes.remove_attribute")
def _remove_attribute(_: pytest.MonkeyPatch) -> Act:
    made = _attribute()
    return lambda: attributes.remove_attribute(made.id, actor=OWNER)


@act("directory.bulk.create_users")
def _create_users(_: pytest.MonkeyPatch) -> Act:
    return lambda: bulk.create_users([_resource("ada"), _resource("bo")], actor=OWNER)


@act("directory.bulk.replace_users")
def _replace_users(_: pytest.MonkeyPatch) -> Act:
    made = user()
    changed = (made, {**made.resource, "title": "Chief"})
    return lambda: bulk.replace_users([changed], actor=OWNER)


@act("directory.csv_import.import_users")
def _import_users(_: pytest.MonkeyPatch) -> Act:
    rows = b"userName,displayName\nada,Ada\nbo,Bo\n"
    return lambda: csv_import.import_users(rows, actor=OWNER)


@act("directory.csv_import.import_groups")
def _import_groups(_: pytest.MonkeyPatch) -> Act:
    user()
    return lambda: csv_import.import_groups(b"displayName,members\nSales,ada\n", actor=OWNER)


@act("directory.everyone.everyone")
def _everyone(_: pytest.MonkeyPatch) -> Act:
    everyone.everyone().delete()
    return everyone.everyone


@act("directory.groups.create_group")
def _create_group(_: pytest.MonkeyPatch) -> Act:
    return lambda: groups.create_group("Sales", actor=OWNER)


@act("directory.groups.update_group")
def _update_group(_: pytest.MonkeyPatch) -> Act:
    made = group()
    return lambda: groups.update_group(made.id, display_name="Field sales", actor=OWNER)


@act("directory.groups.delete_group")
def _delete_group(_: pytest.MonkeyPatch) -> Act:
    made = group("Sales", user())
    return lambda: groups.delete_group(made.id, actor=OWNER)


@act("directory.memberships.add_members")
def _add_members(_: pytest.MonkeyPatch) -> Act:
    made, joins = group(), user()
    return lambda: memberships.add_members(made.id, [joins.id], actor=OWNER)


@act("directory.memberships.remove_members")
def _remove_members(_: pytest.MonkeyPatch) -> Act:
    leaves = user()
    made = group("Sales", leaves)
    return lambda: memberships.remove_members(made.id, [leaves.id], actor=OWNER)


@act("directory.memberships.set_members")
def _set_members(_: pytest.MonkeyPatch) -> Act:
    made, joins = group("Sales", user("bo")), user()
    return lambda: memberships.set_members(made.id, [joins.id], actor=OWNER)


@act("directory.memberships.nest")
def _nest(_: pytest.MonkeyPatch) -> Act:
    outer, inner = group("Outer"), group("Inner", user())
    return lambda: memberships.nest(outer.id, inner.id, actor=OWNER)


@act("directory.memberships.unnest")
def _unnest(_: pytest.MonkeyPatch) -> Act:
    outer, inner = group("Outer"), group("Inner", user())
    memberships.nest(outer.id, inner.id, actor=OWNER)
    return lambda: memberships.unnest(outer.id, inner.id, actor=OWNER)


@act("directory.users.create_user")
def _create_user(_: pytest.MonkeyPatch) -> Act:
    return user


@act("directory.users.replace_user")
def _replace_user(_: pytest.MonkeyPatch) -> Act:
    made = user()
    return lambda: users.replace_user(made.id, {**made.resource, "title": "Chief"}, actor=OWNER)


@act("directory.users.set_active")
def _set_active(_: pytest.MonkeyPatch) -> Act:
    made = user()
    return lambda: users.set_active(made.id, False, actor=OWNER)


@act("directory.users.delete_user")
def _delete_user(_: pytest.MonkeyPatch) -> Act:
    made = user()
    group("Sales", made)
    return lambda: users.delete_user(made.id, actor=OWNER)
