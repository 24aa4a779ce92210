"""/applications and /policies: what is given, what is shown, and what is refused."""

from typing import Any

import pytest

from provisor.api.management import shapes
from provisor.applications.credentials import open_credential
from provisor.applications.models import Application
from provisor.applications.schemas import record_schema
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.groups import create_group
from provisor.scim.announced_schema import read_announced_schema
from provisor.scim.schemas import USER_SCHEMA
from tests.api.conftest import Caller

BASE = "https://scim.example.com/v2"
NEW = {"name": "Example", "base_url": BASE, "auth": {"method": "bearer", "token": "s3cret-token"}}


def is_problem(answer: Any, status: int, slug: str, pointer: str | None = None) -> bool:
    body = answer.body
    pointers = [each.get("pointer") for each in body.get("errors", [])]
    return (
        answer.status == body["status"] == status
        and answer.headers["Content-Type"] == "application/problem+json"
        and body["type"] == f"urn:provisor:problem:{slug}"
        and bool(body["title"])
        and bool(body["detail"])
        and (pointer is None or pointer in pointers)
    )


@pytest.fixture
def application(api: Caller) -> dict[str, Any]:
    """One application, as the answer to its creation shows it."""
    answer = api("POST", "/applications", NEW)
    assert answer.status == 201, answer.content
    found: dict[str, Any] = answer.body
    return found


def test_an_application_is_created_with_the_defaults_of_its_profile(api: Caller) -> None:
    """201 with Location and ETag; everything left out comes from the profile, and mode is enforce."""
    answer = api("POST", "/applications", NEW)
    body = answer.body
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/applications/{body['id']}"
    assert answer.headers["ETag"] == 'W/"1"'
    assert (body["mode"], body["features"]["users"]["create"], body["features"]["roles"]) == (
        "enforce",
        True,
        False,
    )
    assert body["deprovision"] == {"unassigned": "deactivate", "disabled": "deactivate", "deleted": "delete"}
    assert body["status"]["state"] == "well"
    assert body["created_at"].endswith("Z")
    shapes.Application.model_validate(body)
    assert api("GET", f"/applications/{body['id']}").body["name"] == "Example"


def test_r17_a_secret_is_never_given_out(api: Caller) -> None:
    """The token is in no answer, list or record; what is no secret is shown."""
    body = {**NEW, "auth": {"method": "basic", "username": "robot", "password": "s3cret-token"}}
    answer = api("POST", "/applications", body)
    assert answer.body["auth"] == {"method": "basic", "username": "robot", "set": True}
    for path in ("/applications", f"/applications/{answer.body['id']}", "/audit", "/journal"):
        assert b"s3cret" not in api("GET", path).content
    stored = open_credential(answer.body["id"])
    assert stored is not None
    assert stored.values["password"] == "s3cret-token"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"base_url": "http://10.0.0.1/"}, "/base_url"),
        ({"base_url": 5}, "/base_url"),
        ({"features": {"users": {"fly": True}}}, "/features/users/fly"),
        ({"deprovision": {"deleted": "burn"}}, "/deprovision/deleted"),
        ({"mappings": {"users": []}}, None),
        ({"nonsense": 1}, "/nonsense"),
        ({"actor": "me"}, "/actor"),
        ({"paused": True}, "/paused"),
        ({"profile": "generick"}, "/profile"),
        ({"auth": {"method": "magic"}}, "/auth/method"),
        ({"auth": {"method": "bearer", "token": "two words"}}, "/auth"),
        ({"mode": []}, "/mode"),
    ],
)
def test_a_bad_value_is_named_at_its_place(api: Caller, change: dict[str, Any], pointer: str | None) -> None:
    """422 with a JSON Pointer, a reason and no half of an application."""
    answer = api("POST", "/applications", NEW | change)
    assert is_problem(answer, 422, "invalid", pointer), answer.content
    assert all(each["reason"] for each in answer.body["errors"])
    assert not Application.objects.exists()


def test_all_that_is_wrong_is_told_at_once(api: Caller) -> None:
    """One answer has every problem."""
    answer = api("POST", "/applications", {**NEW, "base_url": "x", "mode": "y", "typo": 1})
    assert {each["pointer"] for each in answer.body["errors"]} >= {"/base_url", "/mode", "/typo"}


def test_a_taken_name_is_a_conflict(api: Caller, application: dict[str, Any]) -> None:
    """409 duplicate, at /name."""
    assert is_problem(api("POST", "/applications", NEW | {"name": "EXAMPLE"}), 409, "duplicate", "/name")


def test_a_change_is_merged(api: Caller, application: dict[str, Any]) -> None:
    """PATCH changes what it names, counts the version up, and writes the audit entry in the caller's name."""
    answer = api("PATCH", f"/applications/{application['id']}", {"features": {"users": {"delete": False}}})
    assert answer.status == 200
    assert answer.body["features"]["users"] == {"create": True, "update": True, "delete": False}
    assert answer.headers["ETag"] == 'W/"2"'
    entry = AuditEntry.objects.get(act="application.updated")
    assert (entry.actor_kind, entry.subject_id) == ("token", application["id"])


