"""Drift: what others changed in an application is found, reported or corrected (engine.md, section 2; R3, R16)."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.console.home.found import findings as home_findings
from provisor.directory.memberships import remove_members
from provisor.directory.users import delete_user
from provisor.provisioning.drift.scans import ask_scheduled, request_scan
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.models import AccessInterval, Health, Link, Scan
from tests.provisioning.installation import Installation, eventually, now
from tests.provisioning.scanning import changes, findings, scan
from tests.provisioning.vices import (
    DAY,
    LATER,
    configure,
    crowd,
    declare,
    delete,
    fault,
    good_again,  # noqa: F401 - a fixture
    holds,
    log,
    members,
    patch,
    received,
    writes,
)
from tests.servers import LabServer


def there(target: LabServer, name: str) -> dict[str, Any]:
    by_name = {user_name.lower(): user for user_name, user in target.state().users.items()}
    return dict(by_name[name])


def change_there(target: LabServer, name: str, path: str, value: Any) -> None:
    """Change an attribute as somebody else would."""
    patch(target, f"/Users/{there(target, name)['id']}", {"op": "replace", "path": path, "value": value})


def test_r03_a_scan_of_what_is_in_order_finds_nothing_and_writes_nothing(
    installation: Installation, target: LabServer
) -> None:
    """Accounts and groups as they were sent are no drift; it costs the pages and nothing else."""
    installation.granted("Sales", *installation.users("alice", "bob", "carol"))
    installation.run(2)
    before = received(target)
    done = scan(installation)
    assert done.state == "finished"
    assert findings(installation) == []
    assert done.lists["user"] == {"complete": True, "seen": 3, "total": 3}
    assert [entry["method"] for entry in log(target, after=before)] == ["GET"] * 4


def test_r03_nothing_is_read_while_no_scan_is_asked_for(
    installation: Installation, target: LabServer
) -> None:
    """A steady application is left alone: after a scan as before it."""
    installation.granted("Sales", *installation.users("alice"))
    installation.run(2)
    scan(installation)
    before = received(target)
    installation.run(3)
    assert received(target) == before


def test_a_scan_of_10000_users_costs_100_pages(installation: Installation, target: LabServer) -> None:
    """One page for 100 users, and one that shows the end."""
    target.set_options(page_cap=100)
    installation.granted("Everybody there", *crowd(10_000), push_group=False)
    installation.run()
    assert installation.states() == {"in_sync": 10_000}
    before = received(target)
    done = scan(installation)
    read = [entry["path"].partition("?")[0] for entry in log(target, after=before)]
    assert done.totals["users"] == 10_000
    assert read.count("/Users") == 100 + 1
    assert len(read) == 102


def test_a_changed_attribute_is_reported_and_not_touched(
    installation: Installation, target: LabServer
) -> None:
    """The default is to report: what was sent and what is there, and nothing is written."""
    installation.granted("Sales", *installation.users("alice", "bob"))
    installation.run(2)
    change_there(target, "alice", "displayName", "Somebody Else")
    before = received(target)
    scan(installation)
    (found,) = findings(installation)
    assert (found.what, found.name) == ("changed", "alice")
    assert changes(found) == {"displayName": ("Alice Example", "Somebody Else")}
    assert writes(target, after=before) == []
    installation.run(2)
    assert there(target, "alice")["displayName"] == "Somebody Else"


def test_what_is_as_it_was_again_is_not_listed_any_more(
    installation: Installation, target: LabServer
) -> None:
    installation.granted("Sales", *installation.users("alice"))
    installation.run(2)
    change_there(target, "alice", "displayName", "Somebody Else")
    scan(installation)
    change_there(target, "alice", "displayName", "Alice Example")
    scan(installation)
    assert findings(installation) == []
    assert len(findings(installation, state="gone")) == 1


def test_r05_what_the_target_normalised_at_first_is_no_drift(
    installation: Installation, target: LabServer
) -> None:
    """It lower-cases user names and drops an attribute: neither is drift, nor ever written a second time."""
    target.set_options(lower_case_user_name=True, drops=("title",))
    configure(installation, drift={"on_difference": "correct"})
    installation.granted("Sales", installation.user("ALICE", title="Boss"), installation.user("bob"))
    installation.run(2)
    before = received(target)
    for _ in range(3):
        scan(installation, passes=2)
    assert findings(installation) == []
    assert writes(target, after=before) == []


@pytest.mark.parametrize("answer", ["body", "no_content"])
def test_r05_a_later_change_of_a_normalised_value_is_drift(
    installation: Installation, target: LabServer, answer: str
) -> None:
    """Normalised is what the first look shows; what it becomes afterwards is somebody's doing."""
    target.set_options(lower_case_user_name=True, post_answer=answer)
    installation.granted("Sales", installation.user("ALICE"))
    installation.run(2)
    scan(installation)
    assert findings(installation) == []
    change_there(target, "alice", "userName", "mallory")
    scan(installation)
    (found,) = findings(installation)
    assert changes(found) == {"userName": ("ALICE", "mallory")}


