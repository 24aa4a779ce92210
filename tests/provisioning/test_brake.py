"""R10 in its simple form: beyond the allowance a batch is held as a whole, and everything else goes on."""

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.brake.decisions import reject_hold, release_hold
from provisor.provisioning.models import Link
from provisor.provisioning.operations import OperationRefused
from provisor.provisioning.passes.context import load_context
from provisor.provisioning.passes.take import take
from tests.provisioning.installation import Installation, now
from tests.provisioning.vices import (
    DAY,
    configure,
    crowd,
    fresh,
    good_again,  # noqa: F401 - a fixture
    holds,
    log,
    members,
    named,
    only_once,
    passes,
    received,
    writes,
)
from tests.servers import LabServer


def inactive(target: LabServer) -> set[str]:
    return {name for name, account in only_once(target).items() if not account["active"]}


def settled(installation: Installation, count: int = 20, *, push: bool = False) -> tuple[list[User], Group]:
    """An application with so many accounts, from one group."""
    people = crowd(count)
    group = installation.granted("Sales", *people, push_group=push)
    installation.run()
    return people, group


@pytest.mark.parametrize("leavers", [5, 6])
def test_r10_five_go_through_and_six_are_held_as_a_whole(
    installation: Installation, target: LabServer, leavers: int
) -> None:
    """The batch that would cross the budget is not cut at the limit; each held one says why and what to do."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:leavers]], actor=SYSTEM)
    installation.run()
    assert inactive(target) == (named(people[:5]) if leavers == 5 else set())
    assert len(holds(installation)) == (0 if leavers == 5 else 6)
    if leavers == 6:
        link = installation.link(people[0])
        assert link.state == Link.State.HELD
        assert "release" in link.reason


def test_r10_five_percent_of_a_large_application_go_through(
    installation: Installation, target: LabServer
) -> None:
    """Of 200 accounts ten may leave in a day."""
    people, group = settled(installation, 200)
    remove_members(group.id, [user.id for user in people[:10]], actor=SYSTEM)
    installation.run()
    assert inactive(target) == named(people[:10])


def test_r10_one_more_after_five_is_held_until_the_day_is_over(
    installation: Installation, target: LabServer
) -> None:
    """Nothing drips past the brake: executed and pending count together, over 24 hours."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:5]], actor=SYSTEM)
    installation.run()
    remove_members(group.id, [people[5].id], actor=SYSTEM)
    installation.run(later=1_000)
    assert inactive(target) == named(people[:5])
    assert installation.link(people[5]).state == Link.State.HELD
    remove_members(group.id, [people[6].id], actor=SYSTEM)
    installation.run(later=DAY + 60_000)
    assert inactive(target) == named([*people[:5], people[6]])


def test_r10_a_removal_in_doubt_that_is_held_counts_as_executed(
    installation: Installation, target: LabServer
) -> None:
    """Nobody heard whether it took effect before the process died, and others were held together with it."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()
    in_doubt = Link.objects.filter(pk=installation.link(people[0]).pk)
    assert in_doubt.update(doubt={"paths": ["active"]}) == 1
    remove_members(group.id, [user.id for user in people[6:11]], actor=SYSTEM)
    installation.run(later=1_000)
    assert inactive(target) == set()
    assert len(holds(installation)) == 11


def test_r10_everything_else_goes_on(installation: Installation, target: LabServer) -> None:
    """Joiners, changes and other removals are sent while a batch is held."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    add_members(group.id, [user.id for user in crowd(3, "joiner")], actor=SYSTEM)
    installation.run()
    assert len(holds(installation)) == 6
    assert len(only_once(target)) == 23
    assert inactive(target) == set()


def test_r10_what_is_released_goes_and_does_not_count_again(
    installation: Installation, target: LabServer
) -> None:
    """A person looks and releases: these go, and five others may still go on the same day."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()
    for hold in holds(installation)[:4]:
        release_hold(hold.id, actor=SYSTEM, effect=hold.effect)
    installation.run()
    assert len(inactive(target)) == 4
    assert len(holds(installation)) == 2
    remove_members(group.id, [user.id for user in people[6:11]], actor=SYSTEM)
    installation.run()
    assert len(inactive(target)) == 9


def test_r10_a_release_counts_only_for_what_was_shown(installation: Installation, target: LabServer) -> None:
    """Another effect than the one that is held is refused."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()
    with pytest.raises(OperationRefused):
        release_hold(holds(installation)[0].id, actor=SYSTEM, effect="something else")
    assert inactive(target) == set()


