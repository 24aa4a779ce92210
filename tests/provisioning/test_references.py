"""Managers, roles and entitlements: what refers to another account, and what policies grant beside the account."""

from itertools import pairwise

import pytest

from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy, update_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import User
from provisor.directory.users import delete_user
from provisor.provisioning.models import Link
from provisor.provisioning.operations import adopt_link
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    ENTERPRISE,
    change,
    configure,
    crowd,
    delete,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    only_once,
    passes,
    received,
    writes,
)
from tests.servers import LabServer


def managed(installation: Installation, name: str, manager: User) -> User:
    return installation.user(name, **{ENTERPRISE: {"manager": {"value": str(manager.id)}}})


def manager_of(target: LabServer, name: str) -> str | None:
    """The name of somebody's manager in the application; None when there is none."""
    accounts = only_once(target)
    manager = accounts[name].get(ENTERPRISE, {}).get("manager")
    if not manager:
        return None
    names = {account["id"]: each for each, account in accounts.items()}
    return names.get(manager["value"], f"nobody has the id {manager['value']}")


def test_a_manager_is_the_id_of_the_account_there(installation: Installation, target: LabServer) -> None:
    """Managers come in any order, in one pass."""
    boss = installation.user("boss")
    people = [managed(installation, f"person{number}", boss) for number in range(5)]
    installation.granted("Sales", *people, boss)
    installation.run()
    assert {manager_of(target, user.user_name) for user in people} == {"boss"}
    assert installation.states() == {"in_sync": 7}


def hierarchy(installation: Installation, depth: int) -> list[User]:
    """Each manages the next one; the last one was entered first, so that no order is right by chance."""
    people = [installation.user(f"person{number}") for number in range(depth)]
    for report, manager in pairwise(people):
        change(report, **{ENTERPRISE: {"manager": {"value": str(manager.id)}}})
    return people


@pytest.mark.parametrize("there", [False, True], ids=["created", "adopted"])
def test_managers_come_first_so_that_the_reference_goes_with_the_account(
    installation: Installation, target: LabServer, there: bool
) -> None:
    """One request at a time: a line of twelve managers takes one write for each, and no second one for the manager."""
    configure(installation, limits={"concurrency": 1})
    people = hierarchy(installation, 12)
    if there:
        for user in people:
            existing(target, userName=user.user_name)
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    found = {user.user_name: manager_of(target, user.user_name) for user in people}
    assert found == {f"person{n}": f"person{n + 1}" if n < 11 else None for n in range(12)}
    assert len(writes(target)) == 12
    assert installation.states() == {"in_sync": 12}


def test_a_manager_who_cannot_be_created_holds_up_nobody(
    installation: Installation, target: LabServer
) -> None:
    """The reports have their accounts, and say what they wait for."""
    people = hierarchy(installation, 4)
    target.set_options(faults=[fault("status", "POST", "/Users", status=400)])
    configure(installation, limits={"concurrency": 1})
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    assert installation.link(people[3]).state == Link.State.FAILED
    assert installation.link(people[2]).state == Link.State.WAITING
    assert {installation.link(user).state for user in people[:2]} == {"in_sync"}
    assert manager_of(target, "person0") == "person1"


def test_managers_may_go_round_in_a_circle(installation: Installation, target: LabServer) -> None:
    """Neither account waits for the other."""
    first = installation.user("a")
    second = managed(installation, "b", first)
    change(first, **{ENTERPRISE: {"manager": {"value": str(second.id)}}})
    installation.granted("Sales", first, second)
    installation.run()
    assert (manager_of(target, "a"), manager_of(target, "b")) == ("b", "a")
    assert installation.states() == {"in_sync": 3}
    seen = received(target)
    passes(installation, 2)
    assert received(target) == seen


def test_a_manager_who_gets_an_account_later_follows_by_itself(
    installation: Installation, target: LabServer
) -> None:
    """Until then the report has an account without a manager, and says what it waits for."""
    boss = installation.user("boss")
    report = managed(installation, "report", boss)
    group = installation.granted("Sales", report)
    installation.run()
    assert manager_of(target, "report") is None
    link = installation.link(report)
    assert link.state == Link.State.WAITING
    assert "manager" in link.reason
    add_members(group.id, [boss.id], actor=SYSTEM)
    installation.run()
    assert manager_of(target, "report") == "boss"
    assert installation.states() == {"in_sync": 3}


def test_a_manager_whose_conflict_a_person_settles_follows_too(
    installation: Installation, target: LabServer
) -> None:
    """The account is linked by hand: whoever waited for it is due."""
    configure(installation, matching={"users": ["displayName"]})
    ids = [existing(target, userName=name, displayName="Boss Example") for name in ("b1", "b2")]
    boss = installation.user("boss")
    report = managed(installation, "report", boss)
    installation.granted("Sales", boss, report)
    passes(installation, 2)
    assert installation.link(boss).state == Link.State.CONFLICT
    adopt_link(installation.link(boss).id, actor=SYSTEM, remote_id=ids[0])
    passes(installation, 2)
    assert manager_of(target, "report") == "boss"


def test_a_manager_who_is_made_anew_is_referred_to_anew(
    installation: Installation, target: LabServer
) -> None:
    """The manager's account vanished and has another id now: the report's reference follows."""
    boss = installation.user("boss")
    report = managed(installation, "report", boss)
    installation.granted("Sales", boss, report)
    installation.run()
    delete(target, f"/Users/{installation.link(boss).remote_id}")
    change(boss, title="anew")
    passes(installation, 3)
    assert manager_of(target, "report") == "boss"


