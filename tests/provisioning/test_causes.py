"""R8, R9: leavers by the table of causes and the switches; what is not ours is never touched."""

from typing import Any

import pytest

from provisor.applications.applications import delete_application
from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.groups import delete_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.models import AccessInterval, Link
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    declare,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    members,
    only_once,
    passes,
    received,
    writes,
)
from tests.servers import LabServer

CAUSES = ("unassigned", "disabled", "deleted")
#: What an account is in the end: inactive, gone, or as it was.
RESULT: dict[str, bool | None] = {"deactivate": False, "delete": None, "keep": True}


def leave(cause: str, user: User, group: Group) -> None:
    """Make a user leave for a cause."""
    match cause:
        case "unassigned":
            remove_members(group.id, [user.id], actor=SYSTEM)
        case "disabled":
            set_active(user.id, False, actor=SYSTEM)
        case _:
            delete_user(user.id, actor=SYSTEM)


def active(target: LabServer, name: str) -> bool | None:
    """Whether an account is active; None when there is none."""
    account = only_once(target).get(name)
    return None if account is None else account["active"]


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("action", RESULT)
def test_r08_each_cause_does_what_the_table_says(
    installation: Installation, target: LabServer, cause: str, action: str
) -> None:
    """Three causes, three actions; everybody else stays as they are, and a second pass sends nothing."""
    configure(installation, deprovision={cause: action})
    users = installation.users("alice", "bob")
    group = installation.granted("Sales", *users)
    installation.run()
    leave(cause, users[0], group)
    passes(installation, 2)
    assert active(target, "alice") is RESULT[action]
    assert active(target, "bob") is True
    seen = received(target)
    passes(installation, 2)
    assert received(target) == seen
    if action != "delete":
        assert installation.link(users[0]).state == Link.State.RELEASED
        assert installation.link(users[0]).reason


@pytest.mark.parametrize("cause", CAUSES)
def test_r08_with_delete_off_only_unassignment_deprovisions(
    installation: Installation, target: LabServer, cause: str
) -> None:
    """No act when a user is disabled or deleted here; switched on again, it follows."""
    configure(installation, features={"users": {"delete": False}})
    users = installation.users("alice", "bob")
    group = installation.granted("Sales", *users)
    installation.run()
    leave(cause, users[0], group)
    passes(installation, 2)
    assert active(target, "alice") is (cause != "unassigned")
    configure(installation, features={"users": {"delete": True}})
    passes(installation, 2)
    assert active(target, "alice") is (None if cause == "deleted" else False)


@pytest.mark.parametrize("cause", CAUSES)
def test_r08_with_membership_off_leaving_the_group_deprovisions_nobody(
    installation: Installation, target: LabServer, cause: str
) -> None:
    """Other causes do; switched on again, whoever is in no group any more is deprovisioned."""
    configure(installation, features={"groups": {"membership": False}})
    users = installation.users("alice", "bob")
    group = installation.granted("Sales", *users)
    installation.run()
    leave(cause, users[0], group)
    passes(installation, 2)
    assert active(target, "alice") is {"unassigned": True, "disabled": False, "deleted": None}[cause]
    assert log(target, "PATCH", "/Groups") == []
    configure(installation, features={"groups": {"membership": True}})
    passes(installation, 2)
    assert active(target, "alice") is {"unassigned": False, "disabled": False, "deleted": None}[cause]
    assert active(target, "bob") is True


def test_r08_with_membership_off_nobody_gets_an_account_after_leaving(
    installation: Installation, target: LabServer
) -> None:
    """Frozen means that accounts stay, not that new ones are made for people who are in no group any more."""
    configure(installation, features={"groups": {"membership": False}})
    users = installation.users("alice", "bob")
    group = installation.granted("Sales", *users)
    installation.fold()
    remove_members(group.id, [users[0].id], actor=SYSTEM)
    passes(installation, 2)
    assert set(only_once(target)) == {"bob"}


