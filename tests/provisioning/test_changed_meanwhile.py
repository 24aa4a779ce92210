"""R1: what changes while its request is under way is sent next; no outcome of the older state hides it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError

import pytest
from django.db import connection

from provisor.applications.applications import update_application
from provisor.directory.memberships import add_members, remove_members
from provisor.provisioning.models import Link
from tests.provisioning.installation import ACTOR, Installation, eventually
from tests.provisioning.vices import LATER, change, configure, crowd, existing, fault, log, only_once, passes
from tests.provisioning.vices import good_again as good_again  # noqa: PLC0414 - a fixture
from tests.servers import LabServer

MOBILE = 'phoneNumbers[type eq "mobile"].value'


@contextmanager
def under_way(
    installation: Installation, target: LabServer, method: str, latency: int = 1500, later: int = 0
) -> Iterator[None]:
    """A pass runs beside the test, and its first write has reached the target and is not answered yet."""
    seen = len(log(target, method, "/Users"))
    target.set_options(latency_ms=latency)

    def run() -> None:
        installation.run(later=later)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert eventually(lambda: len(log(target, method, "/Users")) > seen)
        yield
    finally:
        thread.join()
        target.set_options(latency_ms=0)


def test_r01_a_change_while_its_request_is_under_way_is_sent_next(
    installation: Installation, target: LabServer
) -> None:
    """The outcome of the first change does not settle the second."""
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 2)
    change(user, title="first")
    with under_way(installation, target, "PATCH"):
        change(user, title="second")
        installation.fold()
    passes(installation, 2)
    assert only_once(target)["alice"]["title"] == "second"
    assert installation.link(user).state == Link.State.IN_SYNC


def test_r01_r08_who_leaves_while_the_account_is_created_is_not_left_inside(
    installation: Installation, target: LabServer
) -> None:
    """The creation is confirmed after the departure: the account is taken away next."""
    user = installation.user("alice")
    group = installation.granted("Sales", user, push_group=False)
    with under_way(installation, target, "POST"):
        remove_members(group.id, [user.id], actor=ACTOR)
        installation.fold()
    passes(installation, 2)
    assert only_once(target)["alice"]["active"] is False
    assert installation.link(user).state == Link.State.RELEASED


def test_r01_r13_a_refusal_of_the_older_state_does_not_stop_the_newer_one(
    installation: Installation, target: LabServer
) -> None:
    """The first change is refused for good while the second is made: the second is sent all the same."""
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 2)
    target.set_options(faults=[fault("status", "PATCH", "/Users", status=422)])
    change(user, title="first")
    with under_way(installation, target, "PATCH"):
        change(user, title="second")
        installation.fold()
    passes(installation, 2)
    assert only_once(target)["alice"]["title"] == "second"


@pytest.mark.parametrize("lost", ["reset", "html"])
def test_r01_r05_an_element_that_was_added_without_an_answer_is_changed_and_not_added_again(
    installation: Installation, target: LabServer, lost: str
) -> None:
    """A number was added, the reply was lost, and the number changed: there is one number, the new one."""
    rule: dict[str, Any] = {"target": MOBILE, "kind": "direct", "source": MOBILE}
    others = [each for each in installation.application.mappings["users"] if each["target"] != MOBILE]
    update_application(installation.application.id, {"mappings": {"users": [*others, rule]}}, actor=ACTOR)
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    passes(installation, 2)
    target.set_options(faults=[fault(lost, "PATCH", "/Users", handled=True)])
    change(user, phoneNumbers=[{"type": "mobile", "value": "+49 30 1"}])
    installation.run()
    change(user, phoneNumbers=[{"type": "mobile", "value": "+49 30 2"}])
    passes(installation, 3)
    held = [each["value"] for each in only_once(target)["alice"]["phoneNumbers"]]
    assert held == ["+49 30 2"]


def test_r02_an_account_that_somebody_makes_after_the_listing_is_adopted_after_the_conflict(
    installation: Installation, target: LabServer
) -> None:
    """A listing stands for the look-ups; the POST is refused with 409, one search finds the account, and it is linked."""
    people = crowd(30)
    configure(installation, limits={"rate": 5})
    installation.granted("Sales", *people, push_group=False)
    with under_way(installation, target, "POST", latency=0):
        made = _made_by_somebody_else(target, [user.user_name for user in people])
    passes(installation, 2)
    assert only_once(target).keys() == {user.user_name for user in people}
    adopted = [user.user_name for user in people if installation.link(user).origin == "adopted"]
    assert adopted == [made]
    assert installation.states() == {"in_sync": 30}


def _made_by_somebody_else(target: LabServer, names: list[str]) -> str:
    """Make an account of which none is there yet; returns its name."""
    for name in reversed(names):
        if name not in target.state().users:
            try:
                existing(target, userName=name)
            except HTTPError:
                continue
            return name
    raise AssertionError("all accounts are there already")


@pytest.mark.parametrize("method", ["DELETE", "GET"], ids=["deletion", "look-up of a leaver"])
def test_r01_who_comes_back_while_the_account_is_taken_away_gets_one_again(
    installation: Installation, target: LabServer, method: str
) -> None:
    """The departure is confirmed after the return: the link is not forgotten with the account."""
    configure(installation, deprovision={"unassigned": "delete"})
    user = installation.user("alice")
    group = installation.granted("Sales", user, push_group=False)
    if method == "GET":
        # nothing is known to be there, and a creation has no outcome: it is looked up when they leave
        target.set_options(faults=[fault("reset", "POST", "/Users")])
        installation.run()
        target.set_options(faults=[])
    else:
        passes(installation, 2)
    remove_members(group.id, [user.id], actor=ACTOR)
    with under_way(installation, target, method, later=LATER):
        add_members(group.id, [user.id], actor=ACTOR)
        installation.fold()
    passes(installation, 3)
    assert only_once(target)["alice"]["active"] is True
    assert installation.link(user).state == Link.State.IN_SYNC