def test_r10_a_stronger_cause_is_held_anew(installation: Installation, target: LabServer) -> None:
    """Released as unassigned, deleted meanwhile: deleting is another effect, and nobody has released it."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()
    for hold in holds(installation):
        release_hold(hold.id, actor=SYSTEM, effect=hold.effect)
    for user in people[:6]:
        delete_user(user.id, actor=SYSTEM)
    passes(installation, 2)
    assert log(target, "DELETE") == []
    assert len(holds(installation)) == 6


def test_r10_coming_back_cancels_a_hold(installation: Installation, target: LabServer) -> None:
    """Who is in scope again is nobody's leaver; leaving again is a new decision."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()
    seen = received(target)
    add_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()
    assert holds(installation) == []
    assert len(holds(installation, "cancelled")) == 6
    assert writes(target, after=seen) == []
    assert installation.states() == {"in_sync": 20}


def test_r10_a_rejected_leaver_is_kept_until_the_cause_changes(
    installation: Installation, target: LabServer
) -> None:
    """Rejecting keeps the account for this cause; deleting the user later is another cause."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()
    for hold in holds(installation):
        reject_hold(hold.id, actor=SYSTEM)
    passes(installation, 2)
    configure(installation, exclusions=["somebody"])
    passes(installation, 2)
    assert inactive(target) == set()
    delete_user(people[0].id, actor=SYSTEM)
    passes(installation, 2)
    assert people[0].user_name not in only_once(target)
    assert inactive(target) == set()


def test_r10_memberships_have_a_budget_of_their_own(installation: Installation, target: LabServer) -> None:
    """Six leave a pushed group and keep their accounts: six memberships are held; a joiner still joins."""
    people, group = settled(installation, push=True)
    installation.granted("Others", *people, push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    joiner = crowd(1, "joiner")[0]
    add_members(group.id, [joiner.id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == named([*people, joiner])
    held = holds(installation)
    assert {hold.user_id for hold in held} == {user.id for user in people[:6]}
    release_hold(held[0].id, actor=SYSTEM, effect=held[0].effect)
    reject_hold(held[1].id, actor=SYSTEM)
    passes(installation, 2)
    assert len(members(target, "Sales")) == 20
    add_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == named([*people, joiner])
    assert holds(installation) == []


def test_r10_the_only_member_of_a_small_group_goes(installation: Installation, target: LabServer) -> None:
    """A small group that empties is no failed source."""
    user = installation.user("alice")
    group = installation.granted("Sales", user)
    installation.run()
    remove_members(group.id, [user.id], actor=SYSTEM)
    installation.run()
    assert inactive(target) == {"alice"}
    assert members(target, "Sales") == set()


def test_r10_a_rename_between_two_folds_opens_no_way_past_the_brake(
    installation: Installation, target: LabServer
) -> None:
    """Ten leave, then the group is renamed before any pass: their memberships are held all the same."""
    people, group = settled(installation, push=True)
    installation.granted("Others", *people, push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:10]], actor=SYSTEM)
    installation.fold()
    update_group(group.id, display_name="Marketing", actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Marketing") == named(people)
    assert len(holds(installation)) == 10


def test_r08_r10_what_a_switch_keeps_is_not_held(installation: Installation, target: LabServer) -> None:
    """With delete off nothing would be sent for the disabled, so nobody has to decide about them."""
    configure(installation, features={"users": {"delete": False}})
    people, _ = settled(installation)
    for user in people[:6]:
        set_active(user.id, False, actor=SYSTEM)
    passes(installation, 2)
    assert holds(installation) == []
    assert {installation.link(user).state for user in people[:6]} == {"released"}


def test_r10_protected_accounts_do_not_count(installation: Installation, target: LabServer) -> None:
    """Nothing is ever sent for them, so they use up no budget and hold nobody."""
    people, group = settled(installation)
    configure(installation, exclusions=[user.user_name for user in people[:6]])
    installation.run()
    remove_members(group.id, [user.id for user in people[:7]], actor=SYSTEM)
    passes(installation, 2)
    assert inactive(target) == {people[6].user_name}
    assert holds(installation) == []


def test_r10_what_is_under_way_is_not_held_any_more(installation: Installation, target: LabServer) -> None:
    """A sixth leaver while five are being sent: he is held, and they are not, since nobody can stop them."""
    people, group = settled(installation)
    remove_members(group.id, [user.id for user in people[:5]], actor=SYSTEM)
    installation.fold()
    context = load_context(fresh(installation))
    assert len(take(context, now=now(), limit=100).works) == 5
    remove_members(group.id, [people[5].id], actor=SYSTEM)
    installation.fold()
    take(context, now=now(), limit=100)
    assert {hold.link_id for hold in holds(installation)} == {installation.link(people[5]).id}
