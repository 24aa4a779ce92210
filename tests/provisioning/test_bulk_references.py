"""A new group and its new members in one bulk request, members named by their bulkId (RFC 7644, 3.7.2)."""

from typing import Any

import orjson
import pytest

from provisor.applications.models import Capability
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import User
from provisor.provisioning.models import Attempt
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    members,
    only_once,
    passes,
    received,
)
from tests.servers import LabServer

CROWD = 120
TEAM = 40
Operation = dict[str, Any]


def onboard(installation: Installation) -> list[User]:
    """A crowd, and a pushed group of some of them."""
    people = crowd(CROWD)
    installation.granted("Sales", *people[-TEAM:])
    installation.granted("All", *people, push_group=False)
    return people


def bulk(target: LabServer, **vices: Any) -> None:
    target.set_options(bulk=True, keep_requests=True, **vices)


def bulk_requests(target: LabServer) -> list[list[Operation]]:
    """The operations of each bulk request, in order."""
    bodies = [entry["body"] for entry in target.requests(whole=True) if entry["path"] == "/Bulk"]
    return [orjson.loads(body)["Operations"] for body in bodies]


def of(operations: list[Operation], path: str, method: str = "POST") -> list[Operation]:
    return [each for each in operations if each["method"] == method and each["path"].startswith(path)]


def named(operation: Operation) -> list[str]:
    """The members that the POST of a group names."""
    return [member["value"] for member in operation["data"].get("members", [])]


def with_references(target: LabServer) -> list[list[Operation]]:
    """The bulk requests in which a group names members by their bulkId."""
    return [whole for whole in bulk_requests(target) if any(named(each) for each in of(whole, "/Groups"))]


def references_before(group: Operation, whole: list[Operation], team: list[User]) -> set[str]:
    """The bulkIds of these users in a request before the group: how many they are is a matter of the moment."""
    creations = of(whole[: whole.index(group)], "/Users")
    return {f"bulkId:{each['bulkId']}" for each in creations if each["data"]["userName"] in names(team)}


def fact() -> Any:
    found = Capability.objects.filter(name="bulk_references", origin="probe")
    return found.values_list("value", "evidence").first()


def names(people: list[User]) -> set[str]:
    return {user.user_name for user in people}


def test_a_new_group_and_its_new_members_go_in_one_request(
    installation: Installation, target: LabServer
) -> None:
    """Each is named by the bulkId of its creation, before which the group never stands; no PATCH follows for those."""
    bulk(target)
    people = onboard(installation)
    installation.run()
    assert installation.states() == {"in_sync": CROWD + 1}
    (whole,) = with_references(target)
    (group,) = of(whole, "/Groups")
    assert set(named(group)) == references_before(group, whole, people[-TEAM:])
    assert members(target, "Sales") == names(people[-TEAM:])
    assert len([each for each in log(target, "PATCH") if each["path"].startswith("/Groups")]) <= 1
    assert fact() is None


def test_what_was_sent_of_the_group_is_in_its_attempt(installation: Installation, target: LabServer) -> None:
    """With the names of its members, so that a person can see who was put in how."""
    bulk(target)
    onboard(installation)
    installation.run()
    (attempt,) = Attempt.objects.filter(path="/Groups in /Bulk", method="POST")
    (whole,) = with_references(target)
    (group,) = of(whole, "/Groups")
    assert [member["value"] for member in orjson.loads(attempt.request)["members"]] == named(group)


def test_r15_the_first_two_are_read_back_and_then_it_is_believed(
    installation: Installation, target: LabServer
) -> None:
    """Three groups in turn, each with a crowd of its own: two readings, and none of the third."""
    bulk(target)
    installation.granted("Everybody there before", *crowd(CROWD, prefix="before"), push_group=False)
    installation.run()
    readings = []
    for number in range(3):
        seen = received(target)
        people = crowd(CROWD, prefix=f"team{number}")
        installation.granted(f"Team {number}", *people[-90:])
        installation.granted(f"All {number}", *people, push_group=False)
        passes(installation, 1)
        readings.append(len(log(target, "GET", "/Groups/", after=seen)))
    assert installation.states() == {"in_sync": 4 * CROWD + 3}
    assert len(with_references(target)) == 3
    assert readings == [1, 1, 0]


