"""R10: who releases, what a release is bound to, how long it counts, and what becomes of a hold by other acts."""

from typing import Any

import pytest

from provisor.access.accounts import create_account, disable
from provisor.access.models import Account
from provisor.access.principals import of_account
from provisor.access.tokens import authenticate, issue
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.models import AuditEntry
from provisor.directory.csv_import import import_groups
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import set_active
from provisor.provisioning.brake.decisions import (
    pass_brake,
    reject_all,
    reject_hold,
    release_all,
    release_hold,
    shown_effect,
)
from provisor.provisioning.models import Hold, Link
from provisor.provisioning.operations import (
    OperationRefused,
    adopt_link,
    ignore_link,
    retry_link,
    unlink_link,
)
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    DAY,
    change,
    configure,
    crowd,
    decided,
    good_again,  # noqa: F401 - a fixture
    holds,
    log,
    members,
    named,
    only_once,
    passes,
)
from tests.servers import LabServer

HOUR = 3_600_000


def inactive(target: LabServer) -> set[str]:
    return {name for name, account in only_once(target).items() if not account["active"]}


def account(email: str, role: str) -> Account:
    return create_account(email, "a long enough phrase", role, SYSTEM)


def held(
    installation: Installation, by: Actor, *, count: int = 6, push: bool = False
) -> tuple[list[User], Group]:
    """Twenty accounts, of which somebody takes so many away at once."""
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=push)
    installation.run()
    if push:
        installation.policy(installation.group("Staff", *people), push_group=False)
        installation.run()
    remove_members(group.id, [user.id for user in people[:count]], actor=by)
    installation.run()
    assert len(holds(installation)) == count
    return people, group


def release(hold: Hold, by: Actor) -> Hold:
    return release_hold(hold.id, actor=by, effect=hold.effect)


# --- a second account ------------------------------------------------------------------------------------------------


def test_r10_who_caused_it_does_not_release_it_alone(installation: Installation, target: LabServer) -> None:
    """Ann and Bo may both release; Ann removed the people, so Bo decides, and Ann is told who can."""
    ann, bo = (
        of_account(account("ann@example.com", "owner")),
        of_account(account("bo@example.com", "approver")),
    )
    people, _ = held(installation, ann.actor)
    first, second, *_ = holds(installation)
    with pytest.raises(
        OperationRefused, match=r"somebody else has to look at it: bo@example\.com may release"
    ):
        release(first, ann.actor)
    assert release(first, bo.actor).note == ""
    reject_hold(second.id, actor=ann.actor)
    installation.run()
    assert len(inactive(target)) == 1
    assert inactive(target) <= named(people)


def test_r10_a_token_counts_as_its_account(installation: Installation) -> None:
    """What Ann's token caused, Ann does not release; nor does her token what she caused."""
    owner = account("ann@example.com", "owner")
    account("bo@example.com", "approver")
    token = authenticate(issue(owner, "automation", "owner", SYSTEM)[1])
    assert token is not None
    held(installation, token.actor)
    with pytest.raises(OperationRefused, match="You made the change"):
        release(holds(installation)[0], of_account(owner).actor)
    other = authenticate(issue(owner, "another", "owner", SYSTEM)[1])
    assert other is not None
    with pytest.raises(OperationRefused, match="You made the change"):
        release(holds(installation)[0], other.actor)


@pytest.mark.parametrize("way", ["nobody", "disabled", "no right"])
def test_r10_where_nobody_else_may_release_the_record_says_so(installation: Installation, way: str) -> None:
    """One administrator alone may release; a disabled account and one without the right are nobody else."""
    ann = of_account(account("ann@example.com", "owner")).actor
    if way == "disabled":
        disable(account("bo@example.com", "approver").id, SYSTEM)
    elif way == "no right":
        account("bo@example.com", "application-administrator")
    held(installation, ann)
    hold = release(holds(installation)[0], ann)
    assert hold.note == "Released by who caused it: no second account may release."
    entry = AuditEntry.objects.select_related("payload").get(act="hold.released")
    assert (entry.payload.content or {})["after"]["note"] == hold.note


def test_r10_who_changed_something_else_meanwhile_is_not_who_caused_it(installation: Installation) -> None:
    """Ann takes them out; Bo changes their titles before the engine looks: it is still Ann's doing."""
    ann = of_account(account("ann@example.com", "owner")).actor
    bo = of_account(account("bo@example.com", "approver")).actor
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:6]], actor=ann)
    for user in people[:6]:
        change(user, by=bo, title="new")
    installation.run()
    with pytest.raises(OperationRefused, match="You made the change"):
        release(holds(installation)[0], ann)
    release(holds(installation)[0], bo)


