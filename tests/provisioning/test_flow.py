"""The seed's flow against the lab target: create, update, members, leave, return."""

from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import delete_user
from tests.provisioning.installation import Installation
from tests.servers import LabServer


def test_users_of_a_policy_and_their_group_are_created(installation: Installation, target: LabServer) -> None:
    """A policy brings its group's users and the group itself to the application."""
    people = installation.users("alice", "bob", "carla")
    installation.granted("Sales", *people)
    installation.run()
    held = target.contents()
    assert set(held.users) == {"alice", "bob", "carla"}
    assert {m["value"] for m in held.groups["Sales"]["members"]} == {u["id"] for u in held.users.values()}
    assert installation.states() == {"in_sync": 4}


def test_r03_a_second_pass_sends_nothing(installation: Installation) -> None:
    """When nothing changed, nothing is sent: no write and no read."""
    installation.granted("Sales", installation.user("alice"))
    installation.run()
    before = installation.requests()
    installation.run(2)
    assert installation.requests() == before


def test_leaving_the_group_deactivates_and_coming_back_reactivates(
    installation: Installation, target: LabServer
) -> None:
    """Removal from the policy's group sets the account inactive; the same account comes back."""
    alice, bob = installation.user("alice"), installation.user("bob")
    group = installation.granted("Sales", alice, bob)
    installation.run()
    before = target.contents().users["alice"]["id"]
    remove_members(group.id, [alice.id], actor=SYSTEM)
    installation.run()
    held = target.contents()
    assert held.users["alice"]["active"] is False
    assert [m["value"] for m in held.groups["Sales"]["members"]] == [held.users["bob"]["id"]]
    assert installation.states() == {"in_sync": 2, "released": 1}
    add_members(group.id, [alice.id], actor=SYSTEM)
    installation.run()
    held = target.contents()
    assert held.users["alice"]["active"] is True
    assert held.users["alice"]["id"] == before


def test_deleting_the_user_deletes_the_account(installation: Installation, target: LabServer) -> None:
    """A user deleted in the directory is deleted in the application."""
    alice, bob = installation.user("alice"), installation.user("bob")
    installation.granted("Sales", alice, bob)
    installation.run()
    delete_user(alice.id, actor=SYSTEM)
    installation.run()
    assert set(target.contents().users) == {"bob"}
    assert installation.states() == {"in_sync": 2}
