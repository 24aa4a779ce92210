"""Bulk requests (RFC 7644, 3.7): many writes in one, and each handled as if it had been sent alone."""

from collections import Counter
from typing import Any

import orjson
import pytest

from provisor.applications.models import Capability
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members
from provisor.provisioning.models import Attempt, Link
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    declare,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    only_once,
    passes,
    received,
)
from tests.servers import LabServer

CROWD = 120


def bulky(target: LabServer, **options: Any) -> None:
    target.set_options(bulk=True, **options)


def bulks(target: LabServer, *, after: int = 0) -> list[dict[str, Any]]:
    return log(target, "POST", "/Bulk", after=after)


def known(name: str) -> Any:
    return Capability.objects.filter(name=name, origin="probe").values_list("value", flat=True).first()


def test_onboarding_goes_in_bulk_requests(installation: Installation, target: LabServer) -> None:
    """One alone on probation, one in a bulk on trial, and all others together; the group's members, too."""
    bulky(target)
    installation.granted("Sales", *crowd(CROWD))
    installation.run()
    assert installation.states() == {"in_sync": CROWD + 1}
    assert len(only_once(target)) == CROWD
    assert len(target.state().groups["Sales"]["members"]) == CROWD
    assert len(bulks(target)) <= 3
    assert len(log(target)) <= 30
    assert len(log(target, "POST", "/Users")) <= 5


@pytest.mark.parametrize("bulk", [False, True], ids=["singly", "in bulk"])
def test_r12_what_it_takes_to_onboard_a_crowd_and_its_group(
    installation: Installation, target: LabServer, *, bulk: bool
) -> None:
    """Where the application has proved itself: a request for each, or for each hundred, a few for members, and five."""
    proved = crowd(4, prefix="proved")
    team = installation.granted("Team", *proved[:2])
    installation.granted("Other team", *proved)
    installation.run()
    add_members(team.id, [user.id for user in proved[2:]], actor=SYSTEM)
    passes(installation, 1)
    target.set_options(bulk=bulk, bulk_operations=100)
    declare(installation, bulk=bulk, bulk_operations=100)
    seen = received(target)
    installation.granted("Sales", *crowd(300))
    installation.run()
    assert installation.states() == {"in_sync": 307}
    pages = len(
        [entry for entry in log(target, "GET", "/Users?", after=seen) if "startIndex" in entry["path"]]
    )
    objects, chunks = (3, 1) if bulk else (300, 3)
    # the first of each method in bulk is read back; what is tried anew is sent alone
    trials = 7 if bulk else 0
    assert received(target) - seen <= objects + chunks + pages + 5 + trials


def test_each_operation_is_an_attempt_that_is_found_from_its_link(
    installation: Installation, target: LabServer
) -> None:
    """What was sent for this one, what the application said of it, and in which request."""
    bulky(target)
    people = crowd(CROWD)
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    attempts = Attempt.objects.filter(local_id=people[-1].id, method="POST")
    (attempt,) = attempts
    assert attempt.path == "/Users in /Bulk"
    assert attempt.status == 201
    assert orjson.loads(attempt.request)["userName"] == people[-1].user_name
    whole = Attempt.objects.filter(path="/Bulk")
    assert whole.count() == len(bulks(target))
    assert set(whole.values_list("status", flat=True)) == {200}


def test_few_changes_do_not_pay_for_a_bulk_request(installation: Installation, target: LabServer) -> None:
    """Ten go singly, side by side."""
    bulky(target)
    installation.granted("Sales", *crowd(10))
    installation.run()
    assert installation.states() == {"in_sync": 11}
    assert bulks(target) == []


def test_updates_go_together_and_leavers_alone(installation: Installation, target: LabServer) -> None:
    """A change of a hundred titles is a few requests; whoever is disabled never waits for them."""
    bulky(target)
    people = crowd(CROWD)
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    seen = received(target)
    for user in people[:-1]:
        change(user, title="new")
    change(people[-1], active=False)
    passes(installation, 2)
    assert installation.states() == {"in_sync": CROWD - 1, "released": 1}
    sent = log(target, after=seen)
    assert len([entry for entry in sent if entry["method"] != "GET"]) <= 14
    assert {entry["path"] for entry in log(target, "PATCH", after=seen)} >= {
        f"/Users/{installation.link(people[-1]).remote_id}"
    }
    titles = {user["title"] for user in target.state().users.values() if user["active"]}
    assert titles == {"new"}


def test_r12_what_a_request_may_hold_is_kept(installation: Installation, target: LabServer) -> None:
    """Neither more operations than are allowed, nor more bytes."""
    bulky(target, bulk_operations=40, bulk_payload=9_000, keep_requests=True)
    installation.granted("Sales", *crowd(CROWD))
    installation.run()
    assert installation.states() == {"in_sync": CROWD + 1}
    assert [entry["status"] for entry in bulks(target)].count(413) == 0
    assert len(bulks(target)) >= 5


# --- each operation on its own ------------------------------------------------------------------------------------------


def test_r02_a_409_in_a_bulk_is_looked_up_singly_and_adopted(
    installation: Installation, target: LabServer
) -> None:
    """The account came after the listing; it is found and linked, and there is one."""
    bulky(target, filter_case_exact=False)
    people = crowd(CROWD)
    installation.granted("Sales", *people, push_group=False)
    # nothing is listed under this name, and yet it is taken
    existing(target, userName=people[-1].user_name)
    target.set_options(bulk=True, faults=[fault("status", "GET", r"/Users\?startIndex", status=404, count=0)])
    installation.run()
    target.set_options(bulk=True, faults=[])
    passes(installation, 2)
    assert installation.states() == {"in_sync": CROWD}
    assert len(only_once(target)) == CROWD


