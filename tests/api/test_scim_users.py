"""/Users, one at a time: create, read, replace, change, delete, with versions."""

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import User
from provisor.scim.schemas import ENTERPRISE_SCHEMA, PATCH_SCHEMA, USER_SCHEMA
from tests.api.conftest import Caller
from tests.api.test_scim_protocol import is_scim_error

BJENSEN = {
    "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
    "userName": "bjensen",
    "externalId": "bj-1",
    "name": {"givenName": "Barbara", "familyName": "Jensen"},
    "displayName": "Barbara Jensen",
    "emails": [
        {"value": "bj@example.com", "type": "work", "primary": True},
        {"value": "babs@home.example", "type": "home"},
    ],
    "active": True,
    ENTERPRISE_SCHEMA: {"employeeNumber": "701984", "department": "Tours"},
}


def patch(*operations: dict[str, object]) -> dict[str, object]:
    return {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}


@pytest.fixture
def user(scim: Caller) -> str:
    """The id of one user with everything."""
    found: str = scim("POST", "/Users", BJENSEN).body["id"]
    return found


def test_a_user_comes_back_as_it_was_sent(scim: Caller) -> None:
    """201 with Location and ETag, and the document satisfies scim2-models."""
    from scim2_models import Context, EnterpriseUser
    from scim2_models import User as Model

    answer = scim("POST", "/Users", BJENSEN)
    assert answer.status == 201
    body = answer.body
    assert {name: body[name] for name in BJENSEN} == BJENSEN
    assert answer.headers["Location"] == body["meta"]["location"]
    assert answer.headers["ETag"] == body["meta"]["version"] == 'W/"1"'
    Model[EnterpriseUser].model_validate(body, scim_ctx=Context.RESOURCE_CREATION_RESPONSE)
    assert scim("GET", f"/Users/{body['id']}").body == body


def test_what_only_the_server_says_is_passed_over(scim: Caller) -> None:
    """id, meta and groups of a POST are ignored (RFC 7644, 3.3); a password is never kept nor shown."""
    sent = {**BJENSEN, "id": "mine", "meta": {"version": "x"}, "groups": [], "password": "secret"}
    body = scim("POST", "/Users", sent).body
    assert body["id"] != "mine"
    assert body["meta"]["version"] == 'W/"1"'
    assert "password" not in body
    assert "secret" not in str(User.objects.get().resource)


def test_a_taken_name_is_a_uniqueness_error(scim: Caller, user: str) -> None:
    """409 uniqueness, whatever the case of the letters (RFC 7643, 4.1)."""
    assert is_scim_error(scim("POST", "/Users", {"userName": "BJensen"}), 409, "uniqueness")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"userName": ""},
        {"userName": 5},
        {"userName": "x", "active": "perhaps"},
        {"userName": "x", "emails": "no list"},
    ],
)
def test_a_bad_value_is_an_invalid_value(scim: Caller, given: dict[str, object]) -> None:
    """400 invalidValue with a sentence of the directory."""
    assert is_scim_error(scim("POST", "/Users", given), 400, "invalidValue")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("given", ["nobody", "01a2099d-617c-7495-9291-922262505878", "%00", "..", "x" * 300])
def test_an_unknown_id_is_not_found(scim: Caller, method: str, given: str) -> None:
    """404 for what is no id of a user, in whatever form."""
    body = {"userName": "x"} if method == "PUT" else patch({"op": "remove", "path": "title"})
    assert is_scim_error(scim(method, f"/Users/{given}", body if method in {"PUT", "PATCH"} else None), 404)


def test_an_id_in_other_letters_is_another_id(scim: Caller, user: str) -> None:
    """Ids are case-exact (RFC 7643, 3.1)."""
    assert scim("GET", f"/Users/{user.upper()}").status == 404


def test_put_clears_what_it_leaves_out(scim: Caller, user: str) -> None:
    """PUT replaces the whole user, but an omission brings nobody back to life and takes nobody's life."""
    answer = scim("PUT", f"/Users/{user}", {"schemas": [USER_SCHEMA], "userName": "bjensen", "id": "ignored"})
    assert answer.status == 200
    assert "emails" not in answer.body
    assert ENTERPRISE_SCHEMA not in answer.body
    assert answer.body["active"] is True
    assert answer.headers["ETag"] == 'W/"2"'


def test_patch_answers_with_the_changed_user(scim: Caller, user: str) -> None:
    """200 with the whole resource (RFC 7644, 3.5.2)."""
    answer = scim(
        "PATCH", f"/Users/{user}", patch({"op": "replace", "path": "name.familyName", "value": "Smith"})
    )
    assert answer.status == 200
    assert answer.body["name"] == {"givenName": "Barbara", "familyName": "Smith"}


