"""The fold: changes become due links, set-wise, from the tables of now."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy, update_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.everyone import everyone
from provisor.directory.groups import delete_group
from provisor.directory.memberships import add_members, nest, remove_members, unnest
from provisor.directory.models import Group, Pending, User
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.models import Link, LinkMember
from tests.provisioning.installation import Installation, now
from tests.provisioning.test_health import second
from tests.provisioning.vices import (
    configure,
    crowd,
    good_again,  # noqa: F401 - a fixture
    named,
    passes,
    received,
    writes,
)
from tests.servers import LabServer


def in_scope(installation: Installation, kind: str = "user") -> set[str]:
    """Names of whoever is in scope of the application."""
    installation.fold()
    ids = Link.objects.filter(application=installation.application, kind=kind, in_scope=True)
    model: Any = User if kind == "user" else Group
    attribute = "user_name" if kind == "user" else "display_name"
    return set(model.objects.filter(pk__in=ids.values("local_id")).values_list(attribute, flat=True))


def causes(installation: Installation) -> dict[str, str]:
    installation.fold()
    links = Link.objects.filter(application=installation.application, kind="user", in_scope=False)
    return {User.objects.get(pk=link.local_id).user_name: link.cause for link in links}


def policy_of(group: Group) -> Policy:
    return Policy.objects.get(group=group)


def test_a_policy_brings_its_group_whatever_came_first(installation: Installation) -> None:
    """Users before or after the policy, in one fold or in several."""
    group = installation.group("Sales", installation.user("alice"))
    assert in_scope(installation) == set()
    installation.policy(group)
    assert in_scope(installation) == {"alice"}
    add_members(group.id, [installation.user("bob").id], actor=SYSTEM)
    assert in_scope(installation) == {"alice", "bob"}
    assert in_scope(installation, "group") == {"Sales"}


def test_whoever_is_granted_twice_stays_until_the_last_grant_goes(installation: Installation) -> None:
    """Leaving one of two granting groups, or losing one of two policies, changes nothing."""
    user = installation.user("alice")
    first, other = installation.group("Sales", user), installation.group("Staff", user)
    installation.policy(first)
    installation.policy(other)
    assert in_scope(installation) == {"alice"}
    remove_members(first.id, [user.id], actor=SYSTEM)
    assert in_scope(installation) == {"alice"}
    add_members(first.id, [user.id], actor=SYSTEM)
    delete_policy(policy_of(other).id, actor=SYSTEM)
    assert in_scope(installation) == {"alice"}
    delete_policy(policy_of(first).id, actor=SYSTEM)
    assert in_scope(installation) == set()


def test_nested_groups_bring_their_members_by_every_way(installation: Installation) -> None:
    """A group in scope by two ways stays until both are gone."""
    user = installation.user("alice")
    child = installation.group("Team", user)
    left, right, top = (installation.group(name) for name in ("Left", "Right", "Top"))
    for parent, inside in ((left, child), (right, child), (top, left), (top, right)):
        nest(parent.id, inside.id, actor=SYSTEM)
    installation.policy(top)
    assert in_scope(installation) == {"alice"}
    unnest(left.id, child.id, actor=SYSTEM)
    assert in_scope(installation) == {"alice"}
    unnest(top.id, right.id, actor=SYSTEM)
    assert in_scope(installation) == set()
    assert causes(installation) == {"alice": "unassigned"}
    nest(top.id, right.id, actor=SYSTEM)
    assert in_scope(installation) == {"alice"}


def test_a_group_that_goes_takes_its_scope_along(installation: Installation) -> None:
    """Deleting a group inside, and the granting group itself."""
    user, other = installation.user("alice"), installation.user("bob")
    child, top = installation.group("Team", user), installation.group("Top", other)
    nest(top.id, child.id, actor=SYSTEM)
    installation.policy(top)
    assert in_scope(installation) == {"alice", "bob"}
    delete_group(child.id, actor=SYSTEM)
    assert in_scope(installation) == {"bob"}
    delete_group(top.id, actor=SYSTEM)
    assert in_scope(installation) == set()
    assert in_scope(installation, "group") == set()


def test_a_disabled_user_is_in_no_application(installation: Installation) -> None:
    """Disabled before or after the grant; enabled, they are in scope."""
    users = [installation.user("alice"), installation.user("bob", active=False)]
    installation.granted("Sales", *users)
    assert in_scope(installation) == {"alice"}
    set_active(users[0].id, False, actor=SYSTEM)
    set_active(users[1].id, True, actor=SYSTEM)
    assert in_scope(installation) == {"bob"}
    assert causes(installation) == {"alice": "disabled"}


def test_a_stronger_cause_replaces_a_weaker_one_and_none_the_other_way(installation: Installation) -> None:
    """Unassigned, then disabled, then deleted."""
    user = installation.user("alice")
    group = installation.granted("Sales", user)
    installation.run()
    remove_members(group.id, [user.id], actor=SYSTEM)
    assert causes(installation) == {"alice": "unassigned"}
    set_active(user.id, False, actor=SYSTEM)
    assert causes(installation) == {"alice": "disabled"}
    add_members(group.id, [user.id], actor=SYSTEM)
    assert causes(installation) == {"alice": "disabled"}
    delete_user(user.id, actor=SYSTEM)
    assert causes(installation) == {"alice": "deleted"}


def test_everyone_brings_everybody_and_is_not_pushed(installation: Installation, target: LabServer) -> None:
    """Also who comes later."""
    installation.user("alice")
    installation.policy(everyone())
    installation.run()
    installation.user("bob")
    installation.run()
    assert set(target.state().users) == {"alice", "bob"}
    assert target.state().groups == {}


def test_pushing_can_be_switched_off_and_on(installation: Installation, target: LabServer) -> None:
    """The group is let go of as it is; pushed again, it is the same, with what changed meanwhile."""
    people = installation.users("alice", "bob", "carla")
    group = installation.granted("Sales", *people[:2])
    installation.run()
    before = target.state().groups["Sales"]["id"]
    update_policy(policy_of(group).id, {"push_group": False}, actor=SYSTEM)
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    add_members(group.id, [people[2].id], actor=SYSTEM)
    passes(installation, 2)
    assert len(target.state().groups["Sales"]["members"]) == 2
    update_policy(policy_of(group).id, {"push_group": True}, actor=SYSTEM)
    passes(installation, 2)
    held = target.state()
    assert held.groups["Sales"]["id"] == before
    assert {member["value"] for member in held.groups["Sales"]["members"]} == {
        held.users["bob"]["id"], held.users["carla"]["id"],
    }  # fmt: skip


def test_two_applications_do_not_mix(installation: Installation, target: LabServer) -> None:
    """Each has its own scope and its own links."""
    other = second(target)
    alice, bob = installation.user("alice"), installation.user("bob")
    installation.granted("Sales", alice)
    other.policy(installation.group("Staff", alice, bob))
    assert in_scope(installation) == {"alice"}
    assert in_scope(other) == {"alice", "bob"}


def test_a_fold_counts_up_and_never_loses(installation: Installation) -> None:
    """Every change raises the generation of the link it touches, and leaves nothing pending."""
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.fold()
    first = installation.link(user).generation
    set_active(user.id, False, actor=SYSTEM)
    installation.fold()
    assert installation.link(user).generation > first
    assert not Pending.objects.exists()
    assert fold(now()) == frozenset()


def test_who_came_and_went_before_any_pass_leaves_no_trace(
    installation: Installation, target: LabServer
) -> None:
    """Nobody ever got an account: nothing is sent, and no link stays."""
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    installation.fold()
    delete_user(user.id, actor=SYSTEM)
    installation.run()
    assert writes(target) == []
    assert received(target) <= 3
    assert not Link.objects.exists()


def statements(act: Any) -> int:
    """How many SQL statements the fold of an act takes."""
    fold(now())
    act()
    with CaptureQueriesContext(connection) as captured:
        fold(now())
    return len(captured)


def test_one_policy_for_2000_users_takes_as_many_statements_as_one_for_20(installation: Installation) -> None:
    """The fold is set-based: its statements do not grow with the users, nor with the members."""
    small, large = (
        installation.group("Small", *crowd(20, "small")),
        installation.group("Large", *crowd(2_000)),
    )
    first = statements(lambda: installation.policy(small))
    then = statements(lambda: installation.policy(large))
    assert then == first
    assert Link.objects.filter(kind="user", in_scope=True).count() == 2_020
    assert LinkMember.objects.count() == 2_020
    assert statements(lambda: delete_policy(policy_of(large).id, actor=SYSTEM)) == first
    assert Link.objects.filter(kind="user", in_scope=True).count() == 20


@pytest.mark.parametrize("count", [1, 500])
def test_changes_of_many_users_take_as_many_statements_as_of_one(
    installation: Installation, count: int
) -> None:
    """Joins and leaves of 500 in one fold."""
    people = crowd(500)
    group = installation.granted("Sales")
    some = [user.id for user in people[:count]]
    joined = statements(lambda: add_members(group.id, some, actor=SYSTEM))
    assert joined < 60
    assert in_scope(installation) == named(people[:count])
    assert statements(lambda: remove_members(group.id, some, actor=SYSTEM)) == joined


def test_a_setting_of_the_pace_makes_nothing_due(installation: Installation) -> None:
    """Limits and brake alter no plan."""
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    before = installation.link(user).generation
    configure(installation, limits={"rate": 50}, brake={"count": 7})
    installation.fold()
    assert installation.link(user).generation == before
