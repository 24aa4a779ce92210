"""The requests that Microsoft Entra ID and Okta are documented to send, in their order, to our interface."""

from urllib.parse import quote
from uuid import uuid4

from provisor.scim.schemas import ENTERPRISE_SCHEMA, PATCH_SCHEMA, USER_SCHEMA
from tests.api.conftest import Caller

ENTRA_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


def find(scim: Caller, path: str, text: str) -> list[str]:
    answer = scim("GET", f"{path}filter={quote(text)}")
    assert answer.status == 200, answer.content
    return [each["id"] for each in answer.body.get("Resources", [])]


def test_microsoft_entra_keeps_a_user(scim: Caller) -> None:
    """Probe, match, create, update, manager, disable with the text "False", restore, delete."""
    assert find(scim, "/Users?", f'userName eq "{uuid4()}"') == []
    created = scim(
        "POST",
        "/Users",
        {
            "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
            "externalId": "0a21f0f2",
            "userName": "Test_User@contoso.com",
            "active": True,
            "emails": [{"primary": True, "type": "work", "value": "tu@contoso.com"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "given family", "familyName": "family", "givenName": "given"},
            "roles": [],
        },
        Content_Type="application/scim+json",
    )
    assert created.status == 201
    user = created.body["id"]
    boss = scim("POST", "/Users", {"userName": "boss"}).body["id"]
    assert find(scim, "/Users?", 'externalId eq "0a21f0f2"') == [user]
    assert find(scim, "/Users?", 'emails[type eq "work"].value eq "TU@contoso.com"') == [user]

    def change(*operations: dict[str, object]) -> dict[str, object]:
        answer = scim("PATCH", f"/Users/{user}", {"schemas": [PATCH_SCHEMA], "Operations": list(operations)})
        assert answer.status == 200, answer.content
        found: dict[str, object] = answer.body
        return found

    changed = change(
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "new@contoso.com"},
        {"op": "Add", "path": "name.familyName", "value": "New"},
        {"op": "Add", "path": f"{ENTERPRISE_SCHEMA}:department", "value": "Sales"},
        {"op": "Add", "path": "manager", "value": [{"$ref": f"x/Users/{boss}", "value": boss}]},
    )
    assert changed["emails"] == [{"primary": True, "type": "work", "value": "new@contoso.com"}]
    assert changed[ENTERPRISE_SCHEMA] == {"department": "Sales", "manager": {"value": boss}}
    assert find(scim, "/Users?", f'id eq "{user}" and manager eq "{boss}"') == [user]
    assert change({"op": "Replace", "path": "active", "value": "False"})["active"] is False
    assert change({"op": "Replace", "path": "active", "value": "True"})["active"] is True
    dotted = {"displayName": "D", "name.givenName": "G", f"{ENTERPRISE_SCHEMA}:employeeNumber": "7"}
    assert change({"op": "replace", "value": dotted})["displayName"] == "D"
    assert scim("DELETE", f"/Users/{user}").status == 204


def test_microsoft_entra_keeps_a_group(scim: Caller) -> None:
    """Match without members, create, add, test a membership by filter, remove both ways, rename, delete."""
    user = scim("POST", "/Users", {"userName": "u"}).body["id"]
    assert find(scim, "/Groups?excludedAttributes=members&", 'displayName eq "G"') == []
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", ENTRA_GROUP],
        "externalId": "o-1",
        "displayName": "G",
    }
    answer = scim("POST", "/Groups", {**body, "meta": {"resourceType": "Group"}})
    assert answer.status == 201
    group = answer.body["id"]

    def change(*operations: dict[str, object]) -> None:
        answer = scim(
            "PATCH", f"/Groups/{group}", {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
        )
        assert answer.status == 204, answer.content

    membership = f'id eq "{group}" and members eq "{user}"'
    for removal in (
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": user}]},
        {"op": "remove", "path": f'members[value eq "{user}"]'},
    ):
        change({"op": "Add", "path": "members", "value": [{"$ref": None, "value": user}]})
        assert find(scim, "/Groups?", membership) == [group]
        change(removal)
        assert find(scim, "/Groups?", membership) == []
    change({"op": "Replace", "path": "displayName", "value": "New"})
    assert scim("GET", f"/Groups/{group}?excludedAttributes=members").body["displayName"] == "New"
    assert scim("DELETE", f"/Groups/{group}").status == 204


def test_okta_keeps_a_user(scim: Caller) -> None:
    """Probe, match, create with a placeholder password, read and PUT, disable and enable without a path."""
    assert scim("GET", "/Users?startIndex=1&count=2").status == 200
    assert find(scim, "/Users?startIndex=1&count=100&", 'userName eq "o@example.com"') == []
    created = scim(
        "POST",
        "/Users",
        {
            "schemas": [USER_SCHEMA],
            "userName": "o@example.com",
            "name": {"givenName": "O", "familyName": "K"},
            "emails": [{"primary": True, "value": "o@example.com", "type": "work"}],
            "displayName": "O K",
            "locale": "en-US",
            "externalId": "00u1",
            "groups": [],
            "password": "1mz050nq",
            "active": True,
        },
    )
    assert created.status == 201
    user = created.body["id"]
    body = scim("GET", f"/Users/{user}").body
    replaced = scim("PUT", f"/Users/{user}", {**body, "displayName": "New", "active": False})
    assert (replaced.status, replaced.body["displayName"], replaced.body["active"]) == (200, "New", False)
    for active in (True, False):
        change = {"schemas": [PATCH_SCHEMA], "Operations": [{"op": "replace", "value": {"active": active}}]}
        assert scim("PATCH", f"/Users/{user}", change).body["active"] is active


def test_okta_keeps_a_group(scim: Caller) -> None:
    """Create empty, rename with the id before each change of members, remove and add in one PATCH, push all."""
    one, two = (scim("POST", "/Users", {"userName": name}).body["id"] for name in ("one", "two"))
    group = scim("POST", "/Groups", {"displayName": "G", "members": []}).body["id"]

    def change(*operations: dict[str, object]) -> set[str]:
        answer = scim(
            "PATCH", f"/Groups/{group}", {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
        )
        assert answer.status == 204, answer.content
        return {each["value"] for each in scim("GET", f"/Groups/{group}").body.get("members", [])}

    assert change({"op": "replace", "value": {"id": group, "displayName": "G"}}) == set()
    added = {"op": "add", "path": "members", "value": [{"value": one, "display": "one"}]}
    assert change({"op": "remove", "path": f'members[value eq "{two}"]'}, added) == {one}
    assert change({"op": "replace", "path": "members", "value": [{"value": two, "display": "two"}]}) == {two}
    whole = {"displayName": "G", "members": [{"value": one}, {"value": two}]}
    assert scim("PUT", f"/Groups/{group}", whole).status == 200
    assert scim("DELETE", f"/Groups/{group}").status == 204