def test_attributes_that_nobody_mapped_are_not_looked_at(
    installation: Installation, target: LabServer
) -> None:
    installation.granted("Sales", *installation.users("alice"))
    installation.run(2)
    change_there(target, "alice", "profileUrl", "https://example.com/alice")
    scan(installation)
    assert findings(installation) == []


def test_a_value_where_none_was_sent_is_drift_once_it_was_seen_without(
    installation: Installation, target: LabServer
) -> None:
    """What is there at the first look may be the target's own; what comes later is not (R4: absence is a value)."""
    installation.granted("Sales", *installation.users("alice"))
    installation.run(2)
    scan(installation)
    change_there(target, "alice", "title", "Boss")
    scan(installation)
    (found,) = findings(installation)
    assert changes(found) == {"title": (None, "Boss")}


def test_a_difference_is_corrected_by_setting_with_one_write_for_just_that(
    installation: Installation, target: LabServer
) -> None:
    """One PATCH of the attribute that differs; the next scan is quiet."""
    configure(installation, drift={"on_difference": "correct"})
    installation.granted("Sales", *installation.users("alice", "bob"))
    installation.run(2)
    change_there(target, "alice", "displayName", "Somebody Else")
    before = received(target)
    scan(installation, passes=2)
    assert there(target, "alice")["displayName"] == "Alice Example"
    sent = writes(target, after=before)
    assert [entry["method"] for entry in sent] == ["PATCH"]
    assert len(findings(installation, state="corrected")) == 1
    before = received(target)
    scan(installation, passes=2)
    assert writes(target, after=before) == []
    assert findings(installation) == []


def test_a_leaver_whose_account_was_opened_again_is_found_and_closed(
    installation: Installation, target: LabServer
) -> None:
    """Somebody let them in again: that is drift, and counts as access and for the brake."""
    configure(installation, drift={"on_difference": "correct"})
    alice = installation.user("alice")
    sales = installation.granted("Sales", alice)
    installation.run(2)
    remove_members(sales.id, [alice.id], actor=SYSTEM)
    installation.run(2)
    assert there(target, "alice")["active"] is False
    change_there(target, "alice", "active", True)
    scan(installation, passes=2)
    assert there(target, "alice")["active"] is False
    causes = AccessInterval.objects.order_by("id").values_list("from_cause", "to_cause")
    assert list(causes) == [("assigned", "unassigned"), ("drift", "unassigned")]