def test_patch_does_all_or_nothing(scim: Caller, user: str) -> None:
    """One bad operation leaves the user as it was."""
    answer = scim(
        "PATCH",
        f"/Users/{user}",
        patch(
            {"op": "replace", "path": "title", "value": "Boss"}, {"op": "replace", "path": "id", "value": "x"}
        ),
    )
    assert is_scim_error(answer, 400, "mutability")
    assert "title" not in scim("GET", f"/Users/{user}").body


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "jump", "path": "title"}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "emails[type eq", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type eq "other"].value', "value": "x@y.z"}, "noTarget"),
        ({"op": "replace", "path": "userName", "value": ""}, "invalidValue"),
        ({"op": "remove", "path": "userName"}, "invalidValue"),
    ],
)
def test_a_bad_patch_has_its_scim_type(
    scim: Caller, user: str, operation: dict[str, object], scim_type: str
) -> None:
    """The scimType of RFC 7644, table 9."""
    assert is_scim_error(scim("PATCH", f"/Users/{user}", patch(operation)), 400, scim_type)


def test_delete_is_final(scim: Caller, user: str) -> None:
    """204, then 404, and the name is free again."""
    answer = scim("DELETE", f"/Users/{user}")
    assert (answer.status, answer.content) == (204, b"")
    assert scim("GET", f"/Users/{user}").status == 404
    assert scim("DELETE", f"/Users/{user}").status == 404
    assert scim("POST", "/Users", BJENSEN).status == 201


def test_if_match_guards_every_change(scim: Caller, user: str) -> None:
    """412 for another version, weak tags and lists of them are read, and * is any (RFC 7644, 3.14)."""
    change = patch({"op": "replace", "path": "title", "value": "Boss"})
    for method, body in (("PUT", {"userName": "x"}), ("PATCH", change), ("DELETE", None)):
        assert is_scim_error(scim(method, f"/Users/{user}", body, If_Match='W/"9"'), 412)
    assert scim("PATCH", f"/Users/{user}", change, If_Match='"7", W/"1"').status == 200
    assert scim("DELETE", f"/Users/{user}", None, If_Match="*").status == 204


def test_if_none_match_spares_the_body(scim: Caller, user: str) -> None:
    """304 with the tag while the version is known."""
    answer = scim("GET", f"/Users/{user}", If_None_Match='W/"1"')
    assert (answer.status, answer.content, answer.headers["ETag"]) == (304, b"", 'W/"1"')
    assert scim("GET", f"/Users/{user}", If_None_Match='W/"2"').status == 200


def test_groups_of_a_user_are_direct_and_indirect(scim: Caller, user: str) -> None:
    """The user's groups are named with their kind, and cannot be changed here (RFC 7643, 4.1.2)."""
    inner = create_group("Inner", actor=SYSTEM)
    outer = create_group("Outer", actor=SYSTEM)
    add_members(inner.id, [User.objects.get().id], actor=SYSTEM)
    nest(outer.id, inner.id, actor=SYSTEM)
    groups = {each["display"]: each for each in scim("GET", f"/Users/{user}").body["groups"]}
    assert {name: each["type"] for name, each in groups.items()} == {
        "Everyone": "direct", "Inner": "direct", "Outer": "indirect",
    }  # fmt: skip
    assert groups["Outer"]["$ref"].endswith(f"/Groups/{outer.id}")
    change = patch({"op": "add", "path": "groups", "value": [{"value": str(outer.id)}]})
    assert is_scim_error(scim("PATCH", f"/Users/{user}", change), 400, "mutability")


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("attributes=userName", {"userName"}),
        ("attributes=USERNAME,name.givenName", {"userName", "name"}),
        (f"attributes={ENTERPRISE_SCHEMA}", {ENTERPRISE_SCHEMA}),
        (f"attributes={ENTERPRISE_SCHEMA}:department", {ENTERPRISE_SCHEMA}),
        (f"attributes={USER_SCHEMA}:userName", {"userName"}),
        ("attributes=nothing", set()),
    ],
)
def test_attributes_choose_what_is_shown(scim: Caller, user: str, query: str, keys: set[str]) -> None:
    """`attributes` gives these and what is always returned (RFC 7644, 3.9)."""
    body = scim("GET", f"/Users/{user}?{query}").body
    assert set(body) == {"schemas", "id"} | keys
    if ENTERPRISE_SCHEMA in keys and query.endswith("department"):
        assert body[ENTERPRISE_SCHEMA] == {"department": "Tours"}


def test_excluded_attributes_are_left_out(scim: Caller, user: str) -> None:
    """`excludedAttributes` takes parts away, but never the id; with `attributes` it is refused."""
    names = f"id,schemas,userName,emails.type,{ENTERPRISE_SCHEMA}:department,groups"
    body = scim("GET", f"/Users/{user}?excludedAttributes={names}").body
    assert {"id", "schemas"} <= set(body)
    assert not {"userName", "groups"} & set(body)
    assert set(body["emails"][0]) == {"value", "primary"}
    assert body[ENTERPRISE_SCHEMA] == {"employeeNumber": "701984"}
    assert scim("GET", f"/Users/{user}?attributes=id&excludedAttributes=name").status == 400


def test_a_bad_projection_stops_a_write_before_it_happens(scim: Caller) -> None:
    """An error answer means that nothing was done."""
    assert scim("POST", "/Users?attributes=[", BJENSEN).status == 400
    assert scim("GET", "/Users").body["totalResults"] == 0
