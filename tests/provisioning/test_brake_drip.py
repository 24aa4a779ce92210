"""R10: nothing drips past the brake: one under the limit, again and again, over hours, passes and restarts.

Every run of `Installation.run` is an engine that has just been started: what the brake knows is in the database alone.
"""

from collections.abc import Callable
from typing import Any

import pytest

from provisor.applications.models import Policy
from provisor.applications.policies import delete_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.groups import delete_group
from provisor.directory.memberships import remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user, set_active
from provisor.mapping.defaults import default_rules
from provisor.provisioning.brake.decisions import reject_hold, release_hold
from provisor.provisioning.preview.preview import plan_application
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    DAY,
    change,
    configure,
    crowd,
    declare,
    good_again,  # noqa: F401 - a fixture
    holds,
    members,
    named,
    only_once,
)
from tests.servers import LabServer

HOUR = 3_600_000
#: What the brake of twenty accounts allows in a day.
ALLOWED = 5


def inactive(target: LabServer) -> set[str]:
    return {name for name, account in only_once(target).items() if not account["active"]}


def gone(target: LabServer, people: list[User]) -> set[str]:
    """Who has no active account there any more."""
    there = only_once(target)
    return {name for name in named(people) if name not in there or not there[name]["active"]}


def _take_out(group: Group, user: User) -> None:
    remove_members(group.id, [user.id], actor=SYSTEM)


def _disable(_: Group, user: User) -> None:
    set_active(user.id, False, actor=SYSTEM)


def _delete(_: Group, user: User) -> None:
    delete_user(user.id, actor=SYSTEM)


@pytest.mark.parametrize("way", [_take_out, _disable, _delete])
def test_r10_one_account_an_hour_is_stopped_after_the_fifth(
    installation: Installation, target: LabServer, way: Callable[[Group, User], None]
) -> None:
    """Nine within nine hours: five go, and each one after them is held by itself."""
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    for hour, user in enumerate(people[:9], start=1):
        way(group, user)
        installation.run(later=hour * HOUR)
    assert gone(target, people) == named(people[:ALLOWED])
    assert len(holds(installation)) == 4


def test_r10_every_way_counts_in_one_budget(installation: Installation, target: LabServer) -> None:
    """Taken out, disabled, deleted, made inactive by the mapping: five in all, not five of each."""
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    configure(installation, mappings=_mapping("user.active && !(has(user.title) && user.title == 'gone')"))
    installation.run()
    ways = (_take_out, _disable, _delete, lambda _, user: change(user, title="gone"))
    for hour, user in enumerate(people[:8], start=1):
        ways[hour % 4](group, user)
        installation.run(later=hour * HOUR)
    assert gone(target, people) == named(people[:ALLOWED])
    assert len(holds(installation)) == 3


def test_r10_four_at_a_time_over_days_are_four_or_five_a_day(
    installation: Installation, target: LabServer
) -> None:
    """The window rolls: on no stretch of 24 hours do more than five go."""
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    for part in range(4):
        remove_members(group.id, [user.id for user in people[part * 4 : part * 4 + 4]], actor=SYSTEM)
        installation.run(later=part * 13 * HOUR)
    # at hours 0, 26: four each; at 13 and 39 these four were within the day before
    assert inactive(target) == named([*people[0:4], *people[8:12]])
    assert len(holds(installation)) == 8


def test_r10_one_membership_an_hour_is_stopped_after_the_fifth(
    installation: Installation, target: LabServer
) -> None:
    """From two groups in turn: the budget is the application's, not the group's."""
    people = crowd(20)
    groups = [installation.granted(name, *people) for name in ("Sales", "Support")]
    installation.policy(installation.group("Staff", *people), push_group=False)
    # forty memberships there: five percent are two, so five count
    installation.run()
    for hour, user in enumerate(people[:8], start=1):
        _take_out(groups[hour % 2], user)
        installation.run(later=hour * HOUR)
    left = sum(20 - len(members(target, name)) for name in ("Sales", "Support"))
    assert left == ALLOWED
    assert len(holds(installation)) == 3


def test_r10_one_group_an_hour_is_stopped_when_its_members_would_cross_the_budget(
    installation: Installation, target: LabServer
) -> None:
    """Groups of two: two may be deleted here within a day, the third waits."""
    people = crowd(2)
    groups = [installation.granted(f"Team {number}", *people) for number in range(5)]
    installation.policy(installation.group("Staff", *people), push_group=False)
    installation.run()
    for hour, group in enumerate(groups, start=1):
        delete_group(group.id, actor=SYSTEM)
        installation.run(later=hour * HOUR)
    assert set(target.state().groups) == {"Team 2", "Team 3", "Team 4"}
    assert len(holds(installation)) == 3


