"""The same scenarios against servers that we did not write, full and made poorer, and against the lab target."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import delete_group, update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import User
from provisor.directory.users import delete_user, replace_user, set_active
from provisor.provisioning.models import Link
from tests.provisioning.installation import Installation
from tests.servers import Server, lab, scim2_server, scimmy
from tests.servers.reader import post

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def service_provider_config(**supported: bool) -> dict[str, Any]:
    """What scim2-server announces, and obeys."""
    on = {"patch": False, "bulk": False, "filter": True, "sort": False, "etag": False, **supported}
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": on["patch"]},
        "bulk": {"supported": on["bulk"], "maxOperations": 1000, "maxPayloadSize": 1048576},
        "filter": {"supported": on["filter"], "maxResults": 5},
        "changePassword": {"supported": False},
        "sort": {"supported": on["sort"]},
        "etag": {"supported": on["etag"]},
        "authenticationSchemes": [
            {"type": "oauthbearertoken", "name": "bearer", "description": "Bearer token"}
        ],
    }


def start(name: str) -> AbstractContextManager[Server]:
    """Start a target by the name of its variety."""
    match name:
        case "scim2-server":
            return scim2_server()
        case "scim2-server without PATCH":
            return scim2_server(service_provider_config())
        case "scim2-server without PATCH and filter":
            return scim2_server(service_provider_config(filter=False))
        case "scim2-server with ETags, pages of 5":
            return scim2_server(service_provider_config(patch=True, etag=True))
        case "scimmy":
            return scimmy()
        case _:
            return lab({"page_size": 3} if "pages" in name else None)


VARIETIES = (
    "scim2-server",
    "scim2-server without PATCH",
    "scim2-server without PATCH and filter",
    "scim2-server with ETags, pages of 5",
    "scimmy",
    "lab",
)


@pytest.fixture(scope="module", params=VARIETIES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with start(request.param) as running:
        yield running


@pytest.fixture
def installed(transactional_db: None, server: Server) -> Installation:
    empty(server)
    return Installation(server.base_url, server.token, {"limits": {"concurrency": 4}})


def empty(server: Server) -> None:
    """Delete everything by plain HTTP."""
    import urllib.request

    contents = server.contents()
    for endpoint, resources in (("Users", contents.users), ("Groups", contents.groups)):
        for resource in resources.values():
            address = f"{server.base_url}/{endpoint}/{resource['id']}"
            headers = {"Authorization": f"Bearer {server.token}"}
            urllib.request.urlopen(urllib.request.Request(address, headers=headers, method="DELETE")).close()


def members(server: Server, group: str) -> set[str]:
    """User names of the members that exist."""
    held = server.contents()
    names = {user["id"]: name for name, user in held.users.items()}
    listed = [member["value"] for member in held.groups[group].get("members") or []]
    assert len(listed) == len(set(listed)), "a member is there twice"
    return {names[value] for value in listed if value in names}


def changed(user: User, **attributes: Any) -> dict[str, Any]:
    return {**user.resource, **attributes}


def test_everything_arrives_and_a_second_pass_is_silent(installed: Installation, server: Server) -> None:
    """Users with all their attributes, their group and its members arrive; then nothing is sent (R3)."""
    manager = installed.user("mona")
    people = [
        installed.user(
            f"person{number}",
            title="Engineer",
            **{ENTERPRISE: {"department": "R&D", "manager": {"value": str(manager.id)}}},
        )
        for number in range(12)
    ]
    installed.policy(installed.group("Research", manager, *people))
    installed.run(2)
    held = server.contents()
    assert set(held.users) == {"mona", *(f"person{number}" for number in range(12))}
    person = held.users["person7"]
    assert person["name"] == {**person["name"], "givenName": "Person7", "familyName": "Example"}
    assert person["active"] is True
    assert [email["value"] for email in person["emails"]] == ["person7@example.com"]
    assert person[ENTERPRISE]["department"] == "R&D"
    assert person[ENTERPRISE]["manager"]["value"] == held.users["mona"]["id"]
    assert members(server, "Research") == set(held.users)
    assert installed.states() == {"in_sync": 14}
    writes = installed.writes()
    installed.run(2)
    assert installed.writes() == writes


def test_r04_r14_a_change_updates_and_a_removed_value_is_removed(
    installed: Installation, server: Server
) -> None:
    """A rename is an update of the same account; an attribute that is gone here is gone there."""
    user = installed.user("alice", title="Engineer", nickName="Ali")
    installed.policy(installed.group("Sales", user))
    installed.run()
    before = server.contents().users["alice"]["id"]
    document = changed(user, userName="alice.new", displayName="Alice New")
    document["emails"] = [{"value": "alice.new@example.com", "type": "work", "primary": True}]
    del document["title"]
    replace_user(user.id, document, actor=SYSTEM)
    installed.run()
    held = server.contents().users
    assert set(held) == {"alice.new"}
    assert held["alice.new"]["id"] == before
    assert held["alice.new"]["displayName"] == "Alice New"
    assert not held["alice.new"].get("title")
    assert [email["value"] for email in held["alice.new"]["emails"]] == ["alice.new@example.com"]
    assert installed.states() == {"in_sync": 2}


def test_r08_leavers_by_each_cause(installed: Installation, server: Server) -> None:
    """Unassigned and disabled users are deactivated, deleted users are deleted, and who returns is reactivated."""
    users = {name: installed.user(name) for name in ("stays", "unassigned", "disabled", "deleted")}
    group = installed.group("Sales", *users.values())
    installed.policy(group)
    installed.run()
    remove_members(group.id, [users["unassigned"].id], actor=SYSTEM)
    set_active(users["disabled"].id, False, actor=SYSTEM)
    delete_user(users["deleted"].id, actor=SYSTEM)
    installed.run()
    held = server.contents().users
    assert {name: user["active"] for name, user in held.items()} == {
        "stays": True, "unassigned": False, "disabled": False,
    }  # fmt: skip
    assert members(server, "Sales") == {"stays", "disabled"}
    add_members(group.id, [users["unassigned"].id], actor=SYSTEM)
    set_active(users["disabled"].id, True, actor=SYSTEM)
    installed.run()
    assert all(user["active"] is True for user in server.contents().users.values())
    assert members(server, "Sales") == {"stays", "unassigned", "disabled"}


def test_r02_r09_an_account_that_exists_is_adopted(installed: Installation, server: Server) -> None:
    """An account with the same user name is linked and brought up to date, and what nobody mapped stays (R5)."""
    existing = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "alice", "displayName": "Old Name", "profileUrl": "https://example.com/alice", "active": True,
    }  # fmt: skip
    post(f"{server.base_url}/Users", existing, server.token)
    user = installed.user("alice")
    installed.policy(installed.group("Sales", user))
    installed.run()
    held = server.contents().users
    assert set(held) == {"alice"}
    assert held["alice"]["displayName"] == "Alice Example"
    assert held["alice"]["profileUrl"] == "https://example.com/alice"
    assert installed.link(user).origin == Link.Origin.ADOPTED


def test_groups_are_renamed_and_deleted_only_when_deleted_here(
    installed: Installation, server: Server
) -> None:
    """A group keeps its identity when it is renamed, and goes when it is deleted in the directory."""
    user = installed.user("alice")
    group = installed.group("Sales", user)
    installed.policy(group)
    installed.run()
    before = server.contents().groups["Sales"]["id"]
    update_group(group.id, display_name="Sales EMEA", actor=SYSTEM)
    installed.run()
    assert server.contents().groups["Sales EMEA"]["id"] == before
    delete_group(group.id, actor=SYSTEM)
    installed.run()
    held = server.contents()
    assert held.groups == {}
    assert held.users["alice"]["active"] is False
