"""The rehearsal: what a change would do, counted by the code that does it, and nothing left of it (R10, R19)."""

from collections import Counter
from collections.abc import Iterator

import pytest

from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy
from provisor.audit.actor import SYSTEM
from provisor.directory import journal
from provisor.directory.groups import create_group, delete_group, update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, Pending, User
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.models import AccessInterval
from provisor.provisioning.preview.preview import plan_application
from provisor.provisioning.rehearsal.rehearsal import Counts, rehearse, sentence
from tests.provisioning.installation import Installation
from tests.provisioning.rehearsing import counted, every_kind_of_change, everything, settled, shouting
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    good_again,  # noqa: F401 - a fixture
    holds,
    received,
    writes,
)
from tests.servers import LabServer


@pytest.fixture
def announced() -> Iterator[list[object]]:
    """What the engine would have been woken by."""
    heard: list[object] = []

    def hear(**_: object) -> None:
        heard.append(1)

    journal.changed.connect(hear)
    yield heard
    journal.changed.disconnect(hear)


def test_removing_three_people_counts_what_the_pass_then_does(
    installation: Installation, target: LabServer
) -> None:
    """Three deactivations and three memberships, by name, and in one sentence."""
    people, group = settled(installation)
    leavers = people[:3]

    def act() -> int:
        return remove_members(group.id, [each.id for each in leavers], actor=SYSTEM)

    rehearsal = rehearse(act)
    assert rehearsal.returned == 3
    assert counted(rehearsal) == {"deactivates": 3, "members_removed": 3}
    assert sentence(rehearsal) == "Deactivates 3 accounts in Target; removes 3 memberships."
    (reach,) = rehearsal.reaches
    assert [each.name for each in reach.names["deactivates"]] == [each.display_name for each in leavers]
    assert [each.link_id for each in reach.names["deactivates"]] == [
        installation.link(each).id for each in leavers
    ]
    assert {each.group for each in reach.names["members_removed"]} == {"Sales"}
    seen = received(target)
    act()
    installation.run()
    sent = Counter(entry["path"].split("/")[1] for entry in writes(target, after=seen))
    assert sent["Users"] == 3
    inactive = [name for name, user in target.state().users.items() if not user["active"]]
    assert sorted(inactive) == sorted(each.user_name for each in leavers)


def test_r19_a_rehearsal_leaves_every_table_as_it_was(
    installation: Installation, target: LabServer, announced: list[object]
) -> None:
    """Not a row, not a counter, not the head of the audit chain; nobody is woken and nothing is sent."""
    people, group = settled(installation, 20)
    change(people[0], title="waits for the fold")
    before, seen = everything(), received(target)
    announced.clear()
    for act in every_kind_of_change(installation, people, group):
        rehearse(act)
        assert everything() == before
    assert announced == []
    assert received(target) == seen
    assert Pending.objects.count() == 1


def mixed(installation: Installation, people: list[User], group: Group) -> None:
    """Joiners, movers, leavers, renames."""
    change(people[0], title="new")
    change(people[1], displayName="other", title="both")
    remove_members(group.id, [people[2].id], actor=SYSTEM)
    set_active(people[3].id, False, actor=SYSTEM)
    delete_user(people[4].id, actor=SYSTEM)
    update_group(group.id, display_name="Marketing", actor=SYSTEM)
    add_members(group.id, [user.id for user in crowd(3, "joiner")], actor=SYSTEM)


def test_r19_equal_to_the_plan_after_the_change(installation: Installation, target: LabServer) -> None:
    """The rehearsal counts what the dry run counts once the change is made."""
    people, group = settled(installation)
    rehearsal = rehearse(lambda: mixed(installation, people, group))
    mixed(installation, people, group)
    assert in_acts(rehearsal.totals) == plan_application(installation.application.id)["totals"]
    assert counted(rehearsal) == {
        "creates": 3, "updates": 2, "deactivates": 2, "deletes": 1, "groups_updated": 1, "members_added": 3,
        "members_removed": 2,
    }  # fmt: skip
    assert sentence(rehearsal) == (
        "Deletes 1 account in Target; deactivates 2 accounts in Target; removes 2 memberships; creates 3 accounts in "
        "Target; updates 2 accounts in Target; updates 1 group in Target; adds 3 memberships."
    )