def test_r12_who_has_no_room_in_the_request_of_the_group_follows_by_patch(
    installation: Installation, target: LabServer
) -> None:
    """Within maxOperations and the limit of members; all are in, and nobody is in twice."""
    bulk(target, bulk_operations=50, members_per_request=10)
    configure(installation, limits={"members_per_request": 10})
    people = onboard(installation)
    installation.run()
    assert installation.states() == {"in_sync": CROWD + 1}
    assert all(len(whole) <= 50 for whole in bulk_requests(target))
    (whole,) = with_references(target)
    (group,) = of(whole, "/Groups")
    assert len(named(group)) == min(10, len(references_before(group, whole, people[-TEAM:])))
    assert members(target, "Sales") == names(people[-TEAM:])


def test_r12_the_bytes_of_a_request_are_kept_with_its_references(
    installation: Installation, target: LabServer
) -> None:
    """A group that would be too large with its members goes in the next request."""
    bulk(target, bulk_payload=6_000)
    people = onboard(installation)
    installation.run()
    assert installation.states() == {"in_sync": CROWD + 1}
    assert 413 not in [entry["status"] for entry in log(target, "POST", "/Bulk")]
    assert members(target, "Sales") == names(people[-TEAM:])


@pytest.mark.parametrize("vice", ["literal", "dropped", "mistaken"])
def test_r06_r15_names_that_are_misread_are_found_out_and_members_go_by_patch(
    installation: Installation, target: LabServer, vice: str
) -> None:
    """Nobody else is left in the group; the next group names nobody, and the reason is on record."""
    bulk(target, bulk_references=vice, members_must_exist=False)
    first = onboard(installation)
    passes(installation, 2)
    assert members(target, "Sales") == names(first[-TEAM:])
    later = crowd(CROWD, prefix="later")
    installation.granted("Later", *later[-TEAM:])
    installation.granted("All later", *later, push_group=False)
    passes(installation, 2)
    assert members(target, "Later") == names(later[-TEAM:])
    assert installation.states() == {"in_sync": 2 * CROWD + 2}
    # an empty group says nothing before members were ever seen in one
    assert len(with_references(target)) == (2 if vice == "dropped" else 1)
    value, evidence = fact()
    assert value is False
    assert "read back" in evidence


def test_r06_what_cannot_be_taken_out_again_is_said(installation: Installation, target: LabServer) -> None:
    """The application keeps the names as if they were ids, and lets nobody change the group: a person reads what to do."""
    refusing = [fault("status", method, "/Groups/", status=400, count=0) for method in ("PUT", "PATCH")]
    bulk(target, bulk_references="literal", members_must_exist=False, faults=refusing)
    people = crowd(CROWD)
    group = installation.granted("Sales", *people[-TEAM:])
    installation.granted("All", *people, push_group=False)
    installation.run()
    link = installation.link(group)
    assert link.state == "conflict"
    assert '"bulkId:' in link.reason
    assert "by hand" in link.reason
    assert installation.states() == {"in_sync": CROWD, "conflict": 1}


def test_r15_names_that_are_refused_are_not_sent_again(installation: Installation, target: LabServer) -> None:
    """The group is made without them at once, and its members follow."""
    bulk(target, bulk_references="literal")
    people = onboard(installation)
    installation.run()
    assert installation.states() == {"in_sync": CROWD + 1}
    assert members(target, "Sales") == names(people[-TEAM:])
    assert len(with_references(target)) == 1
    value, evidence = fact()
    assert value is False
    assert "refused with 400" in evidence


