"""How one application is reached, over the management interface: who may open a network, and what is never shown."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from tests.certificates import make_authority

from .conftest import Caller

PRIVATE = {"name": "Wiki", "base_url": "http://10.20.1.1/v2", "networks": ["10.20.0.0/16"]}
PUBLIC = {"name": "Wiki", "base_url": "https://wiki.example.com/v2"}


@pytest.fixture
def caller(token_of: Callable[[str], str], settings: Settings) -> Callable[[str], Caller]:
    settings.PRIVATE_TARGETS = ()
    return lambda role: Caller(token_of(role), "/api/v1")


def test_r16_only_an_owner_opens_a_network(caller: Callable[[str], Caller]) -> None:
    """With a new application and later; whoever may do everything else with applications may not."""
    admin, owner = caller("application-administrator"), caller("owner")
    assert admin("POST", "/applications", PRIVATE).status == 403
    made = admin("POST", "/applications", PUBLIC)
    assert made.status == 201
    place = f"/applications/{made.body['id']}/connection"
    assert admin("PUT", f"{place}/networks", {"networks": ["10.0.0.0/8"]}).status == 403
    assert admin("GET", place).body["networks"] == []
    opened = owner("PUT", f"{place}/networks", {"networks": ["10.0.0.0/8"]})
    assert (opened.status, opened.body["networks"]) == (200, ["10.0.0.0/8"])
    assert owner("POST", "/applications", {**PRIVATE, "name": "Other"}).status == 201
    refused = owner("PUT", f"{place}/networks", {"networks": ["169.254.0.0/16"]})
    assert refused.status == 422


def test_r17_a_client_key_goes_in_and_never_comes_out(caller: Callable[[str], Caller]) -> None:
    admin = caller("application-administrator")
    authority = make_authority()
    issued = authority.issue("provisor.example.com")
    place = f"/applications/{admin('POST', '/applications', PUBLIC).body['id']}/connection"
    stored = admin(
        "PUT",
        f"{place}/client-certificate",
        {"client_certificate": issued.certificate, "client_key": issued.key},
    )
    assert stored.status == 200
    assert stored.body["client_key_stored"] is True
    assert stored.headers["ETag"]
    secret = issued.key.splitlines()[1].encode()
    for answer in (stored, admin("GET", place), admin("GET", "/journal"), admin("GET", "/applications")):
        assert secret not in answer.content
    assert (
        admin("PUT", f"{place}/authorities", {"authorities": authority.pem}).body["authorities"]
        == authority.pem
    )
    assert admin("PUT", f"{place}/authorities", {"authorities": "x"}, If_Match='W/"1"').status == 412
    cleared = admin("DELETE", f"{place}/client-certificate")
    assert (cleared.body["client_certificate"], cleared.body["client_key_stored"]) == ("", False)
