"""What was in doubt stays in doubt until it is settled: replies that are lost, pages of HTML, and what comes between."""

import json
import urllib.request
from typing import Any

import pytest

from provisor.applications.applications import resume, update_application
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import User
from provisor.directory.users import replace_user, set_active
from tests.provisioning.installation import ACTOR, Installation
from tests.servers import LabServer, Server, lab
from tests.servers.reader import post

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#: Milliseconds past any first back-off.
LATER = 60_000
LOST = {"kind": "reset", "handled": True}


@pytest.fixture
def target() -> Any:
    with lab({"duplicates": "allowed", "group_names_unique": False}) as server:
        yield server


@pytest.fixture
def installation(transactional_db: None, target: LabServer) -> Installation:
    return Installation(target.base_url, target.token, {"brake": {"count": 1000, "percent": 100}})


def change(user: User, **attributes: Any) -> None:
    """Give a user other attributes; None removes one."""
    document = {**User.objects.get(pk=user.pk).resource, **attributes}
    replace_user(user.pk, {name: value for name, value in document.items() if value is not None}, actor=ACTOR)


def members(target: LabServer, group: str) -> set[str]:
    """User names in a group of the target."""
    held = target.contents()
    names = {account["id"]: name for name, account in held.users.items()}
    return {names[member["value"]] for member in held.groups[group].get("members") or []}


def patch(target: Server, path: str, **values: Any) -> None:
    """A change in the application that is not ours."""
    operations = [{"op": "replace", "path": name, "value": value} for name, value in values.items()]
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/scim+json"}
    request = urllib.request.Request(
        target.base_url + path, json.dumps(body).encode(), headers, method="PATCH"
    )
    urllib.request.urlopen(request).close()


def test_r05_an_update_arrives_although_somebody_else_changed_the_account_there(
    installation: Installation, target: LabServer
) -> None:
    """An ETag that has become old is read anew; it is not sent again and again."""
    user = installation.user("alice", title="Engineer")
    installation.policy(installation.group("Sales", user))
    installation.run()
    patch(target, f"/Users/{target.contents().users['alice']['id']}", nickName="Ali")
    change(user, title="Chief")
    installation.run(3, later=LATER)
    assert target.contents().users["alice"]["title"] == "Chief"


def test_r01_a_lost_reply_and_another_change_arrive_both(
    installation: Installation, target: LabServer
) -> None:
    """After an update whose reply was lost, the next one does not fail for the version that was reached unseen."""
    user = installation.user("alice", title="Engineer")
    installation.policy(installation.group("Sales", user))
    installation.run()
    target.set_options(faults=[{**LOST, "method": "PATCH"}])
    change(user, title="Chief")
    installation.run()
    change(user, displayName="Alice the Chief")
    installation.run(3, later=LATER)
    held = target.contents().users["alice"]
    assert (held["title"], held["displayName"]) == ("Chief", "Alice the Chief")


PUT_FORGETS = "A PUT of a group without an outcome puts no member in doubt."


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        pytest.param({}, {**LOST, "method": "PATCH"}, id="PATCH without a reply"),
        pytest.param({}, {"kind": "html", "handled": True, "method": "PATCH"}, id="PATCH answered by HTML"),
        pytest.param({"patch": False}, {**LOST, "method": "PUT"}, id="PUT without a reply"),
        pytest.param(
            {"patch": False},
            {"kind": "status", "status": 503, "handled": True, "method": "PUT"},
            id="PUT that failed afterwards",
        ),
    ],
)
def test_r01_r06_a_member_in_doubt_who_leaves_is_taken_out(
    installation: Installation, target: LabServer, options: dict[str, Any], fault: dict[str, Any]
) -> None:
    """Who was added without a readable answer, and is not wanted any more, does not stay in the group."""
    target.set_options(**options)
    people = [installation.user(name) for name in ("alice", "bob", "carla")]
    installation.policy(installation.group("Staff", *people))
    team = installation.group("Team", people[0])
    installation.policy(team)
    installation.run(2)
    target.set_options(faults=[{**fault, "path": "^/Groups"}])
    add_members(team.id, [people[1].id], actor=ACTOR)
    installation.run()
    remove_members(team.id, [people[1].id], actor=ACTOR)
    target.set_options(faults=[])
    installation.run(3, later=LATER)
    assert members(target, "Team") == {"alice"}