def test_r10_many_leavers_who_were_opened_again_wait_for_a_person(
    installation: Installation, target: LabServer
) -> None:
    """A correction that takes away goes through the brake like any other removal."""
    configure(installation, drift={"on_difference": "correct"}, brake={"count": 0, "percent": 100})
    people = installation.users(*(f"user{number}" for number in range(4)))
    sales = installation.granted("Sales", *people, installation.user("boss"), push_group=False)
    installation.run(2)
    remove_members(sales.id, [one.id for one in people], actor=SYSTEM)
    installation.run(2)
    configure(installation, brake={"count": 1, "percent": 0})
    installation.run()
    for one in people:
        change_there(target, one.user_name, "active", True)
    scan(installation, passes=2)
    assert len(holds(installation)) == 4
    assert there(target, "user0")["active"] is True


def test_a_missing_account_is_confirmed_by_one_get_and_made_anew_by_setting(
    installation: Installation, target: LabServer
) -> None:
    configure(installation, drift={"on_difference": "correct"})
    installation.granted("Sales", *installation.users("alice", "bob"))
    installation.run(2)
    gone = there(target, "alice")["id"]
    delete(target, f"/Users/{gone}")
    before = received(target)
    scan(installation, passes=3)
    assert there(target, "alice")["id"] != gone
    assert members(target, "Sales") == {"alice", "bob"}
    asked = [entry["path"] for entry in log(target, "GET", "/Users/", after=before)]
    assert asked.count(f"/Users/{gone}") == 2
    assert installation.states() == {"in_sync": 3}


def test_a_missing_account_is_reported_and_its_link_says_so(
    installation: Installation, target: LabServer
) -> None:
    alice, _ = people = installation.users("alice", "bob")
    installation.granted("Sales", *people)
    installation.run(2)
    delete(target, f"/Users/{there(target, 'alice')['id']}")
    scan(installation)
    found = findings(installation, "missing")
    assert [one.name for one in found] == ["alice"]
    assert installation.link(alice).state == "failed"
    assert "404" in installation.link(alice).reason
    assert "alice" not in target.state().users


def test_r13_many_missing_at_once_are_a_wrong_tenant_and_nothing_is_made_anew(
    installation: Installation, target: LabServer
) -> None:
    """The whole target is another one: the application is left alone, and no link is given up."""
    configure(installation, drift={"on_difference": "correct"})
    installation.granted("Sales", *crowd(30), push_group=False)
    installation.run(2)
    target.reset()
    before = received(target)
    done = scan(installation)
    assert done.state == "stopped"
    assert Health.objects.get().state == "misbehaving"
    assert writes(target, after=before) == []
    assert Link.objects.filter(remote_id=None).count() == 0
    assert len(log(target, after=before)) < 30


@pytest.mark.parametrize(
    "vice",
    [
        {"total_is_page_size": True},
        {"start_index_ignored": True},
        {"page_cap": 3},
        {"cursor": True, "page_cap": 4},
        {"total_is_page_size": True, "page_cap": 2},
    ],
)
def test_r16_no_vice_of_a_list_makes_anybody_missing(
    installation: Installation, target: LabServer, vice: dict[str, Any]
) -> None:
    """Short pages, a wrong total, the same page again: nobody is missing who is there, and nothing is written."""
    configure(installation, drift={"on_difference": "correct"})
    installation.granted("Sales", *installation.users(*(f"user{number}" for number in range(11))))
    installation.run(2)
    target.set_options(**vice)
    before = received(target)
    scan(installation, passes=2)
    assert findings(installation) == []
    assert findings(installation, state="corrected") == []
    assert writes(target, after=before) == []
    assert installation.states() == {"in_sync": 12}


@pytest.mark.parametrize("vice", [{"members_read": "absent"}, {"members_read": "empty"}])
def test_r16_members_that_are_not_shown_are_not_missing(
    installation: Installation, target: LabServer, vice: dict[str, Any]
) -> None:
    target.set_options(**vice)
    configure(installation, drift={"on_difference": "correct"})
    installation.granted("Sales", *installation.users("alice", "bob"))
    installation.run(3)
    before = received(target)
    scan(installation, passes=2)
    assert findings(installation) == []
    assert writes(target, after=before) == []