@pytest.mark.parametrize("status", [405, 501, 403])
def test_r08_a_refused_delete_deactivates_and_says_so(
    installation: Installation, target: LabServer, status: int
) -> None:
    """The application has no DELETE, or does not allow it: the account is deactivated instead."""
    users = installation.users("alice", "bob")
    installation.granted("Sales", *users)
    installation.run()
    target.set_options(faults=[fault("status", "DELETE", status=status, count=0)])
    delete_user(users[0].id, actor=SYSTEM)
    passes(installation, 2)
    assert active(target, "alice") is False
    link = installation.link(users[0])
    assert link.state == Link.State.RELEASED
    assert str(status) in link.reason
    if status != 403:
        delete_user(users[1].id, actor=SYSTEM)
        passes(installation, 2)
        assert active(target, "bob") is False
        assert len(log(target, "DELETE")) == 1


def test_r08_what_the_profile_forbids_is_never_sent(installation: Installation, target: LabServer) -> None:
    """An application that cannot delete: the account is deactivated, and no DELETE leaves."""
    declare(installation, delete_users=False)
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    delete_user(user.id, actor=SYSTEM)
    passes(installation, 2)
    assert active(target, "alice") is False
    assert log(target, "DELETE") == []
    assert "instead of deleted" in installation.link(user).reason


def test_r08_a_stronger_cause_plans_anew(installation: Installation, target: LabServer) -> None:
    """Unassigned is deactivated; deleted afterwards is deleted."""
    user = installation.user("alice")
    group = installation.granted("Sales", user)
    installation.run()
    remove_members(group.id, [user.id], actor=SYSTEM)
    passes(installation, 1)
    assert active(target, "alice") is False
    delete_user(user.id, actor=SYSTEM)
    passes(installation, 2)
    assert active(target, "alice") is None


def test_r08_a_deactivation_that_deletes_is_survived(installation: Installation, target: LabServer) -> None:
    """In some applications inactive means gone: who comes back gets an account again, and the membership."""
    target.set_options(active_false_deletes=True)
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    set_active(user.id, False, actor=SYSTEM)
    passes(installation, 2)
    assert active(target, "alice") is None
    set_active(user.id, True, actor=SYSTEM)
    passes(installation, 4)
    assert active(target, "alice") is True
    assert members(target, "Sales") == {"alice"}
    assert installation.states() == {"in_sync": 2}


def test_r08_leavers_go_before_joiners(installation: Installation, target: LabServer) -> None:
    """In one pass the removal leaves before any creation."""
    user = installation.user("alice")
    group = installation.granted("Sales", user)
    installation.run()
    seen = received(target)
    add_members(group.id, [each.id for each in crowd(30)], actor=SYSTEM)
    delete_user(user.id, actor=SYSTEM)
    installation.run()
    assert writes(target, after=seen)[0]["method"] == "DELETE"


def test_r08_access_is_remembered_with_its_causes(installation: Installation, target: LabServer) -> None:
    """From when to when the account was live, and why it ended."""
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    set_active(user.id, False, actor=SYSTEM)
    installation.run()
    set_active(user.id, True, actor=SYSTEM)
    installation.run()
    intervals = AccessInterval.objects.filter(user_id=user.id).order_by("id")
    assert [(each.to_at is None, each.to_cause) for each in intervals] == [(False, "disabled"), (True, "")]


def test_r09_an_adopted_account_is_deprovisioned_like_a_created_one(
    installation: Installation, target: LabServer
) -> None:
    """It was adopted by rule, so it is ours to take away."""
    existing(target, userName="alice")
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    delete_user(user.id, actor=SYSTEM)
    passes(installation, 2)
    assert active(target, "alice") is None


@pytest.mark.parametrize("cause", CAUSES)
def test_r09_an_account_that_was_only_observed_is_never_touched(
    installation: Installation, target: LabServer, cause: str
) -> None:
    """It was seen and belongs to nobody: its user's coming and going changes nothing there."""
    user = installation.user("alice")
    group = installation.granted("Sales", user)
    installation.run()
    Link.objects.filter(pk=installation.link(user).pk).update(origin=Link.Origin.OBSERVED)
    seen = received(target)
    change(user, displayName="Somebody Else")
    passes(installation, 2)
    leave(cause, user, group)
    passes(installation, 2)
    assert [entry for entry in writes(target, after=seen) if "/Users" in entry["path"]] == []
    assert active(target, "alice") is True