def in_acts(totals: Counts) -> dict[str, int]:
    """The counts as the dry run names them."""
    acts = {
        "create": totals.creates + totals.groups_created,
        "adopt": totals.adopts,
        "update": totals.updates + totals.reactivates + totals.groups_updated,
        "deactivate": totals.deactivates,
        "delete": totals.deletes + totals.groups_deleted,
        "add_members": totals.members_added,
        "remove_members": totals.members_removed,
    }
    return {act: count for act, count in acts.items() if count}


@pytest.mark.parametrize("number", range(13))
def test_r19_every_kind_of_change_counts_what_the_dry_run_then_plans(
    installation: Installation, target: LabServer, number: int
) -> None:
    """Whatever service makes it."""
    people, group = settled(installation, 20)
    act = list(every_kind_of_change(installation, people, group))[number]
    rehearsal = rehearse(act)
    act()
    plan = plan_application(installation.application.id)
    assert in_acts(rehearsal.totals) == plan["totals"]
    assert rehearsal.totals.held == plan["held"]


def test_pending_changes_of_others_are_not_counted(installation: Installation, target: LabServer) -> None:
    """Neither what waits for the fold nor what waits for a pass; both are still there afterwards."""
    people, group = settled(installation)
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    installation.fold()
    set_active(people[1].id, False, actor=SYSTEM)
    change(people[2], title="new")
    waiting = set(Pending.objects.values_list("id", flat=True))
    rehearsal = rehearse(lambda: set_active(people[3].id, False, actor=SYSTEM))
    assert counted(rehearsal) == {"deactivates": 1}
    assert set(Pending.objects.values_list("id", flat=True)) == waiting
    # what happens anyway is no effect of a second reason for it
    unfolded = rehearse(lambda: remove_members(group.id, [people[1].id], actor=SYSTEM))
    assert counted(unfolded) == {"members_removed": 1}
    again = rehearse(lambda: set_active(people[0].id, False, actor=SYSTEM))
    assert counted(again) == {}
    assert sentence(again) == "Changes nothing in any application."


def test_a_refused_change_raises_and_leaves_nothing(installation: Installation, target: LabServer) -> None:
    """The refusal of the second service takes back what the first one did."""
    people, group = settled(installation, 5)
    before = everything()

    def act() -> None:
        remove_members(group.id, [people[0].id], actor=SYSTEM)
        create_group("sales", actor=SYSTEM)

    with pytest.raises(DirectoryRefusal):
        rehearse(act)
    assert everything() == before


def test_r10_what_the_brake_would_hold_is_counted_as_held(
    installation: Installation, target: LabServer
) -> None:
    """Six of twenty: neither a deactivation nor a removal goes through, and nothing is held by looking."""
    people, group = settled(installation, 20)

    def act() -> None:
        remove_members(group.id, [each.id for each in people[:6]], actor=SYSTEM)

    rehearsal = rehearse(act)
    assert counted(rehearsal) == {"held": 12, "members_held": 6}
    assert sentence(rehearsal) == "Holds 12 removals in Target until a person decides."
    assert holds(installation) == []
    act()
    installation.run()
    assert len(holds(installation)) == 12


def test_r10_what_others_have_pending_counts_for_the_brake_and_is_not_counted(
    installation: Installation, target: LabServer
) -> None:
    """Three leavers of others and three of this change cross together: these three are held."""
    people, group = settled(installation, 20, push=False)
    remove_members(group.id, [each.id for each in people[:3]], actor=SYSTEM)
    rehearsal = rehearse(lambda: remove_members(group.id, [each.id for each in people[3:6]], actor=SYSTEM))
    assert counted(rehearsal) == {"held": 3}


def test_who_comes_back_is_reactivated(installation: Installation, target: LabServer) -> None:
    """A released link is no new account."""
    people, group = settled(installation)
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    installation.run()
    rehearsal = rehearse(lambda: add_members(group.id, [people[0].id], actor=SYSTEM))
    assert counted(rehearsal) == {"reactivates": 1, "members_added": 1}