@pytest.mark.parametrize("how", ["taken away", "deleted", "another"])
def test_r04_a_manager_who_is_no_more_is_removed_there(
    installation: Installation, target: LabServer, how: str
) -> None:
    """Absence is a value: the reference goes, or becomes another."""
    boss, other = installation.user("boss"), installation.user("other")
    report = managed(installation, "report", boss)
    installation.granted("Sales", boss, report, other)
    installation.run()
    if how == "deleted":
        delete_user(boss.id, actor=SYSTEM)
    else:
        change(report, **{ENTERPRISE: {"manager": {"value": str(other.id)}} if how == "another" else None})
    passes(installation, 2)
    assert manager_of(target, "report") == ("other" if how == "another" else None)
    assert installation.link(report).state == Link.State.IN_SYNC


def test_r04_a_manager_whose_account_is_gone_is_referred_to_no_more(
    installation: Installation, target: LabServer
) -> None:
    """Still in the directory, and unassigned there: the account is deleted, the reference goes, and comes back with it."""
    configure(installation, deprovision={"unassigned": "delete"})
    boss = installation.user("boss")
    report = managed(installation, "report", boss)
    group = installation.granted("Sales", boss, report)
    installation.run()
    assert manager_of(target, "report") == "boss"
    remove_members(group.id, [boss.id], actor=SYSTEM)
    passes(installation, 2)
    assert "boss" not in only_once(target)
    assert manager_of(target, "report") is None
    assert installation.link(report).state == Link.State.WAITING
    seen = received(target)
    passes(installation, 2)
    assert received(target) == seen
    add_members(group.id, [boss.id], actor=SYSTEM)
    passes(installation, 2)
    assert manager_of(target, "report") == "boss"
    assert installation.states() == {"in_sync": 3}


def test_r06_a_group_waits_no_more_for_a_member_who_gets_no_account(
    installation: Installation, target: LabServer
) -> None:
    """The account was refused, then its person left: the group is in sync without it, and says nothing of waiting."""
    alice, bob = installation.users("alice", "bob")
    pushed = installation.granted("Pushed", alice)
    installation.run()
    add_members(pushed.id, [bob.id], actor=SYSTEM)
    target.set_options(faults=[fault("status", "POST", "/Users", status=400, nth=1, count=0)])
    installation.run()
    target.set_options(faults=[])
    assert installation.link(pushed).state == Link.State.WAITING
    delete_user(bob.id, actor=SYSTEM)
    passes(installation, 2)
    assert "bob" not in only_once(target)
    assert installation.link(pushed).state == Link.State.IN_SYNC


def test_a_missing_manager_blocks_nobody(installation: Installation, target: LabServer) -> None:
    """The manager's creation is refused: all reports have their accounts and memberships."""
    boss = installation.user("boss")
    configure(installation, limits={"concurrency": 1})
    people = [managed(installation, f"person{number}", boss) for number in range(5)]
    installation.granted("Sales", boss, *people)
    target.set_options(faults=[fault("status", "POST", "/Users", status=400)])
    passes(installation, 2)
    assert len(only_once(target)) == 5
    assert len(target.state().groups["Sales"]["members"]) == 5


def values(target: LabServer, name: str, attribute: str) -> set[str]:
    return {each["value"] for each in only_once(target)[name].get(attribute) or []}


@pytest.mark.parametrize("attribute", ["roles", "entitlements"])
def test_what_policies_grant_becomes_an_attribute_while_the_switch_is_on(
    installation: Installation, target: LabServer, attribute: str
) -> None:
    """The union of all policies that match; what a policy gave goes with it."""
    user, other = installation.user("alice"), installation.user("bob")
    sales, staff = installation.group("Sales", user), installation.group("Staff", user, other)
    installation.policy(sales, **{attribute: ["admin", "editor"]})
    installation.policy(staff, **{attribute: ["reader", "editor"]})
    installation.run()
    assert values(target, "alice", attribute) == set()
    configure(installation, features={attribute: True})
    passes(installation, 1)
    assert values(target, "alice", attribute) == {"admin", "editor", "reader"}
    assert values(target, "bob", attribute) == {"editor", "reader"}
    remove_members(sales.id, [user.id], actor=SYSTEM)
    passes(installation, 1)
    assert values(target, "alice", attribute) == {"editor", "reader"}
    update_policy(Policy.objects.get(group=staff).id, {attribute: ["reader"]}, actor=SYSTEM)
    passes(installation, 1)
    assert values(target, "bob", attribute) == {"reader"}
    update_policy(Policy.objects.get(group=staff).id, {attribute: []}, actor=SYSTEM)
    passes(installation, 1)
    assert values(target, "alice", attribute) == values(target, "bob", attribute) == set()
    seen = received(target)
    passes(installation, 2)
    assert received(target) == seen


def test_roles_of_a_policy_that_goes_are_removed(installation: Installation, target: LabServer) -> None:
    """Whoever stays by another policy loses what the first one gave."""
    configure(installation, features={"roles": True})
    user = installation.user("alice")
    sales, staff = installation.group("Sales", user), installation.group("Staff", user)
    installation.policy(sales, roles=["admin"])
    installation.policy(staff, roles=["reader"])
    installation.run()
    assert values(target, "alice", "roles") == {"admin", "reader"}
    delete_policy(Policy.objects.get(group=sales).id, actor=SYSTEM)
    passes(installation, 2)
    assert values(target, "alice", "roles") == {"reader"}


def test_roles_arrive_with_the_creation(installation: Installation, target: LabServer) -> None:
    """Not a second request for each."""
    configure(installation, features={"roles": True})
    installation.granted("Sales", *crowd(3), push_group=False, roles=["reader"])
    installation.run()
    assert values(target, "user0001", "roles") == {"reader"}
    assert [entry["method"] for entry in target.requests() if entry["method"] != "GET"] == ["POST"] * 3
