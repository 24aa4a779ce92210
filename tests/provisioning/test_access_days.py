"""Who had an account on a day: intervals that begin and end on every path, and days in any zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from provisor.applications.applications import delete_application
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.models import AccessInterval, Attempt
from provisor.provisioning.operations import adopt_link, unlink_link
from provisor.provisioning.why.access import NoSuchDay, access_on, every_access, read_day, told
from tests.provisioning.installation import Installation, now
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    delete,
    existing,
    good_again,  # noqa: F401 - a fixture
    passes,
)
from tests.servers import LabServer

HOUR = 3_600_000


def at(text: str) -> int:
    """Unix milliseconds of a moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000


def live(installation: Installation, on: str, zone: str = "", **whose: Any) -> list[str]:
    rows = access_on(read_day(on, zone), application_id=installation.application.id, **whose)
    return [row.user_name for row in every_access(rows)]


def interval(installation: Installation, user: Any, start: str, end: str | None) -> None:
    AccessInterval.objects.create(
        application=installation.application, user_id=user.id, remote_id="r", from_at=at(start), from_cause="assigned",
        to_at=at(end) if end else None,
    )  # fmt: skip


def test_an_interval_counts_for_every_day_that_it_reaches_into(installation: Installation) -> None:
    """The day it began, the days between, the day it ended; not the day that began when it ended."""
    alice = installation.user("alice")
    interval(installation, alice, "2026-05-03 23:59", "2026-05-06 00:00")
    days = {day: live(installation, f"2026-05-0{day}") for day in range(2, 8)}
    assert days == {2: [], 3: ["alice"], 4: ["alice"], 5: ["alice"], 6: [], 7: []}


def test_an_open_interval_counts_from_its_day_on(installation: Installation) -> None:
    """Also in the future: nothing ends it."""
    interval(installation, installation.user("alice"), "2026-05-03 12:00", None)
    assert live(installation, "2026-05-02") == []
    assert live(installation, "2026-05-03") == live(installation, "2999-12-31") == ["alice"]


def test_who_came_back_has_two_intervals_on_that_day(installation: Installation) -> None:
    """Gone at ten, back at eleven: both are told, and the night between two days belongs to nobody."""
    alice = installation.user("alice")
    interval(installation, alice, "2026-05-01 08:00", "2026-05-03 10:00")
    interval(installation, alice, "2026-05-03 11:00", "2026-05-04 08:00")
    interval(installation, alice, "2026-05-06 08:00", None)
    assert live(installation, "2026-05-03") == ["alice", "alice"]
    assert live(installation, "2026-05-05") == []


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("", []), ("UTC", []), ("Pacific/Auckland", ["alice"]), ("America/Los_Angeles", [])],
)
def test_a_day_is_one_in_the_zone_that_is_named(
    installation: Installation, zone: str, expected: list[str]
) -> None:
    """Live for the last hour of 3 May in UTC: that is 4 May in Auckland, and still 3 May in Los Angeles."""
    interval(installation, installation.user("alice"), "2026-05-03 23:00", "2026-05-04 00:00")
    assert live(installation, "2026-05-04", zone) == expected


@pytest.mark.parametrize(("on", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)])
def test_days_have_their_real_length(on: str, hours: int) -> None:
    """The clock goes forward and back in Berlin."""
    day = read_day(on, "Europe/Berlin")
    assert day.end - day.start == hours * HOUR


@pytest.mark.parametrize(
    ("on", "zone"),
    [("yesterday", ""), ("2026-13-01", ""), ("", ""), ("2026-05-03", "Mars/Olympus"), ("9999-12-31", ""),
     ("2026-05-03", "../../etc/passwd")],
)  # fmt: skip
def test_what_is_no_day_is_refused_with_a_sentence(on: str, zone: str) -> None:
    """And an example of what to write."""
    with pytest.raises(NoSuchDay, match="Write"):
        read_day(on, zone)


# --- every path begins and ends one ---------------------------------------------------------------------------------


def ends(installation: Installation) -> list[tuple[str, str | None]]:
    found = AccessInterval.objects.filter(application=installation.application).order_by("id")
    return [(one.from_cause, one.to_cause if one.to_at else None) for one in found]


