"""R2: no account is created twice, and nothing is linked that a person should decide about."""

from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import delete_user
from provisor.provisioning.models import Link
from provisor.provisioning.operations import adopt_link
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    ENTERPRISE,
    configure,
    crowd,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    members,
    only_once,
    passes,
)
from tests.servers import LabServer

UNKNOWN = {
    "reply lost after the commit": fault("reset", "POST", "/Users", handled=True),
    "reset before anything happened": fault("reset", "POST", "/Users"),
    "truncated answer": fault("truncate", "POST", "/Users"),
    "500 after the commit": fault("status", "POST", "/Users", status=500, handled=True),
    "a web page with 200 after the commit": fault("html", "POST", "/Users", status=200, handled=True),
    "a web page with 200 instead of the commit": fault("html", "POST", "/Users", status=200),
}


@pytest.mark.parametrize("strike", UNKNOWN.values(), ids=UNKNOWN)
def test_r02_after_a_post_without_an_outcome_there_is_one_account(
    installation: Installation, target: LabServer, strike: dict[str, Any]
) -> None:
    """It is looked up before any second POST, and the account found is ours."""
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    target.set_options(faults=[strike])
    passes(installation, 3)
    assert set(only_once(target)) == {"alice"}
    assert installation.states() == {"in_sync": 2}
    assert installation.link(alice).origin == Link.Origin.CREATED
    posts = [
        number
        for number, entry in enumerate(log(target))
        if (entry["method"], entry["path"]) == ("POST", "/Users")
    ]
    between = [entry["path"] for entry in log(target)[posts[0] + 1 : posts[-1]]]
    assert len(posts) == 1 or any("filter" in path for path in between)


def test_r02_many_posts_without_an_outcome(installation: Installation, target: LabServer) -> None:
    """Every third reply of a large pass is lost: each account is there once."""
    installation.granted("Sales", *crowd(60))
    lost = [fault("reset", "POST", "/Users", handled=True, count=0, probability=0.3)]
    target.set_options(faults=lost, seed=7)
    passes(installation, 4)
    assert len(only_once(target)) == 60
    assert installation.states() == {"in_sync": 61}


def test_r02_after_a_conflict_it_is_looked_up_singly_and_adopted(
    installation: Installation, target: LabServer
) -> None:
    """The listing that stood for the look-ups lied about its end: 409, one search each, and all are adopted."""
    people = crowd(30)
    ids = {user.user_name: existing(target, userName=user.user_name) for user in people}
    target.set_options(total_is_page_size=True, page_size=10, page_cap=10)
    installation.granted("Sales", *people)
    passes(installation, 2)
    assert {name: account["id"] for name, account in only_once(target).items()} == ids
    assert {installation.link(user).origin for user in people} == {"adopted"}
    assert installation.states() == {"in_sync": 31}


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "ignored"},
        {"filter": "absent"},
        {"filter": "refused"},
        {"filter": "absent", "discovery": "absent"},
        {"filter": "refused", "discovery": "absent"},
        {"filter": "ignored", "page_size": 2, "page_cap": 2, "cursor": True},
    ],
    ids=str,
)
def test_r02_where_filters_do_not_work_the_list_is_read(
    installation: Installation, target: LabServer, options: dict[str, Any]
) -> None:
    """An account that is there is found and adopted, whatever the filter does; nobody else's is touched."""
    target.set_options(**options)
    for name in ("zoe", "yan", "alice"):
        existing(target, userName=name, displayName="Before")
    people = installation.users("alice", "bob")
    installation.granted("Sales", *people)
    passes(installation, 3)
    accounts = only_once(target)
    assert set(accounts) == {"zoe", "yan", "alice", "bob"}
    assert accounts["alice"]["displayName"] == "Alice Example"
    assert accounts["zoe"]["displayName"] == "Before"
    assert [installation.link(user).origin for user in people] == ["adopted", "created"]


def test_r02_a_target_that_neither_searches_nor_pages_gets_no_second_account(
    installation: Installation, target: LabServer
) -> None:
    """It ignores filters and returns its first page for everything: absence is never concluded from that."""
    target.set_options(
        filter="ignored", start_index_ignored=True, page_size=2, page_cap=2, duplicates="allowed"
    )
    for name in ("yan", "zoe", "alice"):
        existing(target, userName=name)
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    passes(installation, 2)
    assert log(target, "POST", "/Users") == []
    link = installation.link(alice)
    assert link.state == Link.State.CONFLICT
    assert "by hand" in link.reason


def test_r02_a_target_that_says_yes_to_everything_gets_one_post_for_each(
    installation: Installation, target: LabServer
) -> None:
    """200 and an empty list for every request: nothing proves a creation, so a person is asked and no second POST sent."""
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    target.set_options(constant_answer=True)
    passes(installation, 4)
    assert len(log(target, "POST", "/Users")) == 1
    link = installation.link(alice)
    assert link.state == Link.State.CONFLICT
    assert link.reason


@pytest.mark.parametrize("answer", ["empty", "no_content"])
def test_r02_a_creation_confirmed_without_a_body_is_found(
    installation: Installation, target: LabServer, answer: str
) -> None:
    """The POST says only yes: the account is looked up, and it is ours."""
    target.set_options(post_answer=answer)
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    passes(installation, 2)
    assert set(only_once(target)) == {"alice"}
    assert members(target, "Sales") == {"alice"}
    assert installation.link(alice).origin == Link.Origin.CREATED
    assert len(log(target, "POST")) == 2