def test_r06_a_user_who_is_enabled_later_joins_the_group(
    installation: Installation, target: LabServer
) -> None:
    """A member who had no account, because disabled, is added to the group as soon as there is one."""
    alice, bob = installation.user("alice"), installation.user("bob")
    set_active(bob.id, active=False, actor=ACTOR)
    installation.policy(installation.group("Sales", alice, bob))
    installation.run()
    set_active(bob.id, active=True, actor=ACTOR)
    installation.run(2)
    assert members(target, "Sales") == {"alice", "bob"}


def test_r01_r02_a_create_in_doubt_is_not_forgotten_while_the_mapping_fails(
    installation: Installation, target: LabServer
) -> None:
    """A user whose creation has no outcome, and who cannot be rendered for a while, is not left inside on leaving."""
    rules = [rule for rule in installation.application.mappings["users"] if rule["target"] != "nickName"]
    rules.append({"target": "nickName", "kind": "expression", "source": "user.title + '!'"})
    update_application(installation.application.id, {"mappings": {"users": rules}}, actor=ACTOR)
    alice, bob = installation.user("alice", title="Chief"), installation.user("bob", title="Engineer")
    group = installation.group("Sales", alice, bob)
    target.set_options(faults=[{**LOST, "method": "POST", "path": "^/Users", "count": 2}])
    installation.policy(group)
    installation.run()
    target.set_options(faults=[])
    change(alice, title=None)
    installation.run(1, later=LATER)
    remove_members(group.id, [alice.id], actor=ACTOR)
    installation.run(2, later=LATER)
    held = target.contents().users
    assert "alice" not in held or held["alice"]["active"] is False
    assert held["bob"]["active"] is True


def test_r14_reports_follow_a_manager_whose_account_was_made_anew(
    installation: Installation, target: LabServer
) -> None:
    """When an account has vanished and is there again under another id, whoever refers to it is sent the new id."""
    boss = installation.user("boss")
    report = installation.user("report", **{ENTERPRISE: {"manager": {"value": str(boss.id)}}})
    installation.policy(installation.group("Sales", boss, report))
    installation.run(2)
    address = f"{target.base_url}/Users/{target.contents().users['boss']['id']}"
    headers = {"Authorization": f"Bearer {target.token}"}
    urllib.request.urlopen(urllib.request.Request(address, headers=headers, method="DELETE")).close()
    change(boss, title="Chief")
    installation.run(3, later=LATER)
    held = target.contents().users
    assert held["report"][ENTERPRISE]["manager"]["value"] == held["boss"]["id"]
    assert members(target, "Sales") == {"boss", "report"}


def test_r09_a_group_of_another_tenant_with_the_same_id_is_left_alone(
    installation: Installation, target: LabServer
) -> None:
    """After the address changed, members are sent only to a group that was read and is the same (engine.md, 9)."""
    people = [installation.user(name) for name in ("alice", "bob")]
    group = installation.group("Sales", *people)
    installation.policy(group)
    installation.run(2)
    identifier = target.contents().groups["Sales"]["id"]
    with lab() as other:
        for name in ("alice", "bob"):
            schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
            post(f"{other.base_url}/Users", {"schemas": schemas, "userName": name}, other.token)
        values = [{"value": account["id"]} for account in other.contents().users.values()]
        body = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Sales",
            "members": values,
        }
        post(f"{other.base_url}/Groups", body, other.token)
        patch(other, f"/Groups/{identifier}", displayName="Payroll")
        changes = {"base_url": other.base_url, "auth": {"method": "bearer", "token": other.token}}
        update_application(installation.application.id, changes, actor=ACTOR)
        resume(installation.application.id, actor=ACTOR)
        remove_members(group.id, [people[1].id], actor=ACTOR)
        installation.run(2, later=LATER)
        payroll = other.contents().groups["Payroll"]
        assert payroll["id"] == identifier
        assert payroll["members"] == values
