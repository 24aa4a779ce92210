"""/applications/{id}/scan, /findings and /reassert: asked for, listed, decided."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from provisor.access.models import Role
from provisor.api.management import shapes_drift
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.directory.users import create_user
from provisor.provisioning.models import Finding, Link, Scan
from tests.api.conftest import Caller
from tests.api.test_management_applications import NEW, is_problem


@pytest.fixture
def one(api: Caller) -> str:
    """The address of an application."""
    return f"/applications/{api('POST', '/applications', NEW).body['id']}"


def found(one: str, remote_id: str, what: str = "unknown", **fields: Any) -> Finding:
    row = {"kind": "user", "name": remote_id, "found_at": 1_700_000_000_000, "seen_at": 1_700_000_000_000}
    application = UUID(one.rpartition("/")[2])
    return Finding.objects.create(
        application_id=application, what=what, remote_id=remote_id, digest=f"d-{remote_id}", **row | fields
    )


def test_drift_settings_are_one_part_of_an_application(api: Caller, one: str) -> None:
    """Nothing is scanned by itself at first; a change of the settings makes no link due; nonsense is refused."""
    assert api("GET", one).body["drift"] == {
        "every": None,
        "on_difference": "report",
        "on_match": "report",
    }
    changed = api("PATCH", one, {"drift": {"every": 24, "on_difference": "correct"}})
    assert changed.body["drift"] == {"every": 24, "on_difference": "correct", "on_match": "report"}
    assert is_problem(api("PATCH", one, {"drift": {"every": 0}}), 422, "invalid", "/drift/every")
    assert is_problem(api("PATCH", one, {"drift": {"on_match": "all"}}), 422, "invalid", "/drift/on_match")


def test_a_scan_is_asked_for_once_and_can_be_stopped(api: Caller, one: str) -> None:
    """202 with the scan; while it is open another request is the same scan; 404 before the first one."""
    assert is_problem(api("GET", f"{one}/scan"), 404, "not-found")
    asked = api("POST", f"{one}/scan")
    assert asked.status == 202
    shapes_drift.Scan.model_validate(asked.body)
    assert api("POST", f"{one}/scan").body["id"] == asked.body["id"]
    assert api("GET", f"{one}/scan").body["state"] == "requested"
    assert api("DELETE", f"{one}/scan").status == 204
    assert api("GET", f"{one}/scan").body["state"] == "stopped"
    assert api("POST", f"{one}/scan").body["id"] != asked.body["id"]
    assert Scan.objects.count() == 2


def test_a_paused_application_is_not_scanned(api: Caller, one: str) -> None:
    api("POST", f"{one}/pause")
    assert is_problem(api("POST", f"{one}/scan"), 409, "not-now")


def test_findings_are_listed_filtered_and_paged(api: Caller, one: str) -> None:
    for number in range(3):
        found(one, f"r{number}", match="sure")
    found(one, "r9", "changed", detail={"changes": []})
    found(one, "r8", state="ignored")
    page = api("GET", f"{one}/findings?limit=2").body
    shapes_drift.FindingPage.model_validate(page)
    assert [each["name"] for each in page["items"]] == ["r0", "r1"]
    after = api("GET", f"{one}/findings?limit=2&cursor={page['next']}").body
    assert [each["name"] for each in after["items"]] == ["r2", "r9"]
    assert after["next"] is None
    assert len(api("GET", f"{one}/findings?what=changed").body["items"]) == 1
    assert len(api("GET", f"{one}/findings?match=sure").body["items"]) == 3
    assert [each["name"] for each in api("GET", f"{one}/findings?state=ignored").body["items"]] == ["r8"]
    assert is_problem(api("GET", f"{one}/findings?what=nice"), 422, "invalid")


def test_findings_are_decided_for_what_was_shown(api: Caller, one: str) -> None:
    """Another digest is refused, and so is a second decision."""
    first = f"{one}/findings/{found(one, 'r1').pk}"
    assert is_problem(api("POST", f"{first}/ignore", {"digest": "another"}), 409, "not-now")
    assert api("POST", f"{first}/ignore", {"digest": "d-r1"}).body["state"] == "ignored"
    assert is_problem(api("POST", f"{first}/correct"), 409, "not-now")
    assert api("POST", f"{first}/remove", {"verb": "delete"}).body["state"] == "removing"
    assert is_problem(api("POST", f"{first}/remove"), 409, "not-now")
    assert is_problem(api("POST", f"{one}/findings/999999/ignore"), 404, "not-found")


def test_an_account_is_adopted_for_whom_the_caller_names(api: Caller, one: str) -> None:
    row = found(one, "r1")
    user = create_user({"userName": "alice"}, actor=SYSTEM)
    assert is_problem(api("POST", f"{one}/findings/{row.pk}/adopt"), 409, "not-now")
    adopted = api("POST", f"{one}/findings/{row.pk}/adopt", {"local_id": str(user.id)})
    assert adopted.body["state"] == "adopted"
    link = Link.objects.get(local_id=user.id)
    assert (link.remote_id, link.origin, link.state) == ("r1", "adopted", "released")


def test_all_that_are_surely_somebodys_are_adopted_in_one_go(api: Caller, one: str) -> None:
    """Only who is in scope and free; the others stay listed."""
    application = Application.objects.get()
    for number in range(3):
        user = create_user({"userName": f"user{number}"}, actor=SYSTEM)
        Link.objects.create(application=application, kind="user", local_id=user.id)
        found(one, f"r{number}", match="sure", local_id=user.id, detail={"in_scope": number > 0})
    assert api("POST", f"{one}/findings/adopt").body == {"done": 2, "refused": []}
    assert Finding.objects.get(state="open").name == "r0"


def test_reassert_says_how_many(api: Caller, one: str) -> None:
    application = Application.objects.get()
    user = create_user({"userName": "alice"}, actor=SYSTEM)
    Link.objects.create(
        application=application,
        kind="user",
        local_id=user.id,
        remote_id="r",
        origin="created",
        state="in_sync",
    )
    answer = api("POST", f"{one}/reassert")
    assert (answer.status, answer.body) == (202, {"links": 1})
    assert Link.objects.get().state == "due"


def test_who_may_only_read_decides_nothing(token_of: Callable[[str], str], api: Caller, one: str) -> None:
    row = found(one, "r1")
    reader = Caller(token_of(Role.AUDITOR), "/api/v1")
    assert reader("GET", f"{one}/findings").status == 200
    for act in ("adopt", "ignore", "correct", "remove"):
        assert reader("POST", f"{one}/findings/{row.pk}/{act}").status == 403
    assert reader("POST", f"{one}/scan").status == 403
