"""R2, R9: what a look-up finds is somebody else's, unless it is proved that Provisor made it."""

from collections import Counter
from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import remove_members
from provisor.directory.users import delete_user, set_active
from provisor.provisioning.models import Link
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    LATER,
    change,
    configure,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    only_once,
    passes,
    patch,
)
from tests.servers import LabServer

WORK = 'emails[type eq "work"].value'


def test_r02_r09_an_address_alone_links_nobody(installation: Installation, target: LabServer) -> None:
    """Addresses are given to others: an account found by e-mail only is a conflict, and is not touched."""
    configure(installation, matching={"users": ["userName", WORK]})
    existing(target, userName="al", displayName="Al", emails=[{"value": "alice@example.com", "type": "work"}])
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    passes(installation, 2)
    assert installation.link(alice).state == Link.State.CONFLICT
    assert "e-mail" in installation.link(alice).reason
    assert target.state().users["al"]["displayName"] == "Al"
    assert set(target.state().users) == {"al"}


def namesake(target: LabServer) -> dict[str, Any]:
    """Somebody else's account, made after our POST, who was given the same address."""
    emails = [{"value": "alice@example.com", "type": "work"}]
    existing(target, userName="al", externalId="of-somebody-else", displayName="Al", emails=emails)
    return target.state().users["al"]


def test_r02_r09_a_creation_in_doubt_makes_nobody_ours_by_an_address(
    installation: Installation, target: LabServer
) -> None:
    """The POST had no outcome and no effect; who has the address meanwhile is somebody else, and is not touched."""
    configure(installation, matching={"users": [WORK]})
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    target.set_options(faults=[fault("reset", "POST", "/Users")])
    installation.run()
    before = namesake(target)
    passes(installation, 3)
    link = installation.link(alice)
    assert (link.state, link.remote_id) == (Link.State.CONFLICT, None)
    assert "userName" in link.reason
    assert "by hand" in link.reason
    assert target.state().users == {"al": before}


@pytest.mark.parametrize("leave", ["deleted", "unassigned"])
def test_r02_r09_a_leaver_whose_creation_is_in_doubt_takes_nobody_along_by_an_address(
    installation: Installation, target: LabServer, leave: str
) -> None:
    """Nobody else's account is deactivated or deleted because it has the address of the leaver."""
    configure(installation, matching={"users": [WORK]})
    alice = installation.user("alice")
    group = installation.granted("Sales", alice)
    target.set_options(faults=[fault("reset", "POST", "/Users")])
    installation.run()
    before = namesake(target)
    if leave == "deleted":
        delete_user(alice.id, actor=SYSTEM)
    else:
        remove_members(group.id, [alice.id], actor=SYSTEM)
    passes(installation, 3)
    assert target.state().users == {"al": before}
    assert installation.link(alice).state == Link.State.CONFLICT


def test_r02_r09_a_leaver_is_sought_by_what_was_sent_not_by_a_later_name(
    installation: Installation, target: LabServer
) -> None:
    """Renamed to a name that somebody else has there, then gone: that account is not theirs."""
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    target.set_options(faults=[fault("reset", "POST", "/Users")])
    installation.run()
    existing(target, userName="somebody", active=True)
    change(alice, userName="somebody")
    set_active(alice.id, active=False, actor=SYSTEM)
    passes(installation, 3)
    assert target.state().users["somebody"]["active"] is True
    assert not Link.objects.filter(local_id=alice.id).exists()


@pytest.mark.parametrize("proof", ["userName", "externalId"])
def test_r02_a_creation_in_doubt_is_found_by_its_address_and_known_by_what_was_sent(
    installation: Installation, target: LabServer, proof: str
) -> None:
    """The address finds the account, and a name or an externalId that we sent says that it is ours."""
    configure(installation, matching={"users": [WORK]})
    target.set_options(drops=[{"userName": "externalId", "externalId": ""}[proof]])
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    target.set_options(faults=[fault("reset", "POST", "/Users", handled=True)])
    installation.run()
    if proof == "externalId":
        address = f"/Users/{target.state().users['alice']['id']}"
        patch(target, address, {"op": "replace", "path": "userName", "value": "renamed-there"})
    passes(installation, 3)
    link = installation.link(alice)
    assert (link.state, link.origin) == (Link.State.IN_SYNC, Link.Origin.CREATED)
    assert len(only_once(target)) == 1


LOOK_UPS = {
    "reset": fault("reset", "GET", "/Users$"),
    "500": fault("status", "GET", "/Users$", status=500),
    "a web page": fault("html", "GET", "/Users$", status=200),
}


@pytest.mark.parametrize("strike", LOOK_UPS.values(), ids=LOOK_UPS)
def test_r02_r09_a_look_up_without_an_answer_is_no_creation_in_doubt(
    installation: Installation, target: LabServer, strike: dict[str, Any]
) -> None:
    """Nothing was posted, so what is found later is somebody else's: an address alone still links nobody."""
    configure(installation, matching={"users": [WORK]})
    existing(target, userName="al", displayName="Al", emails=[{"value": "alice@example.com", "type": "work"}])
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    target.set_options(faults=[strike])
    passes(installation, 3)
    assert installation.link(alice).state == Link.State.CONFLICT
    assert target.state().users["al"]["displayName"] == "Al"


def test_r02_an_account_found_after_a_failed_look_up_is_adopted_not_created(
    installation: Installation, target: LabServer
) -> None:
    """The origin says who made it; a look-up that failed makes nothing."""
    existing(target, userName="alice", displayName="Al")
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    target.set_options(faults=[fault("reset", "GET", "/Users$")])
    passes(installation, 3)
    assert installation.link(alice).origin == Link.Origin.ADOPTED


def test_r02_a_pass_that_was_halted_before_the_look_up_posted_nothing(
    installation: Installation, target: LabServer
) -> None:
    """A 401 ends the pass for all that wait at the gate: their accounts, found later, are not ours by that."""
    configure(installation, matching={"users": [WORK]}, limits={"concurrency": 4})
    people = [installation.user(f"person{number}") for number in range(12)]
    for user in people:
        address = [{"value": f"{user.user_name}@example.com", "type": "work"}]
        existing(target, userName=f"x-{user.user_name}", emails=address)
    installation.granted("Sales", *people)
    target.set_options(faults=[fault("status", "GET", "/Users", status=401, count=0)])
    installation.run(later=LATER)
    target.set_options(faults=[])
    installation.run(later=2 * LATER)
    installation.run(later=3 * LATER)
    links = [installation.link(user) for user in people]
    assert Counter(link.state for link in links) == {"conflict": 12}