def test_accounts_that_stay_are_counted_as_kept(installation: Installation, target: LabServer) -> None:
    """The table of causes keeps them, or the membership switch is off; a second look at them says nothing."""
    people, group = settled(installation)
    configure(installation, deprovision={"unassigned": "keep"})
    rehearsal = rehearse(lambda: remove_members(group.id, [people[0].id], actor=SYSTEM))
    assert counted(rehearsal) == {"keeps": 1, "members_removed": 1}
    configure(installation, features={"groups": {"membership": False}})
    frozen = rehearse(lambda: remove_members(group.id, [people[0].id], actor=SYSTEM))
    assert counted(frozen) == {"keeps": 1}
    assert sentence(frozen) == "Keeps 1 account in Target as it is."
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    installation.run()
    assert counted(rehearse(lambda: configure(installation, deprovision={"disabled": "delete"}))) == {}


def test_protected_people_are_counted_as_excluded(installation: Installation, target: LabServer) -> None:
    """Nothing is sent for them, and they join no group there."""
    configure(installation, exclusions=["user0000"])
    people = crowd(3)
    group = installation.group("Sales", *people)
    rehearsal = rehearse(lambda: installation.policy(group))
    assert counted(rehearsal) == {"creates": 2, "groups_created": 1, "members_added": 2, "excluded": 1}
    installation.policy(group)
    installation.run()
    assert set(target.state().users) == {"user0001", "user0002"}


def test_a_deleted_group_is_deleted_there_and_one_without_a_policy_is_unlinked(
    installation: Installation, target: LabServer
) -> None:
    """Only the deletion here deletes there."""
    people = crowd(3)
    group = installation.group("Sales", *people)
    installation.policy(installation.group("All", *people), push_group=False)
    installation.policy(group)
    installation.run()
    policy = Policy.objects.get(group=group)
    assert counted(rehearse(lambda: delete_policy(policy.id, actor=SYSTEM))) == {"groups_unlinked": 1}
    assert counted(rehearse(lambda: delete_group(group.id, actor=SYSTEM))) == {"groups_deleted": 1}


def test_what_was_deactivated_long_ago_is_deleted_when_the_days_are_set(
    installation: Installation, target: LabServer
) -> None:
    """`delete_after_days` counts from the deactivation: setting it may delete at once."""
    people, _ = settled(installation, 20, push=False)
    set_active(people[0].id, False, actor=SYSTEM)
    installation.run()
    assert counted(rehearse(lambda: configure(installation, delete_after_days=1))) == {}
    age(installation, people[0])
    assert counted(rehearse(lambda: configure(installation, delete_after_days=1))) == {"deletes": 1}


def age(installation: Installation, user: User) -> None:
    """Let the deactivation be a week old."""
    interval = AccessInterval.objects.get(application=installation.application, user_id=user.id)
    assert interval.to_at is not None
    interval.to_at -= 7 * 24 * 3_600_000
    interval.save()


def test_a_mapping_that_renders_nobody_says_so(installation: Installation, target: LabServer) -> None:
    """Broken for everybody: that many can be sent nothing."""
    settled(installation, 20)
    rules = [dict(rule) for rule in installation.application.mappings["users"]]
    for rule in rules:
        if rule["target"] == "displayName":
            rule |= {"kind": "expression", "source": "string(1 / (size(user.userName) - 8))"}
    rehearsal = rehearse(lambda: configure(installation, mappings={"users": rules}))
    assert counted(rehearsal) == {"failed": 20}


def test_what_waits_already_is_compared_as_the_former_configuration_would_send_it(
    installation: Installation, target: LabServer
) -> None:
    """A title waits for one of five; another mapping changes what is sent for that one too."""
    people, _ = settled(installation, 5, push=False)
    change(people[0], title="new")
    installation.fold()
    mapping = shouting(installation)
    assert counted(rehearse(lambda: configure(installation, mappings=mapping))) == {"updates": 5}
    # The change was taken back, and with it the number of the version: what was read for it counts no more.
    assert counted(rehearse(lambda: set_active(people[1].id, False, actor=SYSTEM))) == {"deactivates": 1}
    assert counted(rehearse(lambda: change(people[2], displayName="other"))) == {"updates": 1}