def test_r07_a_member_whose_creation_fails_keeps_neither_the_group_nor_the_others_back(
    installation: Installation, target: LabServer
) -> None:
    """The group cannot be made with somebody who is not there: it is made without, and nothing is held against bulkIds."""
    people = crowd(CROWD)
    refused = people[-1].user_name
    bulk(target, refused_names=[refused])
    installation.granted("Sales", *people[-TEAM:])
    installation.granted("All", *people, push_group=False)
    installation.run()
    assert installation.states() == {"in_sync": CROWD - 1, "failed": 1, "waiting": 1}
    assert members(target, "Sales") == names(people[-TEAM:-1])
    assert len(with_references(target)) == 1
    assert fact() is None
    target.set_options(refused_names=[])
    change(people[-1], title="tried again")
    passes(installation, 1)
    assert installation.states() == {"in_sync": CROWD + 1}
    assert members(target, "Sales") == names(people[-TEAM:])


def test_r01_r02_r06_a_lost_answer_makes_no_second_group_and_loses_no_member(
    installation: Installation, target: LabServer
) -> None:
    """The group was made and nobody heard of it: it is found, and who is in it already is not added again."""
    bulk(target)
    target.set_options(faults=[fault("reset", "POST", "/Bulk", handled=True, nth=2)])
    people = onboard(installation)
    passes(installation, 3)
    assert installation.states() == {"in_sync": CROWD + 1}
    assert len(only_once(target)) == CROWD
    assert len(with_references(target)) == 1
    assert members(target, "Sales") == names(people[-TEAM:])


def test_r06_who_leaves_while_the_answer_is_lost_is_taken_out(
    installation: Installation, target: LabServer
) -> None:
    """In doubt is not absent: nobody who left the group meanwhile stays in it."""
    bulk(target)
    target.set_options(faults=[fault("reset", "POST", "/Bulk", handled=True, nth=2)])
    people = crowd(CROWD)
    group = installation.group("Sales", *people[-TEAM:])
    installation.policy(group)
    installation.granted("All", *people, push_group=False)
    installation.run()
    # which of them went into the request whose answer was lost is the database's choice
    there = members(target, "Sales")
    leaver = next(user for user in people[-TEAM:] if user.user_name in there)
    remove_members(group.id, [leaver.id], actor=SYSTEM)
    passes(installation, 3)
    assert members(target, "Sales") == names(people[-TEAM:]) - {leaver.user_name}


def test_r02_results_that_are_missing_leave_the_group_and_its_members_in_doubt(
    installation: Installation, target: LabServer
) -> None:
    """The answer says nothing of the last operations, the group among them: it is looked up, and there once."""
    bulk(target, bulk_drops_results=3)
    people = onboard(installation)
    passes(installation, 3)
    assert installation.states() == {"in_sync": CROWD + 1}
    assert len(only_once(target)) == CROWD
    assert members(target, "Sales") == names(people[-TEAM:])


def test_who_joins_meanwhile_is_added_afterwards(installation: Installation, target: LabServer) -> None:
    """The group holds those of its creation; the next pass sends one PATCH for who came after."""
    bulk(target)
    people = crowd(CROWD)
    group = installation.group("Sales", *people[-TEAM:])
    installation.policy(group)
    installation.granted("All", *people, push_group=False)
    installation.run()
    add_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 1)
    assert members(target, "Sales") == names([people[0], *people[-TEAM:]])


@pytest.mark.parametrize("options", [{"members_read": "absent"}, {"members_on_create": False}])
def test_r15_where_nothing_can_be_seen_members_go_by_patch(
    installation: Installation, target: LabServer, options: dict[str, Any]
) -> None:
    """Groups that never show members, and groups that take none with their creation."""
    bulk(target, **options)
    people = onboard(installation)
    passes(installation, 2)
    assert installation.states() == {"in_sync": CROWD + 1}
    assert members(target, "Sales") == names(people[-TEAM:])