def test_what_was_read_can_be_sent_back(api: Caller, application: dict[str, Any]) -> None:
    """The whole document as it was read changes nothing, and does not touch the secret."""
    answer = api("PATCH", f"/applications/{application['id']}", application)
    assert answer.status == 200, answer.content
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.body["auth"] == application["auth"] == {"method": "bearer", "set": True}
    assert is_problem(
        api("PATCH", f"/applications/{application['id']}", application | {"paused": True}),
        422,
        "invalid",
        "/paused",
    )


def test_another_base_url_clears_the_secret_and_pauses(api: Caller, application: dict[str, Any]) -> None:
    """R17: the secret of one place is not sent to another."""
    body = api("PATCH", f"/applications/{application['id']}", {"base_url": "https://other.example.com"}).body
    assert body["auth"]["set"] is False
    assert (body["paused"], body["unverified"], body["status"]["state"]) == (True, True, "paused")


def test_if_match_guards_applications(api: Caller, application: dict[str, Any]) -> None:
    """412 for a version that is not the present one, on every changing method."""
    path = f"/applications/{application['id']}"
    for method, tail, body in (("PATCH", "", {"name": "X"}), ("DELETE", "", None), ("POST", "/pause", {})):
        assert is_problem(api(method, path + tail, body, If_Match='W/"7"'), 412, "changed-meanwhile")
    assert api("PATCH", path, {"name": "X"}, If_Match='W/"1"').status == 200
    assert api("DELETE", path, None, If_Match='W/"2"').status == 204
    assert is_problem(api("GET", path), 404, "not-found")


def test_pause_and_resume(api: Caller, application: dict[str, Any]) -> None:
    """The state and its reason are shown; nothing is resumed without credentials."""
    path = f"/applications/{application['id']}"
    assert api("POST", f"{path}/pause", {"reason": "Maintenance."}).body["paused_reason"] == "Maintenance."
    assert api("POST", f"{path}/pause").body["status"]["state"] == "paused"
    assert api("POST", f"{path}/resume").body["paused"] is False
    bare = api("POST", "/applications", {"name": "Bare", "base_url": BASE}).body
    assert is_problem(api("POST", f"/applications/{bare['id']}/resume"), 409, "not-now")


def test_policies_are_managed(api: Caller, application: dict[str, Any]) -> None:
    """Created with three members, read, filtered, changed under If-Match, deleted; one per pair."""
    group = str(create_group("Sales", actor=SYSTEM).id)
    new = {"name": "P", "application": application["id"], "group": group}
    answer = api("POST", "/policies", new)
    assert answer.status == 201
    policy = answer.body
    shapes.Policy.model_validate(policy)
    assert (policy["login_method"], policy["second_factor"], policy["push_group"]) == (
        "password",
        "none",
        True,
    )
    path = f"/policies/{policy['id']}"
    assert answer.headers["Location"] == f"/api/v1{path}"
    assert api("GET", f"/policies?application={application['id']}&group={group}").body["items"] == [policy]
    assert api("GET", f"/policies?group={application['id']}").body["items"] == []
    assert is_problem(api("POST", "/policies", new), 409, "duplicate")
    assert is_problem(api("POST", "/policies", new | {"group": "nobody"}), 422, "invalid", "/group")
    assert is_problem(api("PATCH", path, {"name": "Q"}, If_Match='W/"3"'), 412, "changed-meanwhile")
    assert api("PATCH", path, policy | {"name": "Q"}, If_Match='W/"1"').body["name"] == "Q"
    assert is_problem(api("PATCH", path, {"login_method": "magic"}), 422, "invalid", "/login_method")
    assert api("DELETE", path).status == 204
    assert is_problem(api("DELETE", path), 404, "not-found")


def test_the_listed_attributes_are_given_with_advice_on_the_mapping(
    api: Caller, application: dict[str, Any]
) -> None:
    place = f"/applications/{application['id']}/attributes"
    assert api("GET", place).body == {"at": None, "origin": "", "users": None, "groups": None, "advice": []}
    schemas = [{"id": USER_SCHEMA, "attributes": [{"name": "userName", "required": True}]}]
    row = Application.objects.get(pk=application["id"])
    record_schema(row, read_announced_schema(schemas, None), origin="Test connection")
    found = api("GET", place).body
    assert found["origin"] == "Test connection"
    assert found["at"].endswith("Z")
    assert found["users"]["attributes"][0] == {
        "path": "userName",
        "type": "string",
        "multi_valued": False,
        "required": True,
        "mutability": "readWrite",
        "canonical_values": [],
    }
    assert found["groups"] is None
    assert {"mapping", "target", "sentence"} == found["advice"][0].keys()


def test_another_profile_is_foreseen_without_being_given(api: Caller, application: dict[str, Any]) -> None:
    place = f"/applications/{application['id']}/profile-change"
    found = api("GET", f"{place}?profile=slack").body
    assert found["profile"] == "slack"
    assert [each["path"] for each in found["settings"]["deprovision"]] == ["deleted"]
    assert "delete_means" in {each["name"] for each in found["facts"]}
    assert api("GET", f"/applications/{application['id']}").body["profile"] == "generic"
    assert is_problem(api("GET", f"{place}?profile=slak"), 422, "invalid", "/profile")