@pytest.mark.parametrize("cause", CAUSES)
def test_r09_a_protected_account_is_never_written(
    installation: Installation, target: LabServer, cause: str
) -> None:
    """It is on the list of exclusions: it shows as such, and neither coming nor going sends anything for it."""
    configure(installation, exclusions=["alice"])
    existing(target, userName="alice", displayName="Before")
    users = installation.users("alice", "bob")
    group = installation.granted("Sales", *users)
    passes(installation, 2)
    assert installation.link(users[0]).state == Link.State.EXCLUDED
    leave(cause, users[0], group)
    passes(installation, 2)
    assert only_once(target)["alice"]["displayName"] == "Before"
    assert active(target, "bob") is True


def test_r08_a_policy_that_goes_takes_its_users_along(installation: Installation, target: LabServer) -> None:
    """Whom no other policy brings is unassigned; the group is kept there as it is."""
    alice, bob = installation.user("alice"), installation.user("bob")
    sales, staff = installation.group("Sales", alice, bob), installation.group("Staff", bob)
    for group in (sales, staff):
        installation.policy(group)
    installation.run()
    delete_policy(Policy.objects.get(group=sales).id, actor=SYSTEM)
    passes(installation, 2)
    assert (active(target, "alice"), active(target, "bob")) == (False, True)
    assert set(target.state().groups) == {"Sales", "Staff"}
    assert installation.link(sales).state == Link.State.RELEASED
    assert members(target, "Sales") == {"alice", "bob"}


@pytest.mark.parametrize("delete", [True, False])
def test_r08_a_group_deleted_here_is_deleted_there_where_the_switch_allows(
    installation: Installation, target: LabServer, delete: bool
) -> None:
    """With the switch off it is kept, and says so."""
    configure(installation, features={"groups": {"delete": delete}})
    group = installation.granted("Sales", installation.user("alice"))
    installation.run()
    delete_group(group.id, actor=SYSTEM)
    passes(installation, 2)
    assert set(target.state().groups) == (set() if delete else {"Sales"})
    assert active(target, "alice") is False


def test_r09_a_deleted_application_keeps_its_accounts(installation: Installation, target: LabServer) -> None:
    """Nothing is sent any more, whatever happens in the directory."""
    users = installation.users("alice", "bob")
    group = installation.granted("Sales", *users)
    installation.run()
    seen = received(target)
    delete_application(installation.application.id, actor=SYSTEM)
    delete_user(users[0].id, actor=SYSTEM)
    remove_members(group.id, [users[1].id], actor=SYSTEM)
    passes(installation, 2)
    assert received(target) == seen


def test_an_observed_application_is_sent_nothing(installation: Installation, target: LabServer) -> None:
    """Mode observe plans and writes nothing; enforced, it follows."""
    configure(installation, mode="observe")
    installation.granted("Sales", installation.user("alice"))
    passes(installation, 2)
    assert writes(target) == []
    configure(installation, mode="enforce")
    passes(installation, 2)
    assert set(only_once(target)) == {"alice"}


FORGOTTEN: dict[str, Any] = {
    "reset": fault("reset", "DELETE", handled=True),
    "500": fault("status", "DELETE", status=500),
}


@pytest.mark.parametrize("strike", FORGOTTEN.values(), ids=FORGOTTEN)
def test_r01_r09_a_delete_without_an_outcome_is_settled(
    installation: Installation, target: LabServer, strike: dict[str, Any]
) -> None:
    """It is sent again; a 404 is then what was wanted, and the link goes only now."""
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    target.set_options(faults=[strike])
    delete_user(user.id, actor=SYSTEM)
    installation.run()
    assert installation.link(user).state == Link.State.DUE
    passes(installation, 2)
    assert only_once(target) == {}
    assert not Link.objects.filter(local_id=user.id).exists()
