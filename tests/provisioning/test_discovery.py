"""Discovery and adoption: accounts that exist already, whose they are, and what a person does with them (R9)."""

from typing import Any

import pytest

from provisor.applications.models import Policy
from provisor.applications.policies import update_policy
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.memberships import add_members
from provisor.directory.users import set_active
from provisor.provisioning.drift import finding_acts
from provisor.provisioning.drift.group_deletion import delete_group_there
from provisor.provisioning.drift.reassert import count_reassertable, reassert
from provisor.provisioning.models import AccessInterval, Finding, Link
from provisor.provisioning.operations import OperationRefused
from tests.provisioning.installation import ACTOR, Installation
from tests.provisioning.scanning import findings, scan
from tests.provisioning.vices import (
    GROUP_SCHEMA,
    configure,
    crowd,
    existing,
    good_again,  # noqa: F401 - a fixture
    log,
    only_once,
    patch,
    received,
    writes,
)
from tests.servers import LabServer
from tests.servers.reader import post


def unknown(installation: Installation) -> dict[str, tuple[str, Any]]:
    """By name: how an unknown account was matched, and whether a policy gives one."""
    return {one.name: (one.match, one.detail.get("in_scope")) for one in findings(installation, "unknown")}


def finding(installation: Installation, name: str) -> Finding:
    return next(one for one in findings(installation) if one.name == name)


def account(target: LabServer, name: str, **more: Any) -> str:
    return existing(target, userName=name, active=True, **more)


def test_r09_unknown_accounts_are_sorted_by_whose_they_are(
    installation: Installation, target: LabServer
) -> None:
    """Sure by a matching attribute, e-mail alone, several, nobody's, protected; nothing is written."""
    configure(
        installation, mode="observe", matching={"users": ["userName", "externalId"]}, exclusions=["root"]
    )
    alice, bob = installation.users("alice", "bob")
    installation.user("carol")
    installation.user("dora", emails=[{"value": "shared@example.com", "type": "work"}])
    installation.user("emil", emails=[{"value": "shared@example.com", "type": "work"}])
    installation.granted("Sales", alice)
    account(target, "ALICE")
    account(target, "carol")
    account(target, "robert", emails=[{"value": "bob@example.com"}])
    account(target, "shared", emails=[{"value": "shared@example.com"}])
    account(target, "stranger")
    account(target, "root")
    done = scan(installation)
    assert done.state == "finished"
    assert unknown(installation) == {
        "ALICE": ("sure", True),
        "carol": ("sure", False),
        "robert": ("email", False),
        "shared": ("ambiguous", None),
        "stranger": ("", None),
        "root": ("protected", None),
    }
    assert finding(installation, "robert").local_id == bob.id
    assert writes(target) == []
    assert "no policy" in finding(installation, "carol").reason


def test_two_accounts_of_one_person_are_ambiguous(installation: Installation, target: LabServer) -> None:
    """Both have the user's externalId: a person says which one."""
    configure(installation, matching={"users": ["externalId"]}, mode="observe")
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    account(target, "one", externalId=str(alice.id))
    account(target, "two", externalId=str(alice.id))
    scan(installation)
    assert unknown(installation) == {"one": ("ambiguous", True), "two": ("ambiguous", True)}
    with pytest.raises(OperationRefused, match="whose"):
        finding_acts.adopt(finding(installation, "one").pk, actor=ACTOR)
    finding_acts.adopt(finding(installation, "one").pk, actor=ACTOR, local_id=alice.id)
    assert installation.link(alice).origin == "adopted"
    with pytest.raises(OperationRefused, match="linked to another"):
        finding_acts.adopt(finding(installation, "two").pk, actor=ACTOR, local_id=alice.id)


def test_adopted_in_scope_is_brought_up_to_date(installation: Installation, target: LabServer) -> None:
    """Adopted while the application is only observed; when it is enforced, the account is ours and as it should be."""
    configure(installation, mode="observe")
    alice = installation.user("alice")
    installation.granted("Sales", alice)
    identifier = account(target, "alice", displayName="Old Name")
    scan(installation)
    before = AuditEntry.objects.count()
    finding_acts.adopt(finding(installation, "alice").pk, actor=ACTOR)
    assert AuditEntry.objects.count() == before + 1
    configure(installation, mode="enforce")
    installation.run(2)
    held = only_once(target)
    assert held["alice"]["id"] == identifier
    assert held["alice"]["displayName"] == "Alice Example"
    assert installation.link(alice).state == "in_sync"


