"""R20: the same story has the same end on both databases, with one worker and with three.

The end stands here once, and each run compares what it finds with it: accounts, groups, members, states of links.
"""

from typing import Any

import pytest

from provisor.directory.groups import delete_group, update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import create_user, delete_user, set_active
from provisor.provisioning.models import AccessInterval, Link, LinkMember
from tests.crash.company import ACTOR, Company, change, person
from tests.crash.judge import judge, settle
from tests.databases import ONLY_POSTGRESQL
from tests.servers import LabServer
from tests.workers.conftest import Hire

pytestmark = pytest.mark.crash

THE_END: dict[str, Any] = {
    "accounts": {
        "person00000": (True, "Chief"),
        "person00001": (False, "Title 1"),
        "person00003": (True, "Title 3"),
        "person00004": (False, "Title 4"),
        "person00005": (True, "Title 5"),
        "person00006": (True, "Title 6"),
        "person00007": (True, "Title 7"),
        "person00008": (True, "Title 8"),
        "renamed": (True, "Title 9"),
        "person00020": (True, "Title 3"),
    },
    "groups": {
        "Engineering": ["person00000", "person00003", "person00006", "person00020", "renamed"],
        "Sales and more": ["person00001", "person00007"],
        "Staff": [
            "person00000", "person00001", "person00003", "person00005", "person00006", "person00007", "person00008",
            "person00020", "renamed",
        ],
    },
    "links": {
        ("user", "in_sync", ""): 8,
        ("user", "released", "disabled"): 1,
        ("user", "released", "unassigned"): 1,
        ("group", "in_sync", ""): 3,
    },
    "members": 16,
    "intervals": {("assigned", ""): 8, ("assigned", "deleted"): 1, ("assigned", "disabled"): 1, ("assigned", "unassigned"): 1},
}  # fmt: skip


def user(number: int) -> User:
    return User.objects.get(resource__title__isnull=False, user_name=f"person{number:05}")


def tell(company: Company) -> None:
    """Joiners, movers, leavers, and minds that are changed before anybody has looked."""
    company.employ(10)
    company.grant()
    settle(240)
    change(user(0).id, title="Chief")
    set_active(user(1).id, active=False, actor=ACTOR)
    delete_user(user(2).id, actor=ACTOR)
    sales, support = company.teams["Sales"], company.teams["Support"]
    remove_members(sales.id, [user(4).id], actor=ACTOR)
    update_group(sales.id, display_name="Sales and more", actor=ACTOR)
    change(user(9).id, userName="renamed")
    settle(240)
    joiner = create_user(person(20), actor=ACTOR)
    add_members(company.teams["Engineering"].id, [joiner.id], actor=ACTOR)
    set_active(user(3).id, active=False, actor=ACTOR)
    set_active(user(3).id, active=True, actor=ACTOR)
    add_members(company.staff.id, [user(5).id, user(8).id], actor=ACTOR)
    delete_group(support.id, actor=ACTOR)
    settle(240)


def what_is_there(company: Company, target: LabServer) -> dict[str, Any]:
    held = judge(company.application, target)
    names = {account["id"]: name for name, account in held.users.items()}
    links = Link.objects.filter(application=company.application)
    return {
        "accounts": {name: (account["active"], account["title"]) for name, account in held.users.items()},
        "groups": {
            name: sorted(names[member["value"]] for member in group.get("members") or [])
            for name, group in held.groups.items()
        },
        "links": count(links.values_list("kind", "state", "cause")),
        "members": LinkMember.objects.filter(wanted=True).exclude(remote_id=None).count(),
        "intervals": count(AccessInterval.objects.values_list("from_cause", "to_cause")),
    }


def count(rows: Any) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    for row in rows:
        found[row] = found.get(row, 0) + 1
    return found


@pytest.mark.parametrize("workers", [1, pytest.param(3, marks=ONLY_POSTGRESQL)])
def test_r20_the_same_story_has_the_same_end(
    company: Company, target: LabServer, hire: Hire, workers: int
) -> None:
    hire(workers)
    tell(company)
    assert what_is_there(company, target) == THE_END
    assert Group.objects.filter(deleted_at=None).exclude(display_name="Everyone").count() == 3
