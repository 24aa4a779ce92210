"""R3, R4, R5, R14, R15: only what differs is sent, once, in a form that the application takes."""

from typing import Any

import orjson
import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.provisioning.models import Link
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    ENTERPRISE,
    change,
    configure,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    members,
    only_once,
    passes,
    received,
    writes,
)
from tests.servers import LabServer

ODD: dict[str, dict[str, Any]] = {
    "drops attributes": {"drops": ["title", "nickName", ENTERPRISE]},
    "lower-cases userName": {"lower_case_user_name": True},
    "booleans as strings": {"string_booleans": True},
    "says nothing after a write": {"post_answer": "empty", "patch_answer": "empty", "put_answer": "no_content"},
    "answers a PATCH with the resource": {"patch_answer": "body"},
    "no PATCH": {"patch": False},
    "no PATCH, drops attributes": {"patch": False, "drops": ["title"]},
    "no PATCH, booleans as strings": {"patch": False, "string_booleans": True},
    "members are not shown": {"members_read": "absent"},
    "members are shown as none": {"members_read": "empty"},
    "all of them": {
        "drops": ["title"], "lower_case_user_name": True, "string_booleans": True, "members_read": "absent",
    },
}  # fmt: skip


@pytest.mark.parametrize("options", ODD.values(), ids=ODD)
@pytest.mark.parametrize("adopted", [False, True], ids=["created", "adopted"])
def test_r03_r05_no_oddity_of_the_target_causes_a_second_write(
    installation: Installation, target: LabServer, options: dict[str, Any], adopted: bool
) -> None:
    """After it settled, nothing is sent any more, and a change of one attribute is one write."""
    if adopted:
        existing(target, userName="Alice.Smith", active=True)
    target.set_options(**options)
    user = installation.user("Alice.Smith", title="Engineer", **{ENTERPRISE: {"department": "R&D"}})
    installation.granted("Sales", user)
    passes(installation, 2)
    assert installation.states() == {"in_sync": 2}
    seen = received(target)
    passes(installation, 3)
    assert received(target) == seen
    change(user, displayName="Al")
    passes(installation, 2)
    assert len(writes(target, after=seen)) == 1
    assert len(target.state().users) == 1
    assert next(iter(target.state().users.values()))["displayName"] == "Al"


@pytest.mark.parametrize("patch", [True, False])
def test_r04_r05_absence_is_sent_and_what_nobody_mapped_stays(
    installation: Installation, target: LabServer, patch: bool
) -> None:
    """A value that is gone here is gone there; a value that no rule names survives PATCH and PUT."""
    target.set_options(patch=patch)
    foreign = {"profileUrl": "https://example.com/alice", "ims": [{"value": "al", "type": "xmpp"}]}
    home = {"value": "alice@home.example", "type": "home"}
    existing(target, userName="alice", emails=[home], **foreign)
    user = installation.user("alice", title="Engineer", nickName="Ali")
    installation.granted("Sales", user)
    passes(installation, 2)
    change(user, title=None, nickName=None, emails=[{"value": "new@example.com", "type": "work"}])
    passes(installation, 2)
    account = only_once(target)["alice"]
    assert not account.get("title")
    assert not account.get("nickName")
    assert {name: account[name] for name in foreign} == foreign
    assert {email["type"]: email["value"] for email in account["emails"]} == {
        "home": "alice@home.example", "work": "new@example.com",
    }  # fmt: skip


def test_r05_one_patch_carries_all_that_changed(installation: Installation, target: LabServer) -> None:
    """Several changes of one user between two passes are one request, and only these."""
    target.set_options(keep_requests=True)
    user = installation.user("alice", title="Engineer", nickName="Ali")
    installation.granted("Sales", user)
    installation.run()
    seen = received(target)
    change(user, title="Director")
    change(user, nickName="A")
    change(user, displayName="Alice A")
    installation.run()
    # the first change of an application is read before and after, to prove that it is done
    (entry,) = [one for one in target.requests(after=seen, whole=True) if one["method"] != "GET"]
    operations = orjson.loads(entry["body"])["Operations"]
    assert entry["method"] == "PATCH"
    assert {operation["path"] for operation in operations} == {"title", "nickName", "displayName"}


def test_r03_a_change_that_was_taken_back_sends_nothing(
    installation: Installation, target: LabServer
) -> None:
    """The latest state counts, not the way to it."""
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user)
    installation.run()
    seen = received(target)
    change(user, title="Director")
    change(user, title="Engineer")
    installation.run()
    assert received(target) == seen


def test_r05_a_write_without_an_outcome_is_never_taken_for_done(
    installation: Installation, target: LabServer
) -> None:
    """The reply to a change was lost after the commit, then the change was taken back: it is, there too."""
    user = installation.user("alice", title="Engineer")
    installation.granted("Sales", user)
    installation.run()
    target.set_options(faults=[fault("reset", "PATCH", "/Users", handled=True)])
    change(user, title="Director")
    installation.run()
    assert target.state().users["alice"]["title"] == "Director"
    change(user, title="Engineer")
    passes(installation, 2)
    assert target.state().users["alice"]["title"] == "Engineer"
    assert installation.link(user).state == Link.State.IN_SYNC


def test_r05_an_address_whose_addition_had_no_outcome_is_there_once(
    installation: Installation, target: LabServer
) -> None:
    """An account without an address is adopted, and the reply to the addition is lost."""
    existing(target, userName="alice", displayName="Al")
    user = installation.user("alice")
    installation.granted("Sales", user)
    target.set_options(faults=[fault("reset", "PATCH", "/Users", handled=True)])
    passes(installation, 3)
    assert [email["value"] for email in only_once(target)["alice"]["emails"]] == ["alice@example.com"]
    assert installation.link(user).state == Link.State.IN_SYNC


