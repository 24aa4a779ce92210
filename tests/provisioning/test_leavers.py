"""R13: an alarm for whoever left and still has an account after five minutes, whatever the reason (engine.md, section 9)."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisor.applications.applications import pause, resume, update_application
from provisor.audit.actor import SYSTEM
from provisor.directory.models import Group
from provisor.directory.users import delete_user
from provisor.notices.models import Notice
from provisor.notices.queries import lasting_reasons
from provisor.provisioning.brake.decisions import reject_hold
from provisor.provisioning.health import alarms
from provisor.provisioning.health.leavers import overdue
from provisor.provisioning.models import Leaver, Link
from tests.provisioning.installation import Installation, now
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    delete,
    fault,
    good_again,  # noqa: F401 - a fixture
    holds,
    passes,
)
from tests.servers import LabServer

MINUTE = 60_000


def told(phase: str = "") -> list[Notice]:
    found = Notice.objects.filter(event="leaver").order_by("id")
    return list(found.filter(phase=phase) if phase else found)


def look(minutes: float) -> None:
    alarms.look(now() + int(minutes * MINUTE))


def down(installation: Installation, target: LabServer) -> None:
    target.set_options(faults=[fault("reset", "", "/Users", count=0)])


def paused(installation: Installation, target: LabServer) -> None:
    pause(installation.application.id, actor=SYSTEM)


def observed(installation: Installation, target: LabServer) -> None:
    configure(installation, mode="observe")


def refusing(installation: Installation, target: LabServer) -> None:
    target.set_options(faults=[fault("status", "", "/Users", status=401, count=0)])


def objecting(installation: Installation, target: LabServer) -> None:
    target.set_options(faults=[fault("status", "DELETE", "/Users", status=400, count=0)])


def held(installation: Installation, target: LabServer) -> None:
    configure(installation, brake={"count": 0, "percent": 0})


REASONS = {
    "down": (down, "tried again"),
    "paused": (paused, "paused"),
    "observed": (observed, "only observed"),
    "refused": (refusing, "401"),
    "failed": (objecting, "failed"),
    "held": (held, "brake"),
}


@pytest.mark.parametrize(("vice", "why"), REASONS.values(), ids=REASONS)
def test_r13_a_leaver_who_is_not_confirmed_within_five_minutes_raises_one_alarm(
    installation: Installation,
    target: LabServer,
    vice: Callable[[Installation, LabServer], None],
    why: str,
) -> None:
    """Not before five minutes, once however often it is looked, with the name and why."""
    ann, bob = installation.users("ann", "bob")
    installation.granted("Sales", ann, bob)
    installation.run()
    vice(installation, target)
    installation.run()
    delete_user(ann.id, actor=SYSTEM)
    installation.run()
    look(4.9)
    assert told() == []
    look(5.1)
    look(5.2)
    look(20)
    (notice,) = told()
    assert notice.application_name == "Target"
    assert "ann" in notice.sentence
    assert "bob" not in notice.sentence
    assert why in notice.sentence
    assert [each["user_name"] for each in notice.detail["users"]] == ["ann"]


def test_r13_the_alarm_ends_once_the_removal_is_confirmed(
    installation: Installation, target: LabServer
) -> None:
    ann = installation.user("ann")
    installation.granted("Sales", ann)
    installation.run()
    pause(installation.application.id, actor=SYSTEM)
    delete_user(ann.id, actor=SYSTEM)
    installation.fold()
    look(6)
    assert [each.event for each in lasting_reasons()] == ["leaver"]
    resume(installation.application.id, actor=SYSTEM)
    installation.run()
    look(7)
    look(8)
    assert [each.phase for each in told()] == ["began", "over"]
    assert not lasting_reasons().exists()
    assert not Leaver.objects.exists()


def test_r13_the_five_minutes_count_from_the_change_and_later_changes_do_not_start_them_anew(
    installation: Installation, target: LabServer
) -> None:
    """Provisor was down, or the link was touched again: the leaver waits since the directory said so."""
    ann = installation.user("ann")
    installation.granted("Sales", ann)
    installation.run()
    pause(installation.application.id, actor=SYSTEM)
    change(ann, active=False)
    installation.fold()
    left = now()
    look(0)
    update_application(installation.application.id, {"delete_after_days": 3}, actor=SYSTEM)
    installation.fold()
    look(5.1)
    assert len(told()) == 1
    assert Leaver.objects.get().since <= left


def test_r13_whoever_leaves_while_the_alarm_lasts_is_told_of_too(
    installation: Installation, target: LabServer
) -> None:
    """And those who leave in a row are told of together."""
    people = crowd(8)
    installation.granted("Sales", *people)
    installation.run()
    pause(installation.application.id, actor=SYSTEM)
    delete_user(people[0].id, actor=SYSTEM)
    installation.fold()
    look(5.1)
    for user in people[1:]:
        delete_user(user.id, actor=SYSTEM)
    installation.fold()
    for seconds in range(0, 120, 5):
        look(5.2 + seconds / 60)
    began, more = told()
    assert (began.detail["count"], more.detail["count"]) == (1, 8)
    assert "and 3 more" in more.sentence


def test_r13_who_keeps_the_account_by_rule_or_by_decision_is_no_leaver(
    installation: Installation, target: LabServer
) -> None:
    """`keep`, a rejected hold, a protected account and an account that was never made raise nothing."""
    ann, bob, eve, joe = installation.users("ann", "bob", "eve", "joe")
    configure(installation, deprovision={"disabled": "keep"}, exclusions=["eve"])
    installation.granted("Sales", ann, bob, eve)
    installation.run()
    configure(installation, brake={"count": 0, "percent": 0})
    change(ann, active=False)
    delete_user(bob.id, actor=SYSTEM)
    delete_user(eve.id, actor=SYSTEM)
    installation.run()
    for hold in holds(installation):
        reject_hold(hold.id, actor=SYSTEM)
    pause(installation.application.id, actor=SYSTEM)
    add(installation, joe)
    delete_user(joe.id, actor=SYSTEM)
    update_application(installation.application.id, {"delete_after_days": 3}, actor=SYSTEM)
    installation.fold()
    look(6)
    assert told() == []


def add(installation: Installation, user: object) -> None:
    from provisor.directory.memberships import add_members

    add_members(Group.objects.get(display_name="Sales").id, [user.id], actor=SYSTEM)  # type: ignore[attr-defined] # a user
    installation.fold()


def test_r13_who_was_deactivated_long_ago_raises_nothing_when_the_configuration_changes(
    installation: Installation, target: LabServer
) -> None:
    """Their links are looked at anew, but no account of theirs is live."""
    people = crowd(3)
    installation.granted("Sales", *people)
    installation.run()
    for user in people:
        change(user, active=False)
    installation.run()
    pause(installation.application.id, actor=SYSTEM)
    update_application(installation.application.id, {"deprovision": {"unassigned": "delete"}}, actor=SYSTEM)
    installation.fold()
    assert Link.objects.filter(kind="user", state="due").count() == 3
    look(6)
    assert told() == []


def test_r13_an_account_that_may_have_been_made_counts(installation: Installation, target: LabServer) -> None:
    """The reply to the POST was lost and the person left meanwhile: nobody knows, so somebody is told."""
    ann = installation.user("ann")
    installation.granted("Sales", ann, push_group=False)
    target.set_options(faults=[fault("reset", "POST", "/Users", handled=True, count=0)])
    installation.run()
    delete_user(ann.id, actor=SYSTEM)
    target.set_options(faults=[fault("reset", "", "/Users", count=0)])
    installation.run()
    look(6)
    assert len(told("began")) == 1
    target.set_options(faults=[])
    passes(installation, 2)
    look(7)
    assert len(told("over")) == 1


def test_r13_an_account_that_is_gone_there_ends_the_alarm(
    installation: Installation, target: LabServer
) -> None:
    ann = installation.user("ann")
    installation.granted("Sales", ann, push_group=False)
    installation.run()
    pause(installation.application.id, actor=SYSTEM)
    delete_user(ann.id, actor=SYSTEM)
    installation.fold()
    look(6)
    delete(target, f"/Users/{installation.link(ann).remote_id}")
    resume(installation.application.id, actor=SYSTEM)
    passes(installation, 2)
    look(7)
    assert [each.phase for each in told()] == ["began", "over"]


def test_a_look_at_a_quiet_installation_is_few_reads_and_no_write(
    installation: Installation, target: LabServer
) -> None:
    """However many links there are: nobody leaves, so nothing is written and no table is walked."""
    installation.granted("Sales", *crowd(40))
    installation.run()
    with CaptureQueriesContext(connection) as seen:
        look(60)
    assert len(seen) <= 5
    assert all(each["sql"].lstrip().startswith("SELECT") for each in seen.captured_queries)
    assert not overdue(installation.application.id, now()).exists()
