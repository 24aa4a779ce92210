"""Managers, roles and entitlements: what refers to another account, and what policies grant beside the account."""

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
from tests.provisioning.test_members import delete
from tests.provisioning.vices import (
    ENTERPRISE,
    change,
    configure,
    crowd,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    only_once,
    passes,
    received,
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
    installation.policy(installation.group("Sales", *people, boss))
    installation.run()
    assert {manager_of(target, user.user_name) for user in people} == {"boss"}
    assert installation.states() == {"in_sync": 7}


def test_managers_may_go_round_in_a_circle(installation: Installation, target: LabServer) -> None:
    """Neither account waits for the other."""
    first = installation.user("a")
    second = managed(installation, "b", first)
    change(first, **{ENTERPRISE: {"manager": {"value": str(second.id)}}})
    installation.policy(installation.group("Sales", first, second))
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
    group = installation.group("Sales", report)
    installation.policy(group)
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
    installation.policy(installation.group("Sales", boss, report))
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
    installation.policy(installation.group("Sales", boss, report))
    installation.run()
    delete(target, f"/Users/{installation.link(boss).remote_id}")
    change(boss, title="anew")
    passes(installation, 3)
    assert manager_of(target, "report") == "boss"


@pytest.mark.parametrize("how", ["taken away", "deleted", "another"])
def test_r4_a_manager_who_is_no_more_is_removed_there(
    installation: Installation, target: LabServer, how: str
) -> None:
    """Absence is a value: the reference goes, or becomes another."""
    boss, other = installation.user("boss"), installation.user("other")
    report = managed(installation, "report", boss)
    installation.policy(installation.group("Sales", boss, report, other))
    installation.run()
    if how == "deleted":
        delete_user(boss.id, actor=SYSTEM)
    else:
        change(report, **{ENTERPRISE: {"manager": {"value": str(other.id)}} if how == "another" else None})
    passes(installation, 2)
    assert manager_of(target, "report") == ("other" if how == "another" else None)
    assert installation.link(report).state == Link.State.IN_SYNC


def test_a_missing_manager_blocks_nobody(installation: Installation, target: LabServer) -> None:
    """The manager's creation is refused: all reports have their accounts and memberships."""
    boss = installation.user("boss")
    configure(installation, limits={"concurrency": 1})
    people = [managed(installation, f"person{number}", boss) for number in range(5)]
    installation.policy(installation.group("Sales", boss, *people))
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
    installation.policy(installation.group("Sales", *crowd(3)), push_group=False, roles=["reader"])
    installation.run()
    assert values(target, "user0001", "roles") == {"reader"}
    assert [entry["method"] for entry in target.requests() if entry["method"] != "GET"] == ["POST"] * 3