def test_r01_doubt_about_a_group_outlives_a_change_of_its_members(
    installation: Installation, target: LabServer
) -> None:
    """A rename without an outcome is taken back while a member leaves: the name is right in the end."""
    people = installation.users("alice", "bob")
    group = installation.granted("Sales", *people)
    installation.run()
    target.set_options(faults=[fault("reset", "PATCH", "/Groups", handled=True)])
    update_group(group.id, display_name="Marketing", actor=SYSTEM)
    installation.run()
    assert set(target.state().groups) == {"Marketing"}
    update_group(group.id, display_name="Sales", actor=SYSTEM)
    remove_members(group.id, [people[0].id], actor=SYSTEM)
    passes(installation, 3)
    assert set(target.state().groups) == {"Sales"}
    assert members(target, "Sales") == {"bob"}


def test_r14_a_rename_is_an_update(installation: Installation, target: LabServer) -> None:
    """The remote id is the identity: user and group keep theirs, and nobody is made anew."""
    user = installation.user("alice")
    group = installation.granted("Sales", user)
    installation.run()
    before = target.state()
    change(user, userName="alice.new")
    update_group(group.id, display_name="Sales EMEA", actor=SYSTEM)
    installation.run()
    after = target.state()
    assert after.users["alice.new"]["id"] == before.users["alice"]["id"]
    assert after.groups["Sales EMEA"]["id"] == before.groups["Sales"]["id"]
    assert (len(after.users), len(after.groups)) == (1, 1)
    assert members(target, "Sales EMEA") == {"alice.new"}


def test_a_rename_to_a_name_that_is_taken_is_a_conflict(
    installation: Installation, target: LabServer
) -> None:
    """The application refuses with 409: a person must look, and nothing else of the application suffers."""
    existing(target, userName="boss")
    user, other = installation.user("alice"), installation.user("bob")
    installation.granted("Sales", user, other)
    installation.run()
    change(user, userName="boss")
    change(other, displayName="Bob B")
    passes(installation, 2)
    assert installation.link(user).state == Link.State.CONFLICT
    assert installation.link(user).reason
    assert installation.link(other).state == Link.State.IN_SYNC


def test_r15_a_missing_patch_is_learnt(installation: Installation, target: LabServer) -> None:
    """501 says that there is no PATCH, whatever the documents say; the next update uses PUT at once."""
    target.set_options(patch=False, discovery="absent")
    user = installation.user("alice")
    installation.granted("Sales", user, push_group=False)
    installation.run()
    change(user, displayName="Al")
    passes(installation, 2)
    assert only_once(target)["alice"]["displayName"] == "Al"
    assert len(log(target, "PATCH")) == 1
    change(user, displayName="Ally")
    passes(installation, 2)
    assert only_once(target)["alice"]["displayName"] == "Ally"
    assert len(log(target, "PATCH")) == 1


def test_r15_a_missing_patch_is_learnt_from_members_too(
    installation: Installation, target: LabServer
) -> None:
    """The first PATCH that is refused may be one of members: they arrive by PUT."""
    target.set_options(patch=False, discovery="absent")
    people = installation.users("alice", "bob")
    group = installation.granted("Sales", people[0])
    passes(installation, 2)
    assert members(target, "Sales") == {"alice"}
    add_members(group.id, [people[1].id], actor=SYSTEM)
    passes(installation, 2)
    assert members(target, "Sales") == {"alice", "bob"}
    assert len(log(target, "PATCH")) == 1
    assert installation.states() == {"in_sync": 3}


def test_a_version_that_somebody_else_has_raised_is_read_again(
    installation: Installation, target: LabServer
) -> None:
    """412 with If-Match: the account is read back, and the update arrives."""
    target.set_options(etag=True)
    user = installation.user("alice")
    installation.granted("Sales", user)
    installation.run()
    account = target.state().users["alice"]
    address = f"{target.base_url}/Users/{account['id']}"
    put(address, {**account, "nickName": "theirs"}, target.token)
    change(user, title="Director")
    passes(installation, 4)
    held = only_once(target)["alice"]
    assert (held["title"], held["nickName"]) == ("Director", "theirs")
    assert installation.link(user).state == Link.State.IN_SYNC


def test_with_update_off_attributes_are_frozen_and_life_goes_on(
    installation: Installation, target: LabServer
) -> None:
    """No attribute is sent, leaving and coming back are; switched on again, what was missed follows."""
    configure(installation, features={"users": {"update": False}, "groups": {"update": False}})
    user = installation.user("alice", title="Engineer")
    group = installation.granted("Sales", user)
    installation.run()
    seen = received(target)
    change(user, title="Director")
    update_group(group.id, display_name="Marketing", actor=SYSTEM)
    passes(installation, 2)
    assert writes(target, after=seen) == []
    remove_members(group.id, [user.id], actor=SYSTEM)
    passes(installation, 2)
    assert only_once(target)["alice"]["active"] is False
    add_members(group.id, [user.id], actor=SYSTEM)
    passes(installation, 2)
    assert only_once(target)["alice"]["active"] is True
    assert only_once(target)["alice"]["title"] == "Engineer"
    configure(installation, features={"users": {"update": True}, "groups": {"update": True}})
    passes(installation, 2)
    assert only_once(target)["alice"]["title"] == "Director"
    assert set(target.state().groups) == {"Marketing"}


def put(address: str, resource: dict[str, Any], token: str) -> None:
    """Change a resource as somebody else would."""
    import urllib.request

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
    request = urllib.request.Request(address, orjson.dumps(resource), headers, method="PUT")
    urllib.request.urlopen(request).close()