def test_all_that_are_surely_somebodys_are_adopted_by_setting(
    installation: Installation, target: LabServer
) -> None:
    """Whoever is in scope and matched for certain; an e-mail alone adopts nobody, and neither does no policy."""
    configure(installation, drift={"on_match": "adopt"}, features={"users": {"create": False}})
    alice, bob = installation.users("alice", "bob")
    installation.user("carol")
    account(target, "carol")
    account(target, "robert", emails=[{"value": "bob@example.com"}])
    installation.granted("Sales", alice, bob, push_group=False)
    installation.run(2)
    identifier = account(target, "alice")
    scan(installation, passes=2)
    assert installation.link(alice).remote_id == identifier
    assert installation.link(alice).state == "in_sync"
    assert installation.link(bob).remote_id is None
    assert unknown(installation) == {"carol": ("sure", False), "robert": ("email", True)}


def test_adopted_without_a_policy_is_left_alone_until_one_gives_it_or_its_user_goes(
    installation: Installation, target: LabServer
) -> None:
    """No word of a person, no removal: not by the adoption, nor by a later change of the configuration."""
    carol = installation.user("carol")
    sales = installation.granted("Sales", installation.user("alice"), push_group=False)
    account(target, "carol", displayName="Old Name")
    scan(installation)
    finding_acts.adopt(finding(installation, "carol").pk, actor=ACTOR)
    before = received(target)
    installation.run(2)
    configure(installation, deprovision={"unassigned": "delete"})
    installation.run(2)
    assert writes(target, after=before) == []
    assert installation.link(carol).state == "released"
    assert AccessInterval.objects.get(user_id=carol.id).from_cause == "adopted"
    add_members(sales.id, [carol.id], actor=SYSTEM)
    installation.run(2)
    assert only_once(target)["carol"]["displayName"] == "Carol Example"
    set_active(carol.id, active=False, actor=SYSTEM)
    installation.run(2)
    assert only_once(target)["carol"]["active"] is False


def test_a_leaver_of_old_is_found_with_an_account_and_removed_by_a_person(
    installation: Installation, target: LabServer
) -> None:
    """Disabled here before Provisor came: the account there is open, and says so."""
    carol = installation.user("carol")
    set_active(carol.id, active=False, actor=SYSTEM)
    account(target, "carol")
    scan(installation)
    assert "disabled" in finding(installation, "carol").reason
    finding_acts.remove(finding(installation, "carol").pk, actor=ACTOR)
    installation.run()
    assert only_once(target)["carol"]["active"] is False
    assert [one.name for one in findings(installation, state="removed")] == ["carol"]


def test_a_stranger_is_removed_by_one_deliberate_act(installation: Installation, target: LabServer) -> None:
    """Deleted, after it was read once more; the act is in the audit record, and the request in the log."""
    identifier = account(target, "stranger")
    scan(installation)
    before = received(target)
    finding_acts.remove(finding(installation, "stranger").pk, actor=ACTOR, verb="delete")
    installation.run()
    assert "stranger" not in target.state().users
    assert [(entry["method"], entry["path"]) for entry in log(target, after=before)] == [
        ("GET", f"/Users/{identifier}"),
        ("DELETE", f"/Users/{identifier}"),
    ]
    assert AuditEntry.objects.latest("id").act == "finding.removed"


def test_r09_protected_and_changed_accounts_are_never_removed(
    installation: Installation, target: LabServer
) -> None:
    """Protected when it was found, protected since, or somebody else under the same id: nothing is sent."""
    configure(installation, exclusions=["root"])
    account(target, "root")
    identifier = account(target, "first")
    account(target, "second")
    scan(installation)
    with pytest.raises(OperationRefused, match="exclusions"):
        finding_acts.remove(finding(installation, "root").pk, actor=ACTOR)
    finding_acts.remove(finding(installation, "first").pk, actor=ACTOR)
    finding_acts.remove(finding(installation, "second").pk, actor=ACTOR)
    patch(target, f"/Users/{identifier}", {"op": "replace", "path": "userName", "value": "renamed"})
    configure(installation, exclusions=["root", "second"])
    before = received(target)
    installation.run()
    assert writes(target, after=before) == []
    assert "renamed" in finding(installation, "first").reason
    assert "exclusions" in finding(installation, "second").reason


