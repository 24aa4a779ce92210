"""R10: what an emptied source would remove is held, however much the brake allows; a small one may empty."""

import pytest

from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.csv_import import import_groups
from provisor.directory.groups import delete_group
from provisor.directory.memberships import add_members, nest, remove_members, unnest
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.brake.decisions import reject_hold, release_hold
from provisor.provisioning.models import Link
from provisor.provisioning.preview.preview import plan_application
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    configure,
    crowd,
    good_again,  # noqa: F401 - a fixture
    holds,
    members,
    named,
    only_once,
    passes,
)
from tests.servers import LabServer

#: Everything here would pass this brake.
WIDE = {"count": 1_000, "percent": 100}


def inactive(target: LabServer) -> set[str]:
    return {name for name, account in only_once(target).items() if not account["active"]}


def two_groups(
    installation: Installation, size: int = 8, *, push: bool = False
) -> tuple[list[User], Group, list[User]]:
    """A wide brake, a group of that size, and another one with ten people; the first one's people and group."""
    configure(installation, brake=WIDE)
    people, others = crowd(size), crowd(10, "other")
    group, rest = installation.group("Sales", *people), installation.group("Others", *others)
    for each in (group, rest):
        installation.policy(each, push_group=push)
    installation.run()
    return people, group, others


def take_out(group: Group, users: list[User]) -> None:
    remove_members(group.id, [user.id for user in users], actor=SYSTEM)


def test_r10_a_group_that_loses_everybody_is_held(installation: Installation, target: LabServer) -> None:
    """All eight leave: held, with the group and the number in the sentence; somebody else's removal goes."""
    people, group, others = two_groups(installation)
    take_out(group, people)
    set_active(others[0].id, False, actor=SYSTEM)
    installation.run()
    assert inactive(target) == {others[0].user_name}
    held = holds(installation)
    assert {hold.link_id for hold in held} == {installation.link(user).id for user in people}
    assert all("“Sales” has lost all of its members, 8 of them" in hold.reason for hold in held)
    assert installation.link(people[0]).state == Link.State.HELD


def test_r10_where_one_stays_the_brake_alone_decides(installation: Installation, target: LabServer) -> None:
    """Seven of eight leave: the source is not empty."""
    people, group, _ = two_groups(installation)
    take_out(group, people[1:])
    installation.run()
    assert inactive(target) == named(people[1:])
    assert holds(installation) == []


def test_r10_a_small_group_may_empty(installation: Installation, target: LabServer) -> None:
    """Five are few."""
    people, group, _ = two_groups(installation, 5)
    take_out(group, people)
    installation.run()
    assert inactive(target) == named(people)


def test_r10_one_after_the_other_empties_it_too(installation: Installation, target: LabServer) -> None:
    """Five go, then the last three: those are held, since eight were in it on that day."""
    people, group, _ = two_groups(installation)
    take_out(group, people[:5])
    installation.run()
    for user in people[5:]:
        take_out(group, [user])
    installation.run()
    assert inactive(target) == named(people[:5])
    assert len(holds(installation)) == 3


def test_r10_the_same_person_in_and_out_does_not_make_a_group_large(
    installation: Installation, target: LabServer
) -> None:
    """Three times the same two: two members, not six."""
    people, group, _ = two_groups(installation, 2)
    for _ in range(3):
        take_out(group, people)
        add_members(group.id, [user.id for user in people], actor=SYSTEM)
    take_out(group, people)
    installation.run()
    assert inactive(target) == named(people)


@pytest.mark.parametrize("way", ["deleted", "policy", "unnested", "import"])
def test_r10_every_way_to_empty_a_source_is_seen(
    installation: Installation, target: LabServer, way: str
) -> None:
    """The group deleted here or by an import, the policy deleted, its only inner group taken out."""
    configure(installation, brake=WIDE)
    people, others = crowd(8), crowd(3, "other")
    inner, outer = installation.group("Inner", *people), installation.group("Outer")
    nest(outer.id, inner.id, actor=SYSTEM)
    granted = outer if way == "unnested" else inner
    for group in (granted, installation.group("Others", *others)):
        installation.policy(group, push_group=False)
    installation.run()
    if way == "deleted":
        delete_group(inner.id, actor=SYSTEM)
    elif way == "policy":
        delete_policy(Policy.objects.get(group=inner).id, actor=SYSTEM)
    elif way == "unnested":
        unnest(outer.id, inner.id, actor=SYSTEM)
    else:
        assert import_groups(b"displayName,action\nInner,delete\n", actor=SYSTEM).deleted == 1
    installation.run()
    assert inactive(target) == set()
    held = holds(installation)
    assert len(held) == 8
    assert all("8" in hold.reason for hold in held)