def test_created_deactivated_reactivated_and_deleted(installation: Installation, target: LabServer) -> None:
    """Each cause is the one of the table."""
    alice = installation.user("alice")
    group = installation.granted("Sales", alice, push_group=False)
    installation.run()
    assert ends(installation) == [("assigned", None)]
    remove_members(group.id, [alice.id], actor=SYSTEM)
    installation.run()
    add_members(group.id, [alice.id], actor=SYSTEM)
    installation.run()
    assert ends(installation) == [("assigned", "unassigned"), ("reactivated", None)]
    set_active(alice.id, False, actor=SYSTEM)
    installation.run()
    set_active(alice.id, True, actor=SYSTEM)
    installation.run()
    delete_user(alice.id, actor=SYSTEM)
    installation.run()
    assert [end for _, end in ends(installation)] == ["unassigned", "disabled", "deleted"]
    today = date.today().isoformat()
    day = read_day(today)
    assert len(list(access_on(day, user_id=alice.id))) == 3
    assert {row.user_name for row in told(list(access_on(day)))} == {"alice"}


def test_adopted_by_look_up_and_by_hand(installation: Installation, target: LabServer) -> None:
    """An account that was live there already is live from the moment at which it is known."""
    existing(target, userName="alice", active=True)
    other = existing(target, userName="somebody", active=True)
    alice, bob = installation.users("alice", "bob")
    configure(installation, features={"users": {"create": False}})
    installation.granted("Sales", alice, bob, push_group=False)
    installation.run()
    assert ends(installation) == [("adopted", None)]
    adopt_link(installation.link(bob).id, actor=SYSTEM, remote_id=other)
    passes(installation, 2)
    assert ends(installation) == [("adopted", None), ("adopted", None)]


def test_unlinked_and_linked_to_another_account(installation: Installation, target: LabServer) -> None:
    """What becomes of the former account is not known any more."""
    alice = installation.user("alice")
    installation.granted("Sales", alice, push_group=False)
    installation.run()
    other = existing(target, userName="other", active=True)
    delete(target, f"/Users/{installation.link(alice).remote_id}")
    adopt_link(installation.link(alice).id, actor=SYSTEM, remote_id=other)
    installation.run()
    assert ends(installation)[0] == ("assigned", "linked to another account")
    assert AccessInterval.objects.get(to_at=None).remote_id == other
    unlink_link(installation.link(alice).id, actor=SYSTEM)
    assert ends(installation)[-1][1] == "unlinked"
    assert AccessInterval.objects.filter(to_at=None).count() == 0


def test_gone_there_and_made_anew(installation: Installation, target: LabServer) -> None:
    """404 ends it, and the account that is made instead begins another."""
    people = crowd(5)
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    delete(target, f"/Users/{installation.link(people[0]).remote_id}")
    change(people[0], title="new")
    passes(installation, 3)
    mine = AccessInterval.objects.filter(user_id=people[0].id).order_by("id")
    assert [(one.to_cause, one.to_at is None) for one in mine] == [("vanished", False), ("", True)]


def test_a_deleted_application_ends_them_all(installation: Installation) -> None:
    """Its accounts stay there, and Provisor knows of them until that moment."""
    alice = installation.user("alice")
    installation.granted("Sales", alice, push_group=False)
    installation.run()
    delete_application(installation.application.id, actor=SYSTEM)
    today = datetime.now(UTC).date()
    (row,) = told(list(access_on(read_day(today.isoformat()), user_id=alice.id)))
    assert row.to_cause == "application deleted"
    assert row.to_at is not None
    later = (today + timedelta(days=2)).isoformat()
    assert list(access_on(read_day(later), user_id=alice.id)) == []


def test_intervals_outlive_the_attempts(installation: Installation) -> None:
    """The log may be emptied: who had access stays known."""
    installation.granted("Sales", installation.user("alice"), push_group=False)
    installation.run()
    Attempt.objects.all().delete()
    moment = datetime.fromtimestamp(now() / 1_000, UTC).date().isoformat()
    assert live(installation, moment) == ["alice"]


def test_all_of_many_are_told_in_parts(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisor.provisioning.why.access.BATCH", 7)
    people = crowd(30)
    for user in people:
        interval(installation, user, "2026-05-03 12:00", None)
    assert sorted(live(installation, "2026-05-04")) == sorted(user.user_name for user in people)
    assert live(installation, "2026-05-04", user_id=people[3].id) == [people[3].user_name]