def test_r10_of_memberships_who_took_each_out_is_who_caused_it(
    installation: Installation, target: LabServer
) -> None:
    """Ann takes out three and Bo three, in one group: each releases the other's."""
    ann = of_account(account("ann@example.com", "owner")).actor
    bo = of_account(account("bo@example.com", "owner")).actor
    people = crowd(20)
    group = installation.granted("Sales", *people)
    installation.policy(installation.group("Staff", *people), push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:3]], actor=ann)
    remove_members(group.id, [user.id for user in people[3:6]], actor=bo)
    installation.run()
    mine = [hold for hold in holds(installation) if hold.user_id in {user.id for user in people[:3]}]
    assert len(mine) == 3
    with pytest.raises(OperationRefused):
        release(mine[0], ann)
    release(mine[0], bo)
    count, effects = shown_effect(installation.application.id)
    outcome = release_all(installation.application.id, actor=ann, effects=effects)
    assert (count, outcome.done, outcome.left, len(outcome.reasons)) == (5, 3, 2, 1)
    passes(installation, 2)
    assert len(members(target, "Sales")) == 16


# --- bound to what was shown -----------------------------------------------------------------------------------------


def test_r10_a_decision_about_all_counts_only_for_what_was_shown(
    installation: Installation, target: LabServer
) -> None:
    """One more is held meanwhile: the former hash decides nothing, the new one everything."""
    people, group = held(installation, SYSTEM)
    _, shown = shown_effect(installation.application.id)
    remove_members(group.id, [user.id for user in people[6:12]], actor=SYSTEM)
    installation.run()
    with pytest.raises(OperationRefused, match="changed since it was shown"):
        release_all(installation.application.id, actor=SYSTEM, effects=shown)
    assert inactive(target) == set()
    count, effects = shown_effect(installation.application.id)
    assert release_all(installation.application.id, actor=SYSTEM, effects=effects).done == count == 12
    installation.run()
    assert inactive(target) == named(people[:12])
    assert AuditEntry.objects.filter(act="hold.released").count() == 12
    assert {hold.state for hold in Hold.objects.all()} == {"done"}


def test_r10_all_are_kept_by_one_decision(installation: Installation, target: LabServer) -> None:
    """Rejected together: nothing goes, then or later."""
    held(installation, SYSTEM)
    _, effects = shown_effect(installation.application.id)
    assert reject_all(installation.application.id, actor=SYSTEM, effects=effects).done == 6
    passes(installation, 2)
    assert inactive(target) == set()
    with pytest.raises(OperationRefused, match="Nothing is held"):
        release_all(installation.application.id, actor=SYSTEM, effects=effects)


def test_r10_another_table_of_causes_is_another_effect(installation: Installation, target: LabServer) -> None:
    """Held as a deactivation, and a deletion by now: the effect that was shown releases nothing."""
    held(installation, SYSTEM)
    shown = holds(installation)
    configure(installation, deprovision={"unassigned": "delete"})
    installation.run()
    with pytest.raises(OperationRefused, match="changed since it was shown"):
        release(shown[0], SYSTEM)
    assert {hold.act for hold in holds(installation)} == {"delete"}
    release(holds(installation)[0], SYSTEM)
    installation.run()
    assert len(log(target, "DELETE")) == 1


def test_r10_a_release_of_a_deactivation_is_none_of_a_deletion(
    installation: Installation, target: LabServer
) -> None:
    """Released, and before it is sent the table of causes says delete: that is held anew."""
    held(installation, SYSTEM)
    for hold in holds(installation):
        release(hold, SYSTEM)
    configure(installation, deprovision={"unassigned": "delete"})
    passes(installation, 2)
    assert log(target, "DELETE") == []
    assert inactive(target) == set()
    assert [hold.act for hold in holds(installation)] == ["delete"] * 6


def test_r10_what_is_to_be_kept_now_is_held_no_more(installation: Installation, target: LabServer) -> None:
    """With `keep` in the table of causes nothing would be sent, so nobody has to decide."""
    people, _ = held(installation, SYSTEM)
    configure(installation, deprovision={"unassigned": "keep"})
    passes(installation, 2)
    assert holds(installation) == []
    assert {installation.link(user).state for user in people[:6]} == {"released"}
    assert inactive(target) == set()


# --- 24 hours --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [23, 25])
def test_r10_a_release_that_is_not_carried_out_within_24_hours_is_held_again(
    installation: Installation, target: LabServer, hours: int
) -> None:
    """The application is away for a day: what was released is asked again, and the sentence says so."""
    held(installation, SYSTEM)
    for hold in holds(installation)[:2]:
        release(hold, Actor(kind="command", id="bo", label="Bo"))
    installation.run(later=hours * HOUR)
    if hours == 23:
        assert len(inactive(target)) == 2
        return
    assert inactive(target) == set()
    assert len(holds(installation)) == 6
    assert len(holds(installation, "lapsed")) == 2
    again = [hold for hold in holds(installation) if hold.reason.startswith("Held again: Bo released it at")]
    assert len(again) == 2
    with decided(25 * HOUR):
        release(again[0], SYSTEM)
    installation.run(later=25 * HOUR + 60_000)
    assert len(inactive(target)) == 1
    assert installation.states() == {"in_sync": 14, "released": 1, "held": 5}