def test_r16_nobody_is_missing_from_groups_that_have_never_shown_a_member(
    installation: Installation, target: LabServer
) -> None:
    """An administrator says that members are shown, and they are not: an empty list says nothing all the same."""
    target.set_options(members_read="empty")
    configure(installation, drift={"on_difference": "correct"})
    installation.granted("Sales", *installation.users("alice", "bob"))
    installation.run(3)
    declare(installation, members_readable=True)
    installation.run(2)
    before = received(target)
    scan(installation, passes=2)
    assert [one.what for one in (*findings(installation), *findings(installation, state="corrected"))] == []
    assert writes(target, after=before) == []


def test_r16_a_target_that_does_not_list_says_nothing(installation: Installation, target: LabServer) -> None:
    installation.granted("Sales", *installation.users("alice"))
    installation.run(2)
    target.set_options(faults=[fault("status", "GET", "^/Users$", status=501, count=0)])
    done = scan(installation)
    assert done.state == "finished"
    assert done.lists["user"]["complete"] is False
    assert "501" in done.lists["user"]["reason"]
    assert findings(installation) == []
    assert installation.states() == {"in_sync": 2}


def test_members_that_others_added_and_removed_are_found_and_put_right(
    installation: Installation, target: LabServer
) -> None:
    """A group of ours holds just who belongs there: who was put in is taken out, who was taken out is put back."""
    alice, bob, carol = installation.users("alice", "bob", "carol")
    installation.granted("Sales", alice, bob)
    installation.granted("Others", carol)
    installation.run(3)
    group = target.state().groups["Sales"]["id"]
    ids = {name: user["id"] for name, user in target.state().users.items()}
    add = {"op": "add", "path": "members", "value": [{"value": ids["carol"]}]}
    patch(target, f"/Groups/{group}", add, {"op": "remove", "path": f'members[value eq "{ids["bob"]}"]'})
    scan(installation)
    (found,) = findings(installation)
    assert (found.what, found.detail["missing_count"], found.detail["extra_count"]) == ("members", 1, 1)
    assert found.detail["missing"] == [{"id": ids["bob"], "user": str(bob.id)}]
    assert found.detail["extra"] == [{"id": ids["carol"], "user": str(carol.id)}]
    assert members(target, "Sales") == {"alice", "carol"}
    configure(installation, drift={"on_difference": "correct"})
    scan(installation, passes=3)
    assert members(target, "Sales") == {"alice", "bob"}
    assert installation.states() == {"in_sync": 5}


def test_a_scan_goes_on_by_page_where_its_pass_was_interrupted(
    installation: Installation, target: LabServer
) -> None:
    """The target is away in the middle of the list: the next pass asks for the page that is missing, and not again."""
    installation.granted("Sales", *crowd(50), push_group=False)
    installation.run(2)
    target.set_options(page_cap=10, faults=[fault("status", "GET", "^/Users$", status=401, nth=4)])
    before = received(target)
    interrupted = scan(installation)
    assert interrupted.state == "running"
    assert interrupted.position["received"] == 30
    target.set_options(faults=[])
    installation.run(later=LATER)
    asked = [entry["path"] for entry in log(target, "GET", "/Users", after=before)]
    starts = [
        int(path.partition("startIndex=")[2].partition("&")[0]) for path in asked if "count=1000" in path
    ]
    assert [one for one in starts if one > 1] == [11, 21, 31, 31, 41, 51]
    interrupted.refresh_from_db()
    assert interrupted.state == "finished"
    assert interrupted.lists["user"] == {"complete": True, "seen": 50, "total": 50}
    assert findings(installation) == []