def test_r10_one_policy_an_hour_is_stopped_when_its_people_would_cross_the_budget(
    installation: Installation, target: LabServer
) -> None:
    """Ten policies for two people each: two may be taken back within a day, the others wait."""
    people = crowd(20)
    for number in range(10):
        installation.granted(f"Team {number}", *people[number * 2 : number * 2 + 2], push_group=False)
    installation.run()
    for hour in range(1, 6):
        delete_policy(Policy.objects.get(group__display_name=f"Team {hour - 1}").id, actor=SYSTEM)
        installation.run(later=hour * HOUR)
    assert inactive(target) == named(people[:4])
    assert len(holds(installation)) == 6


def test_r10_the_table_of_causes_is_no_way_round(installation: Installation, target: LabServer) -> None:
    """Eight were kept; then the table says deactivate: that is eight at once."""
    people = crowd(20)
    configure(installation, deprovision={"unassigned": "keep"})
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    for hour, user in enumerate(people[:8], start=1):
        _take_out(group, user)
        installation.run(later=hour * HOUR)
    configure(installation, deprovision={"unassigned": "deactivate"})
    installation.run(later=10 * HOUR)
    assert inactive(target) == set()
    assert len(holds(installation)) == 8


# --- the mapping deactivates ----------------------------------------------------------------------------------------


def _mapping(active: str) -> dict[str, list[dict[str, Any]]]:
    """The mapping of a generic application, with another rule for `active`."""
    rules = [rule for rule in default_rules("user") if rule["target"] != "active"]
    return {"users": [*rules, {"target": "active", "kind": "expression", "source": active}]}


def test_r10_a_mapping_that_makes_everybody_inactive_is_held_and_the_rest_goes_on(
    installation: Installation, target: LabServer
) -> None:
    """One changed rule would deactivate twenty: all of them are held, and a new title is sent all the same."""
    people = crowd(20)
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    change(people[0], title="Head")
    configure(installation, mappings=_mapping("false"))
    assert plan_application(installation.application.id)["held"] == 20
    installation.run()
    assert inactive(target) == set()
    assert only_once(target)[people[0].user_name]["title"] == "Head"
    assert {(hold.act, hold.cause) for hold in holds(installation)} == {("deactivate", "mapped")}
    assert len(holds(installation)) == 20
    configure(installation, mappings=_mapping("user.active"))
    installation.run(later=HOUR)
    assert holds(installation) == []
    assert installation.states() == {"in_sync": 20}


def test_r10_a_deactivation_by_the_mapping_is_released_or_kept(
    installation: Installation, target: LabServer
) -> None:
    """Released ones go, rejected ones stay active through further changes, and the day's budget is not used up."""
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    configure(installation, mappings=_mapping("!(has(user.title) && user.title == 'gone')"))
    installation.run()
    for user in people[:6]:
        change(user, title="gone")
    installation.run()
    first, second, *_ = holds(installation)
    release_hold(first.id, actor=SYSTEM, effect=first.effect)
    reject_hold(second.id, actor=SYSTEM)
    installation.run()
    assert len(inactive(target)) == 1
    assert len(holds(installation)) == 4
    kept = next(user for user in people if installation.link(user).id == second.link_id)
    change(kept, title="gone", nickName="Nick")
    installation.run()
    assert installation.link(kept).state == "in_sync"
    assert installation.link(kept).reason.startswith("Kept active: Provisor rejected")
    assert len(inactive(target)) == 1
    for user in people[6:11]:
        _take_out(group, user)
    installation.run()
    assert len(inactive(target)) == 6


def test_r10_few_deactivations_by_the_mapping_go_through(
    installation: Installation, target: LabServer
) -> None:
    """Five in a day are what the brake allows."""
    people = crowd(20)
    installation.granted("Sales", *people, push_group=False)
    configure(installation, mappings=_mapping("!(has(user.title) && user.title == 'gone')"))
    installation.run()
    for user in people[:5]:
        change(user, title="gone")
    assert plan_application(installation.application.id)["totals"] == {"update": 5}
    installation.run()
    assert inactive(target) == named(people[:5])
    change(people[5], title="gone")
    installation.run(later=23 * HOUR)
    assert len(holds(installation)) == 1
    change(people[5], title="here")
    installation.run(later=DAY + HOUR)
    assert holds(installation) == []
    assert inactive(target) == named(people[:5])


def test_r10_where_only_put_works_the_deactivation_is_held_too(
    installation: Installation, target: LabServer
) -> None:
    """A whole resource is sent for the title, and it says active."""
    target.set_options(patch=False)
    declare(installation, patch_users=False)
    people = crowd(20)
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    change(people[0], title="Head")
    configure(installation, mappings=_mapping("false"))
    installation.run(later=HOUR)
    assert inactive(target) == set()
    assert only_once(target)[people[0].user_name]["title"] == "Head"