def test_r02_several_matches_are_a_conflict(installation: Installation, target: LabServer) -> None:
    """Nothing is written until a person says which one it is; then that one is linked, and joins its group."""
    configure(installation, matching={"users": ["displayName"]})
    ids = [existing(target, userName=name, displayName="Alice Example") for name in ("a1", "a2")]
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    passes(installation, 2)
    assert log(target, "POST", "/Users") == []
    link = installation.link(alice)
    assert link.state == Link.State.CONFLICT
    assert "2 accounts" in link.reason
    adopt_link(link.id, actor=SYSTEM, remote_id=ids[1])
    passes(installation, 2)
    assert installation.link(alice).state == Link.State.IN_SYNC
    assert {user["id"] for user in target.state().users.values()} == set(ids)
    assert members(target, "Sales") == {"alice"}


def test_r02_an_account_of_a_former_user_is_a_conflict_for_a_new_one(
    installation: Installation, target: LabServer
) -> None:
    """The released account keeps its link; a new user with the same name does not slip into it."""
    configure(installation, deprovision={"deleted": "deactivate"})
    first = installation.user("alice")
    group = installation.granted("Sales", first)
    installation.run()
    delete_user(first.id, actor=SYSTEM)
    installation.run()
    assert installation.link(first).state == Link.State.RELEASED
    second = installation.user("alice")
    add_members(group.id, [second.id], actor=SYSTEM)
    passes(installation, 2)
    link = installation.link(second)
    assert link.state == Link.State.CONFLICT
    assert "linked already" in link.reason
    assert only_once(target)["alice"]["active"] is False


@pytest.mark.parametrize("concurrency", [1, 8])
def test_r02_r07_two_users_who_match_one_account_stop_nobody(
    installation: Installation, target: LabServer, concurrency: int
) -> None:
    """One of them gets it, the other is a conflict, and everybody else goes on."""
    number = f"{ENTERPRISE}:employeeNumber"
    configure(installation, matching={"users": [number]}, limits={"concurrency": concurrency})
    existing(target, userName="old", **{ENTERPRISE: {"employeeNumber": "7"}})
    twins = [installation.user(name, **{ENTERPRISE: {"employeeNumber": "7"}}) for name in ("ann", "bea")]
    others = [
        installation.user(f"other{each}", **{ENTERPRISE: {"employeeNumber": f"1{each}"}}) for each in range(5)
    ]
    installation.granted("Sales", *twins, *others)
    passes(installation, 3)
    assert sorted(installation.link(user).state for user in twins) == ["conflict", "in_sync"]
    assert {installation.link(user).state for user in others} == {"in_sync"}
    assert members(target, "Sales") >= {user.user_name for user in others}


def test_r02_with_create_off_accounts_are_adopted_or_missing(
    installation: Installation, target: LabServer
) -> None:
    """No POST ever; who has no account there is missing, and the reason says why. Switched on, they are made."""
    configure(installation, features={"users": {"create": False}})
    existing(target, userName="alice", displayName="Al")
    alice, bob = installation.user("alice"), installation.user("bob")
    installation.granted("Sales", alice, bob)
    passes(installation, 2)
    assert log(target, "POST", "/Users") == []
    assert installation.link(alice).state == Link.State.IN_SYNC
    assert only_once(target)["alice"]["displayName"] == "Alice Example"
    assert installation.link(bob).state == Link.State.MISSING
    assert "switch" in installation.link(bob).reason
    assert members(target, "Sales") == {"alice"}
    configure(installation, features={"users": {"create": True}})
    passes(installation, 2)
    assert set(only_once(target)) == {"alice", "bob"}
    assert members(target, "Sales") == {"alice", "bob"}


def test_r02_with_group_create_off_groups_are_adopted_or_missing(
    installation: Installation, target: LabServer
) -> None:
    """The same for groups: the users are provisioned all the same."""
    configure(installation, features={"groups": {"create": False}})
    group = installation.granted("Sales", installation.user("alice"))
    passes(installation, 2)
    assert log(target, "POST", "/Groups") == []
    assert installation.link(group).state == Link.State.MISSING
    assert set(only_once(target)) == {"alice"}


@pytest.mark.parametrize("leave", ["deleted", "unassigned"])
def test_r01_r02_a_leaver_whose_creation_had_no_outcome_is_not_left_inside(
    installation: Installation, target: LabServer, leave: str
) -> None:
    """The reply to the POST was lost, then the user left: the account is looked up and taken away."""
    alice = installation.user("alice")
    group = installation.granted("Sales", alice)
    target.set_options(faults=[fault("reset", "POST", "/Users", handled=True)])
    installation.run()
    assert "alice" in target.state().users
    if leave == "deleted":
        delete_user(alice.id, actor=SYSTEM)
    else:
        remove_members(group.id, [alice.id], actor=SYSTEM)
    passes(installation, 3)
    accounts = only_once(target)
    assert all(account["active"] is False for account in accounts.values())
    assert leave == "unassigned" or accounts == {}


@pytest.mark.parametrize(
    "name", ['o"brien', "back\\slash", "a b", "50% eq", "user+tag", "Ünïcode", "数据", "semi;colon"]
)
def test_r02_any_name_is_looked_up_exactly(installation: Installation, target: LabServer, name: str) -> None:
    """What a filter could misread is escaped: the account that is there is found, and no other."""
    for other in ("obrien", "back", "a", "50"):
        existing(target, userName=other)
    identifier = existing(target, userName=name)
    user = installation.user(name, emails=[{"value": "someone@example.com", "type": "work"}])
    installation.granted("Sales", user)
    passes(installation, 2)
    link = installation.link(user)
    assert (link.remote_id, link.origin, link.state) == (identifier, "adopted", "in_sync")
    assert len(only_once(target)) == 5
