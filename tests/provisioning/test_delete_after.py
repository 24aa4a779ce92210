"""R8: after `delete_after_days` a deactivation becomes a deletion, through the brake, and never for who came back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, User
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.brake.decisions import reject_hold, release_hold
from provisor.provisioning.homes.sweep import sweep
from provisor.provisioning.models import AccessInterval, Link
from provisor.provisioning.preview import preview
from provisor.provisioning.why.explain import explain
from tests.provisioning.installation import Installation, now
from tests.provisioning.vices import (
    DAY,
    change,
    configure,
    crowd,
    decided,
    declare,
    existing,
    good_again,  # noqa: F401 - a fixture
    holds,
    log,
    named,
    only_once,
    received,
)
from tests.servers import LabServer

#: Days that the accounts of these tests are kept.
KEPT = 30


def staff(installation: Installation, count: int = 2, **changes: Any) -> tuple[list[User], Group]:
    """An application that deletes after 30 days, with so many accounts."""
    configure(installation, delete_after_days=KEPT, **changes)
    people = crowd(count)
    group = installation.group("Sales", *people)
    installation.policy(group, push_group=False)
    installation.run()
    return people, group


def leave(installation: Installation, group: Group, *users: User) -> None:
    remove_members(group.id, [user.id for user in users], actor=SYSTEM)
    installation.run()


def days_later(installation: Installation, days: int) -> None:
    """What the engine does so many days later: fold, sweep, pass, and once more."""
    for extra in range(2):
        later = days * DAY + (extra + 1) * 60_000
        installation.fold()
        sweep(now=now() + later)
        installation.run(later=later)


@pytest.mark.parametrize("cause", ["unassigned", "disabled"])
def test_r08_an_account_is_deleted_after_its_days_and_not_before(
    installation: Installation, target: LabServer, cause: str
) -> None:
    """29 days later it is there and inactive; 30 days later it is gone, and nothing more is sent."""
    people, group = staff(installation)
    if cause == "unassigned":
        leave(installation, group, people[0])
    else:
        set_active(people[0].id, False, actor=SYSTEM)
        installation.run()
    days_later(installation, KEPT - 1)
    assert only_once(target)[people[0].user_name]["active"] is False
    days_later(installation, KEPT)
    assert set(only_once(target)) == named(people[1:])
    assert not Link.objects.filter(local_id=people[0].id).exists()
    seen = received(target)
    days_later(installation, 3 * KEPT)
    assert received(target) == seen


def test_r03_while_it_waits_nothing_is_sent(installation: Installation, target: LabServer) -> None:
    """Sweeps and passes within the days send no request, and leave the link alone."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    before, seen = Link.objects.filter(local_id=people[0].id).values().get(), received(target)
    for days in (1, 10, KEPT - 1):
        days_later(installation, days)
    assert received(target) == seen
    assert Link.objects.filter(local_id=people[0].id).values().get() == before


def test_r08_who_came_back_is_not_touched(installation: Installation, target: LabServer) -> None:
    """Back within the days: active, and still so long after; leaving again counts from then."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    add_members(group.id, [people[0].id], actor=SYSTEM)
    installation.run()
    days_later(installation, KEPT + 1)
    assert only_once(target)[people[0].user_name]["active"] is True
    assert log(target, "DELETE") == []


def test_r08_who_is_coming_back_at_that_moment_is_not_touched(
    installation: Installation, target: LabServer
) -> None:
    """The change is committed and not folded yet: the sweep leaves the account alone."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    add_members(group.id, [people[0].id], actor=SYSTEM)
    sweep(now=now() + (KEPT + 1) * DAY)
    assert installation.link(people[0]).state == Link.State.RELEASED


def test_without_the_setting_nothing_is_deleted_and_setting_it_counts_from_the_deactivation(
    installation: Installation, target: LabServer
) -> None:
    """A change of the setting recomputes, in both directions."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    configure(installation, delete_after_days=None)
    days_later(installation, 2 * KEPT)
    assert only_once(target)[people[0].user_name]["active"] is False
    configure(installation, delete_after_days=KEPT)
    days_later(installation, 2 * KEPT)
    assert set(only_once(target)) == named(people[1:])


@pytest.mark.parametrize(
    "changes",
    [
        {"features": {"users": {"delete": False}}},
        {"deprovision": {"unassigned": "keep"}},
        {"exclusions": ["user0000"]},
    ],
    ids=["switched off", "keep", "protected"],
)
def test_r08_switches_the_table_and_exclusions_keep_it(
    installation: Installation, target: LabServer, changes: dict[str, Any]
) -> None:
    """Set after the deactivation, each of them keeps the account there, without a request."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    configure(installation, **changes)
    installation.run()
    seen = received(target)
    days_later(installation, 2 * KEPT)
    assert received(target) == seen
    assert people[0].user_name in only_once(target)


@pytest.mark.parametrize("facts", [{"delete_users": False}, {"delete_means": "deactivate"}])
def test_r08_an_application_that_does_not_delete_is_not_asked_to(
    installation: Installation, target: LabServer, facts: dict[str, Any]
) -> None:
    """There is no such verb, or it only deactivates: what is inactive already stays so, and says why."""
    people, group = staff(installation)
    declare(installation, **facts)
    leave(installation, group, people[0])
    seen = received(target)
    days_later(installation, 2 * KEPT)
    assert received(target) == seen
    assert "instead of deleted" in installation.link(people[0]).reason


