"""The starters: each server runs as a process of its own, is read by plain HTTP, and ends with its context."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.servers import DuplicateFound, Server, lab, scim2_server, scimmy
from tests.servers.reader import by_name, post

PEOPLE = ("ada@example.com", "grace@example.com")


def _fill(server: Server) -> None:
    for name in PEOPLE:
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name}
        user = post(f"{server.base_url}/Users", body, server.token)
    group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Engineers"}
    post(f"{server.base_url}/Groups", {**group, "members": [{"value": user["id"]}]}, server.token)


@pytest.mark.parametrize("start", [scim2_server, scimmy, lab])
def test_a_server_is_started_filled_read_and_ended(
    start: Callable[[], AbstractContextManager[Server]],
) -> None:
    """The reader sees what was written, and nothing runs afterwards."""
    with start() as server:
        _fill(server)
        contents = server.contents()
        assert set(contents.users) == set(PEOPLE)
        assert len(contents.groups["Engineers"]["members"]) == 1
        with pytest.raises(urllib.error.HTTPError) as refused:
            post(f"{server.base_url}/Users", {}, "wrong")
        refused.value.close()
        assert server.process.alive()
    assert not server.process.alive()


def test_scim2_server_dumps_what_it_held_and_obeys_its_configuration() -> None:
    """The dump is the server's own account; with PATCH off a PATCH is 501."""
    off = {"supported": False}
    config = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": off,
        "bulk": {"supported": False, "maxOperations": 1000, "maxPayloadSize": 1048576},
        "filter": {"supported": True, "maxResults": 5},
        "changePassword": off,
        "sort": off,
        "etag": off,
        "authenticationSchemes": [
            {"type": "oauthbearertoken", "name": "bearer", "description": "Bearer token"}
        ],
    }
    with scim2_server(config) as server:
        _fill(server)
        user_id = server.contents().users[PEOPLE[0]]["id"]
        url = f"{server.base_url}/Users/{user_id}"
        headers = {"Authorization": "Bearer tok", "Content-Type": "application/scim+json"}
        request = urllib.request.Request(url, json.dumps({}).encode(), headers, method="PATCH")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code == 501
        refused.value.close()
        assert {found.get("userName") for found in server.dumped()} >= set(PEOPLE)


def test_the_lab_is_controlled_from_outside() -> None:
    """Options, log, state and reset through its control endpoints."""
    with lab({"members_read": "empty"}) as server:
        _fill(server)
        assert server.contents().groups["Engineers"]["members"] == []
        assert len(server.state().groups["Engineers"]["members"]) == 1
        server.set_options(members_read="all")
        assert len(server.contents().groups["Engineers"]["members"]) == 1
        assert [entry["method"] for entry in server.requests()][:3] == ["POST"] * 3
        server.reset()
        assert server.state().users == {}


def test_the_reader_finds_duplicates() -> None:
    """Two names that differ in case only are one person twice."""
    with pytest.raises(DuplicateFound, match="ADA"):
        by_name([{"userName": "ada"}, {"userName": "ADA"}], "userName")
