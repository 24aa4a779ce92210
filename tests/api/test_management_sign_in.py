"""Single sign-on of an application through the management interface."""

from typing import Any

import pytest

from tests.api.conftest import Caller

REDIRECT = "https://wiki.example/callback"


@pytest.fixture
def application_id(api: Caller) -> str:
    made = api("POST", "/applications", {"name": "Wiki", "base_url": "https://wiki.example/scim"})
    found: str = made.body["id"]
    return found


def test_it_is_switched_on_read_changed_and_ended(api: Caller, application_id: str):
    """The secret is in the answer that makes it, and in no other."""
    here = f"/applications/{application_id}/sign-in"
    assert api("GET", here).status == 404
    made = api("PATCH", here, {"redirect_uris": [REDIRECT]})
    assert made.status == 200
    secret = made.body["client_secret"]
    assert secret.startswith("prvs_")
    read = api("GET", here)
    assert "client_secret" not in read.body
    assert [rule["claim"] for rule in read.body["claims"]][-1] == "email"
    changed = api("PATCH", here, {**read.body, "claims": [{"claim": "groups", "kind": "groups"}]})
    assert changed.body["client_secret"] is None
    assert changed.body["claims"] == [{"claim": "groups", "kind": "groups"}]
    assert api("POST", f"{here}/secret").body["client_secret"] not in {secret, None}
    assert api("DELETE", here).status == 204
    assert api("GET", here).status == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/redirect_uris"),
        ({"redirect_uris": ["http://wiki.example/"]}, "/redirect_uris/0"),
        (
            {"redirect_uris": [REDIRECT], "claims": [{"claim": "sub", "source": "userName"}]},
            "/claims/0/claim",
        ),
        ({"redirect_uris": [REDIRECT], "colour": "red"}, "/colour"),
    ],
)
def test_what_is_wrong_has_its_place(api: Caller, application_id: str, body: dict[str, Any], pointer: str):
    """And nothing is switched on."""
    answer = api("PATCH", f"/applications/{application_id}/sign-in", body)
    assert answer.status == 422
    assert [error["pointer"] for error in answer.body["errors"]] == [pointer]
    assert api("GET", f"/applications/{application_id}/sign-in").status == 404


def test_the_launch_address_is_part_of_the_application(api: Caller, application_id: str):
    """Set, read and refused like its other settings."""
    here = f"/applications/{application_id}"
    assert api("GET", here).body["launch_url"] == ""
    assert (
        api("PATCH", here, {"launch_url": "https://wiki.example/"}).body["launch_url"]
        == "https://wiki.example/"
    )
    assert api("PATCH", here, {"launch_url": "javascript:alert(1)"}).status == 422