def test_r09_an_account_that_was_only_observed_is_not_deleted(
    installation: Installation, target: LabServer
) -> None:
    """It is not ours, whatever happened before."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    Link.objects.filter(local_id=people[0].id).update(origin=Link.Origin.OBSERVED)
    days_later(installation, 2 * KEPT)
    assert people[0].user_name in only_once(target)


def test_r09_an_adopted_account_is_deleted_like_a_created_one(
    installation: Installation, target: LabServer
) -> None:
    """It was adopted by rule, so it is ours to take away."""
    existing(target, userName="user0000")
    people, group = staff(installation)
    leave(installation, group, people[0])
    days_later(installation, KEPT)
    assert set(only_once(target)) == named(people[1:])


def test_r10_many_at_once_are_held_and_a_release_of_the_deactivation_is_none_of_the_deletion(
    installation: Installation, target: LabServer
) -> None:
    """Six deactivations released by a person; their deletion is another effect and is held anew."""
    people, group = staff(installation, 20)
    leave(installation, group, *people[:6])
    for hold in holds(installation):
        release_hold(hold.id, actor=SYSTEM, effect=hold.effect)
    installation.run()
    days_later(installation, KEPT)
    assert log(target, "DELETE") == []
    held = holds(installation)
    assert [(hold.act, hold.cause) for hold in held] == [("delete", "expired")] * 6
    with decided(KEPT * DAY):
        release_hold(held[0].id, actor=SYSTEM, effect=held[0].effect)
        reject_hold(held[1].id, actor=SYSTEM)
    days_later(installation, KEPT)
    assert len(log(target, "DELETE")) == 1
    days_later(installation, 2 * KEPT)
    assert len(log(target, "DELETE")) == 1


def test_r10_what_is_held_does_not_drip_through_when_its_user_changes(
    installation: Installation, target: LabServer
) -> None:
    """A change of a leaver's attributes opens no way past the brake; withdrawing the setting cancels the holds."""
    people, group = staff(installation, 20, brake={"count": 1, "percent": 0})
    for user in people[:3]:
        leave(installation, group, user)
        for hold in holds(installation):
            release_hold(hold.id, actor=SYSTEM, effect=hold.effect)
        installation.run()
    days_later(installation, KEPT)
    assert len(holds(installation)) == 3
    change(people[0], displayName="Somebody Else")
    days_later(installation, KEPT)
    assert log(target, "DELETE") == []
    configure(installation, delete_after_days=None)
    days_later(installation, KEPT)
    assert holds(installation) == []
    assert {installation.link(user).state for user in people[:3]} == {"released"}


def test_r08_a_rejected_deletion_is_kept_until_the_person_comes_back(
    installation: Installation, target: LabServer
) -> None:
    """Neither a change of the user nor of the configuration asks again."""
    people, group = staff(installation, 3, brake={"count": 0, "percent": 0})
    leave(installation, group, people[0])
    for hold in holds(installation):
        release_hold(hold.id, actor=SYSTEM, effect=hold.effect)
    installation.run()
    days_later(installation, KEPT)
    for hold in holds(installation):
        reject_hold(hold.id, actor=SYSTEM)
    change(people[0], displayName="Somebody Else")
    configure(installation, delete_after_days=KEPT - 1)
    days_later(installation, KEPT)
    assert holds(installation) == []
    assert log(target, "DELETE") == []
    assert not [line for line in explain(people[0].id, installation.application.id) if "be deleted" in line]


def test_r08_a_refused_delete_is_not_sent_again_and_again(
    installation: Installation, target: LabServer
) -> None:
    """403: the account stays deactivated and says so; later sweeps send nothing."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    target.set_options(faults=[{"kind": "status", "method": "DELETE", "path": "/Users", "status": 403}])
    days_later(installation, KEPT)
    seen = received(target)
    days_later(installation, 2 * KEPT)
    assert received(target) == seen
    assert "refused the DELETE" in installation.link(people[0]).reason


def test_r19_the_dry_run_shows_the_deletion_that_the_pass_then_does(
    installation: Installation, target: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the day it plans nothing, on the day a DELETE; and it marks nothing by looking."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    assert preview.plan_application(installation.application.id)["totals"] == {}
    monkeypatch.setattr(preview, "now", lambda: now() + KEPT * DAY)
    plan = preview.plan_application(installation.application.id)
    assert plan["totals"] == {"delete": 1}
    assert "has been deactivated" in plan["operations"][0]["reason"]
    assert installation.link(people[0]).state == Link.State.RELEASED
    days_later(installation, KEPT)
    assert [f"DELETE {entry['path']}" for entry in log(target, "DELETE")] == [
        f"DELETE {request['path']}" for request in plan["operations"][0]["requests"]
    ]


def test_a_user_deleted_meanwhile_goes_by_the_table_of_causes(
    installation: Installation, target: LabServer
) -> None:
    """Deleted is stronger than the days that are left."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    delete_user(people[0].id, actor=SYSTEM)
    installation.run()
    assert set(only_once(target)) == named(people[1:])


def test_explain_says_on_which_day_it_will_be_deleted(installation: Installation, target: LabServer) -> None:
    """The day counts from the deactivation; an account that is live has none."""
    people, group = staff(installation)
    leave(installation, group, people[0])
    ended = AccessInterval.objects.get(user_id=people[0].id).to_at
    assert ended is not None
    day = datetime.fromtimestamp(ended / 1_000 + KEPT * 86_400, UTC).strftime("%Y-%m-%d")
    chain = " ".join(explain(people[0].id, installation.application.id))
    assert f"will be deleted on {day}" in chain
    assert "will be deleted" not in " ".join(explain(people[1].id, installation.application.id))