def test_a_leaver_overtakes_a_scan_that_is_under_way(
    installation: Installation, target: LabServer, settings: Any, tmp_path: Path
) -> None:
    """A slow target and many pages: the leaver's account is closed while the scan still reads (R8)."""
    settings.DATA_DIR = tmp_path
    people = crowd(60)
    sales = installation.granted("Sales", *people, push_group=False)
    installation.run(2)
    target.set_options(page_cap=1, latency_ms=100)
    engine = make_engine()
    engine.start()
    try:
        request_scan(installation.application.id, actor=SYSTEM)
        assert eventually(lambda: Scan.objects.get().totals.get("pages", 0) > 2)
        remove_members(sales.id, [people[0].id], actor=SYSTEM)
        assert eventually(lambda: installation.link(people[0]).state == "released")
        assert Scan.objects.get().state == "running"
    finally:
        engine.stop()


def test_a_scan_uses_no_more_than_half_of_a_declared_rate(
    installation: Installation, target: LabServer
) -> None:
    """Between two pages there is room for a change: two steps of the rate, and one request at a time."""
    installation.granted("Sales", *crowd(12), push_group=False)
    installation.run(2)
    configure(installation, limits={"rate": 20})
    target.set_options(page_cap=3)
    before = received(target)
    scan(installation)
    at = [entry["at"] for entry in log(target, "GET", "/Users?", after=before)]
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert len(gaps) == 4
    # nothing is said of how long it takes at most: only that it leaves room
    assert min(gaps) >= 2 / 20 - 0.02


def test_a_scan_by_schedule_is_asked_for_when_its_hours_are_over(
    installation: Installation, target: LabServer
) -> None:
    """Not before; not while one is open; and never without the setting."""
    start = now()
    ask_scheduled(start)
    assert not Scan.objects.exists()
    configure(installation, drift={"every": 24})
    ask_scheduled(start)
    ask_scheduled(start + 1)
    assert Scan.objects.count() == 1
    installation.run()
    assert Scan.objects.get().state == "finished"
    ask_scheduled(start + DAY - 1)
    assert Scan.objects.count() == 1
    ask_scheduled(start + DAY)
    assert Scan.objects.filter(trigger="schedule").count() == 2


def test_what_is_only_observed_is_scanned_and_never_written(
    installation: Installation, target: LabServer
) -> None:
    """Also with corrections switched on."""
    installation.granted("Sales", *installation.users("alice", "bob"))
    installation.run(2)
    configure(installation, mode="observe", drift={"on_difference": "correct"})
    change_there(target, "alice", "displayName", "Somebody Else")
    delete(target, f"/Users/{there(target, 'bob')['id']}")
    before = received(target)
    scan(installation, passes=2)
    assert {one.what for one in findings(installation)} == {"changed", "missing"}
    assert writes(target, after=before) == []


@pytest.mark.parametrize("there_still", [True, False], ids=["deleted by us", "gone before"])
def test_what_was_found_of_an_account_that_is_taken_away_since_needs_nobody(
    installation: Installation, target: LabServer, *, there_still: bool
) -> None:
    """With its link what was found of it goes in one transaction, and Home says nothing of it any more."""
    alice, bob = installation.users("alice", "bob")
    installation.granted("Sales", alice, bob, push_group=False)
    installation.run(2)
    change_there(target, "bob", "displayName", "Somebody Else")
    if there_still:
        change_there(target, "alice", "displayName", "Somebody Else")
    else:
        delete(target, f"/Users/{there(target, 'alice')['id']}")
    scan(installation)
    assert "alice" in {each.name for each in findings(installation)}
    assert [each.count for each in home_findings()] == [2]
    delete_user(alice.pk, actor=SYSTEM)
    installation.run(2)
    assert not Link.objects.filter(local_id=alice.pk).exists()
    assert [each.name for each in findings(installation)] == ["bob"]
    assert [each.name for each in findings(installation, state="gone")] == ["alice"]
    assert [each.count for each in home_findings()] == [1]
    scan(installation)
    assert [each.name for each in findings(installation)] == ["bob"]