def test_r10_more_removals_than_the_brake_allows_are_refused(
    installation: Installation, target: LabServer
) -> None:
    """Each counts for the day, those that are under way too."""
    configure(installation, brake={"count": 2, "percent": 0})
    for name in ("one", "two", "three"):
        account(target, name)
    scan(installation)
    finding_acts.remove(finding(installation, "one").pk, actor=ACTOR)
    installation.run()
    finding_acts.remove(finding(installation, "two").pk, actor=ACTOR)
    with pytest.raises(OperationRefused, match="brake"):
        finding_acts.remove(finding(installation, "three").pk, actor=ACTOR)


def test_what_a_person_ignored_is_not_listed_again_until_it_changes(
    installation: Installation, target: LabServer
) -> None:
    identifier = account(target, "stranger")
    scan(installation)
    finding_acts.ignore(finding(installation, "stranger").pk, actor=ACTOR)
    scan(installation)
    assert findings(installation) == []
    patch(target, f"/Users/{identifier}", {"op": "replace", "path": "displayName", "value": "New"})
    scan(installation)
    assert [one.name for one in findings(installation)] == ["stranger"]


def test_an_existing_group_is_linked_to_the_one_here(installation: Installation, target: LabServer) -> None:
    """A pushed group is matched by its name, adopted, and foreign members stay in it."""
    configure(installation, mode="observe")
    installation.granted("Sales", installation.user("alice"))
    stranger = account(target, "stranger")
    group = {"schemas": [GROUP_SCHEMA], "displayName": "Sales", "members": [{"value": stranger}]}
    post(f"{target.base_url}/Groups", group, target.token)
    scan(installation)
    assert unknown(installation) == {"Sales": ("sure", True), "stranger": ("", None)}
    finding_acts.adopt(finding(installation, "Sales").pk, actor=ACTOR)
    configure(installation, mode="enforce", drift={"on_difference": "correct"})
    installation.run(2)
    scan(installation, passes=2)
    (found,) = findings(installation, "members")
    assert (found.detail["missing_count"], found.detail["extra_count"]) == (0, 1)
    members = {each["value"] for each in target.state().groups["Sales"]["members"]}
    assert stranger in members
    assert len(members) == 2


def test_correcting_by_hand_mends_what_was_found(installation: Installation, target: LabServer) -> None:
    """One finding, one act; what was shown and has changed since is refused."""
    installation.granted("Sales", *installation.users("alice"))
    installation.run(2)
    identifier = target.state().users["alice"]["id"]
    patch(target, f"/Users/{identifier}", {"op": "replace", "path": "displayName", "value": "Mallory"})
    scan(installation)
    found = finding(installation, "alice")
    with pytest.raises(OperationRefused, match="changed"):
        finding_acts.correct(found.pk, actor=ACTOR, digest="another")
    finding_acts.correct(found.pk, actor=ACTOR, digest=found.digest)
    installation.run(2)
    assert target.state().users["alice"]["displayName"] == "Alice Example"


def test_desired_state_is_asserted_again_by_one_act(installation: Installation, target: LabServer) -> None:
    """Every account and group is read; what somebody changed is put back, and nothing else is written."""
    people = installation.users("alice", "bob", "carol")
    installation.granted("Sales", *people)
    installation.run(3)
    held = target.state()
    patch(
        target,
        f"/Users/{held.users['bob']['id']}",
        {"op": "replace", "path": "displayName", "value": "Mallory"},
    )
    group = held.groups["Sales"]["id"]
    patch(target, f"/Groups/{group}", {"op": "remove", "path": "members"})
    before = received(target)
    assert count_reassertable(installation.application.id) == 4
    assert reassert(installation.application.id, actor=ACTOR) == 4
    installation.run(2)
    held = target.state()
    assert held.users["bob"]["displayName"] == "Bob Example"
    assert len(held.groups["Sales"]["members"]) == 3
    assert installation.states() == {"in_sync": 4}
    assert len(writes(target, after=before)) == 2


def test_a_group_that_is_not_pushed_any_more_is_kept_or_deleted_by_a_person(
    installation: Installation, target: LabServer
) -> None:
    """While a policy pushes it the deletion is refused; afterwards it stays until a person says otherwise."""
    sales = installation.granted("Sales", *crowd(8))
    installation.run(3)
    link = installation.link(sales)
    with pytest.raises(OperationRefused, match="pushes this group"):
        delete_group_there(link.pk, actor=ACTOR)
    update_policy(Policy.objects.get().id, {"push_group": False}, actor=ACTOR)
    installation.run(2)
    assert "Sales" in target.state().groups
    delete_group_there(link.pk, actor=ACTOR)
    installation.run(2)
    assert "Sales" not in target.state().groups
    assert not Link.objects.filter(kind="group").exists()
    assert installation.states() == {"in_sync": 8}