def test_r07_one_bad_object_of_a_bulk_fails_with_its_own_reason(
    installation: Installation, target: LabServer
) -> None:
    """Of a hundred and twenty one is refused; it says why, and all others are there."""
    bulky(target, duplicates="bad_request")
    people = crowd(CROWD)
    group = installation.group("Sales", *people)
    existing(target, userName="somebody", externalId="x")
    change(people[60], userName="SOMEBODY")
    installation.policy(group, push_group=False)
    installation.run()
    states = Counter(Link.objects.values_list("state", flat=True))
    assert states["in_sync"] >= CROWD - 1
    assert len(target.state().users) >= CROWD


@pytest.mark.parametrize(
    "vice", [{"bulk_drops_results": 3}, {"bulk_reverses": True}, {"bulk_fails_on_errors": 1}]
)
def test_r02_results_that_are_missing_or_out_of_order_make_nobody_twice(
    installation: Installation, target: LabServer, vice: dict[str, Any]
) -> None:
    """What is not said is in doubt, and looked up before anything is sent again."""
    bulky(target, **vice)
    installation.granted("Sales", *crowd(CROWD))
    passes(installation, 3)
    assert installation.states() == {"in_sync": CROWD + 1}
    assert len(only_once(target)) == CROWD


def test_r02_results_under_names_that_nobody_gave_are_nobodys(
    installation: Installation, target: LabServer
) -> None:
    """Each is in doubt and is looked up: the accounts that were made are found, and none is made again."""
    bulky(target, bulk_renames=True)
    installation.granted("Sales", *crowd(CROWD), push_group=False)
    passes(installation, 3)
    assert installation.states() == {"in_sync": CROWD}
    assert len(only_once(target)) == CROWD
    assert known("bulk") is False


def test_a_bulk_that_reports_success_and_does_nothing_is_found_out_by_its_first_operation(
    installation: Installation, target: LabServer
) -> None:
    """On trial one alone goes in a bulk and is read back; everybody else is made singly, and it is remembered."""
    bulky(target, bulk_lies=True)
    installation.granted("Sales", *crowd(CROWD), push_group=False)
    passes(installation, 2)
    assert installation.states() == {"in_sync": CROWD}
    assert len(only_once(target)) == CROWD
    assert len(bulks(target)) == 1
    assert known("bulk") is False


@pytest.mark.parametrize("status", [404, 501])
def test_r15_an_application_that_announces_bulk_and_refuses_it_is_sent_to_singly(
    installation: Installation, target: LabServer, status: int
) -> None:
    """It is tried once, and noted."""
    bulky(target, bulk_refused=status)
    installation.granted("Sales", *crowd(CROWD))
    passes(installation, 2)
    assert installation.states() == {"in_sync": CROWD + 1}
    assert len(bulks(target)) == 1
    assert known("bulk") is False


def test_413_halves_the_requests(installation: Installation, target: LabServer) -> None:
    """More is announced than is taken: half of it is tried, and what is found is remembered."""
    bulky(target)
    installation.granted("Sales", *crowd(CROWD), push_group=False)
    target.set_options(bulk=True, faults=[fault("status", "POST", "/Bulk", status=413, nth=2, count=2)])
    installation.run()
    assert installation.states() == {"in_sync": CROWD}
    assert len(only_once(target)) == CROWD
    assert known("bulk_operations") < CROWD


@pytest.mark.parametrize(
    "broken",
    [
        fault("reset", "POST", "/Bulk", handled=True, nth=2),
        fault("reset", "POST", "/Bulk", nth=2),
        fault("truncate", "POST", "/Bulk", nth=2),
        fault("status", "POST", "/Bulk", status=500, handled=True, nth=2),
        fault("status", "POST", "/Bulk", status=429, retry_after=1, nth=2),
        fault("html", "POST", "/Bulk", nth=2),
    ],
    ids=["reply lost", "reset", "truncated", "500 after the act", "429", "a page for people"],
)
def test_r01_r02_a_bulk_that_is_lost_loses_and_doubles_nobody(
    installation: Installation, target: LabServer, broken: dict[str, Any]
) -> None:
    """All of it is in doubt, or none was done: each is looked up before it is sent again."""
    bulky(target, faults=[broken])
    installation.granted("Sales", *crowd(CROWD))
    passes(installation, 4)
    assert installation.states() == {"in_sync": CROWD + 1}
    assert len(only_once(target)) == CROWD
    assert len(target.state().groups["Sales"]["members"]) == CROWD


def test_r13_a_bulk_that_fails_is_one_call(installation: Installation, target: LabServer) -> None:
    """A hundred operations hear of the same failure: the application is not quarantined for it."""
    from provisor.provisioning.queries import application_status

    bulky(target, faults=[fault("status", "POST", "/Bulk", status=500, nth=2)])
    installation.granted("Sales", *crowd(CROWD), push_group=False)
    installation.run()
    assert application_status(installation.application.id)["state"] == "well"


def test_bulk_can_be_switched_off(installation: Installation, target: LabServer) -> None:
    """A limit of the application, for an administrator who does not want it."""
    bulky(target)
    configure(installation, limits={"bulk": "off"})
    installation.granted("Sales", *crowd(CROWD))
    installation.run()
    assert installation.states() == {"in_sync": CROWD + 1}
    assert bulks(target) == []
