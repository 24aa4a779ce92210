"""What the tests of the rehearsal share: people in sync, kinds of change, every row of every table."""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection

from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.csv_import import import_users
from provisor.directory.groups import delete_group, update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.rehearsal.rehearsal import Rehearsal
from provisor.provisioning.rehearsal.rehearsal_reach import COUNTS
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    configure,
    crowd,
)

#: Enough people that six leavers are within the brake's allowance of 5 %.
LARGE = 130


def counted(rehearsal: Rehearsal) -> dict[str, int]:
    """What is not zero."""
    return {name: count for name in COUNTS if (count := getattr(rehearsal.totals, name))}


def everything() -> dict[str, list[Any]]:
    """Every row of every table, and where SQLite's counters stand."""
    rows: dict[str, list[Any]] = {
        model._meta.db_table: list(model.objects.order_by("pk").values())  # type: ignore[attr-defined]
        for model in apps.get_models()
    }
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name")
            rows["sqlite_sequence"] = cursor.fetchall()
    return rows


def settled(installation: Installation, count: int = LARGE, *, push: bool = True) -> tuple[list[User], Group]:
    """So many people of one group, all in sync."""
    people = crowd(count)
    group = installation.group("Sales", *people)
    installation.policy(group, push_group=push)
    installation.run()
    return people, group


def every_kind_of_change(
    installation: Installation, people: list[User], group: Group
) -> Iterator[Callable[[], object]]:
    ids = [each.id for each in people]
    other = [each.id for each in Policy.objects.all()]
    yield lambda: remove_members(group.id, ids[:3], actor=SYSTEM)
    yield lambda: [set_active(each, False, actor=SYSTEM) for each in ids]
    yield lambda: delete_user(ids[0], actor=SYSTEM)
    yield lambda: delete_group(group.id, actor=SYSTEM)
    yield lambda: update_group(group.id, display_name="Marketing", actor=SYSTEM)
    yield lambda: add_members(group.id, [installation.user("zoe").id], actor=SYSTEM)
    yield lambda: delete_policy(other[0], actor=SYSTEM)
    yield lambda: installation.policy(installation.group("New", *people))
    yield lambda: configure(installation, features={"groups": {"membership": False}})
    yield lambda: configure(installation, exclusions=["user0001"], deprovision={"disabled": "delete"})
    yield lambda: configure(installation, mappings=shouting(installation))
    yield lambda: configure(installation, delete_after_days=1)
    yield lambda: import_users(b"userName,givenName,familyName\nnew,N,E\n", actor=SYSTEM)


def shouting(installation: Installation) -> dict[str, Any]:
    """The mapping with another displayName."""
    rules = [dict(rule) for rule in installation.application.mappings["users"]]
    for rule in rules:
        if rule["target"] == "displayName":
            rule |= {"kind": "expression", "source": 'user.displayName + "!"'}
    return {"users": rules}