def test_r10_a_pushed_group_whose_people_are_deleted_one_by_one_is_held(
    installation: Installation, target: LabServer
) -> None:
    """No change by itself empties it; together they do, and neither accounts nor memberships go."""
    people, _, _ = two_groups(installation, push=True)
    for user in people:
        delete_user(user.id, actor=SYSTEM)
    passes(installation, 2)
    assert set(only_once(target)) >= named(people)
    assert members(target, "Sales") == named(people)
    assert len([hold for hold in holds(installation) if hold.user_id is None]) == 8


def test_r10_an_application_that_nobody_is_to_have_any_more_is_held(
    installation: Installation, target: LabServer
) -> None:
    """Eight people disabled one by one: no group is empty, and nobody is left in scope."""
    configure(installation, brake=WIDE)
    people = crowd(8)
    installation.policy(installation.group("Sales", *people), push_group=False)
    installation.run()
    for user in people:
        set_active(user.id, False, actor=SYSTEM)
    passes(installation, 2)
    assert inactive(target) == set()
    assert all("nobody is to have this application" in hold.reason for hold in holds(installation))
    assert len(holds(installation)) == 8


def test_r10_a_pushed_group_that_empties_keeps_its_members_there(
    installation: Installation, target: LabServer
) -> None:
    """They keep their accounts by another group; the memberships are held, released, and kept where rejected."""
    people, group, _ = two_groups(installation, push=True)
    installation.policy(installation.group("Staff", *people), push_group=False)
    installation.run()
    take_out(group, people)
    passes(installation, 2)
    assert members(target, "Sales") == named(people)
    held = holds(installation)
    assert {hold.user_id for hold in held} == {user.id for user in people}
    assert all("has lost all of its members, 8 of them" in hold.reason for hold in held)
    for hold in held[1:]:
        release_hold(hold.id, actor=SYSTEM, effect=hold.effect)
    reject_hold(held[0].id, actor=SYSTEM)
    passes(installation, 2)
    assert len(members(target, "Sales")) == 1


def test_r10_what_is_released_goes_and_who_comes_back_is_held_no_more(
    installation: Installation, target: LabServer
) -> None:
    """One is released and leaves; the others are put back."""
    people, group, _ = two_groups(installation)
    take_out(group, people)
    installation.run()
    mine = next(hold for hold in holds(installation) if hold.link_id == installation.link(people[0]).id)
    release_hold(mine.id, actor=SYSTEM, effect=mine.effect)
    passes(installation, 2)
    assert inactive(target) == {people[0].user_name}
    add_members(group.id, [user.id for user in people[1:]], actor=SYSTEM)
    passes(installation, 2)
    assert holds(installation) == []
    assert inactive(target) == {people[0].user_name}


def test_r10_the_deletion_of_a_large_group_is_held_until_it_is_released(
    installation: Installation, target: LabServer
) -> None:
    """Its eight members lose a membership each: the plan says held, and so does the pass."""
    people, group, _ = two_groups(installation, push=True)
    installation.policy(installation.group("Staff", *people), push_group=False)
    installation.run()
    delete_group(group.id, actor=SYSTEM)
    assert plan_application(installation.application.id)["held"] == 1
    passes(installation, 2)
    assert members(target, "Sales") == named(people)
    (hold,) = holds(installation)
    assert (hold.act, hold.link_id) == ("delete", installation.link(group).id)
    assert "“Sales” was deleted here, and it had 8 members" in hold.reason
    release_hold(hold.id, actor=SYSTEM, effect=hold.effect)
    passes(installation, 2)
    assert "Sales" not in target.state().groups
    assert holds(installation) == []


def test_r10_small_groups_that_are_deleted_use_up_the_budget_of_memberships(
    installation: Installation, target: LabServer
) -> None:
    """Three of three members each: the first goes and counts three; the other two together would cross five."""
    people = crowd(3)
    groups = [installation.group(f"Team {number}", *people) for number in range(3)]
    for group in groups:
        installation.policy(group)
    installation.policy(installation.group("Staff", *people), push_group=False)
    installation.run()
    delete_group(groups[0].id, actor=SYSTEM)
    installation.run()
    assert set(target.state().groups) == {"Team 1", "Team 2"}
    for group in groups[1:]:
        delete_group(group.id, actor=SYSTEM)
    installation.run()
    assert set(target.state().groups) == {"Team 1", "Team 2"}
    assert len(holds(installation)) == 2