def test_r10_a_released_membership_that_waits_for_a_day_is_held_again(
    installation: Installation, target: LabServer
) -> None:
    """The same for one member of a group."""
    held(installation, SYSTEM, push=True)
    assert {hold.act for hold in holds(installation)} == {"remove_members"}
    release(holds(installation)[0], SYSTEM)
    installation.run(later=25 * HOUR)
    assert len(members(target, "Sales")) == 20
    assert len(holds(installation)) == 6


# --- keep ------------------------------------------------------------------------------------------------------------


def test_r10_keep_ends_when_the_cause_changes_and_changes_back(
    installation: Installation, target: LabServer
) -> None:
    """Kept as unassigned, disabled meanwhile and enabled again: the leaving is asked about anew."""
    people, _ = held(installation, SYSTEM)
    for hold in holds(installation):
        reject_hold(hold.id, actor=SYSTEM)
    for user in people[:6]:
        set_active(user.id, False, actor=SYSTEM)
    passes(installation, 2)
    assert {hold.cause for hold in holds(installation)} == {"disabled"}
    for user in people[:6]:
        set_active(user.id, True, actor=SYSTEM)
    passes(installation, 2)
    assert {hold.cause for hold in holds(installation)} == {"unassigned"}
    assert inactive(target) == set()


def test_r10_coming_back_cancels_a_release_too(installation: Installation, target: LabServer) -> None:
    """Released, back before it is sent, and gone again: six at once are asked about again."""
    people, group = held(installation, SYSTEM)
    for hold in holds(installation):
        release(hold, SYSTEM)
    ids = [user.id for user in people[:6]]
    add_members(group.id, ids, actor=SYSTEM)
    remove_members(group.id, ids[:0] + ids, actor=SYSTEM)
    installation.fold()
    add_members(group.id, ids, actor=SYSTEM)
    installation.run()
    assert holds(installation, "released") == []
    remove_members(group.id, ids, actor=SYSTEM)
    installation.run()
    assert len(holds(installation)) == 6
    assert inactive(target) == set()


# --- other acts on a held link ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [retry_link, adopt_link])
def test_r10_trying_again_is_no_way_past_the_brake(
    installation: Installation, target: LabServer, act: Any
) -> None:
    """Retry and adopt are refused, with the way out; the hold stays."""
    people, _ = held(installation, SYSTEM)
    with pytest.raises(OperationRefused, match="Release or reject it first"):
        act(installation.link(people[0]).id, actor=SYSTEM)
    passes(installation, 2)
    assert len(holds(installation)) == 6
    assert inactive(target) == set()


@pytest.mark.parametrize("act", [unlink_link, ignore_link])
def test_r10_what_is_left_alone_by_a_person_is_held_no_more(
    installation: Installation, target: LabServer, act: Any
) -> None:
    """Unlinking and setting aside keep the account: its hold is over, and the others stay."""
    people, _ = held(installation, SYSTEM)
    act(installation.link(people[0]).id, actor=SYSTEM)
    passes(installation, 2)
    assert len(holds(installation)) == 5
    assert len(holds(installation, "cancelled")) == 1
    assert inactive(target) == set()


def test_r10_a_group_that_is_unlinked_holds_nothing_any_more(
    installation: Installation, target: LabServer
) -> None:
    """Its members' removals are over, and the group stays as it is there."""
    _, group = held(installation, SYSTEM, push=True)
    unlink_link(installation.link(group).id, actor=SYSTEM)
    passes(installation, 2)
    assert holds(installation) == []
    assert len(members(target, "Sales")) == 20


def test_r10_one_person_on_demand_passes_and_the_others_stay_held(
    installation: Installation, target: LabServer
) -> None:
    """The deliberate act is recorded as a release by who did it, of exactly this effect."""
    people, _ = held(installation, SYSTEM)
    link = installation.link(people[0])
    pass_brake(link, Actor(kind="command", id="ann", label="Ann"))
    Link.objects.filter(pk=link.pk).update(state=Link.State.DUE)
    installation.run()
    assert inactive(target) == named(people[:1])
    assert len(holds(installation)) == 5
    (done,) = holds(installation, "done")
    assert (done.decided_by, done.act, done.cause) == ("Ann", "deactivate", "unassigned")


def test_r10_an_import_that_empties_a_group_names_who_started_it(
    installation: Installation, target: LabServer
) -> None:
    """Ann's import deletes the group of eight: held, and not hers to release."""
    ann = of_account(account("ann@example.com", "owner")).actor
    account("bo@example.com", "approver")
    installation.granted("Sales", *crowd(8), push_group=False)
    installation.granted("Others", *crowd(3, "other"), push_group=False)
    installation.run()
    assert import_groups(b"displayName,action\nSales,delete\n", actor=ann).deleted == 1
    installation.run(later=DAY // 24)
    assert len(holds(installation)) == 8
    assert inactive(target) == set()
    with pytest.raises(OperationRefused, match="You made the change"):
        release(holds(installation)[0], ann)
