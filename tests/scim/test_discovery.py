"""What an application says of itself, with and without its documents."""

import pytest

from provisor.scim.errors import OutcomeUnknown, Refused
from tests.scim.raw_server import Received, Wire, always, by, http, listing
from tests.scim.test_client import client_of

SPC = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": False},
    "filter": {"supported": True, "maxResults": 50},
    "etag": {"supported": True},
}
TYPES = [{"id": "User", "name": "User", "endpoint": "/Users"}]


def documents(**given: object):
    """A server with these documents, keyed by the last part of their path; all else is 404."""

    def answer(request: Received) -> bytes:
        document = given.get(request.path.rpartition("/")[2])
        return (
            document
            if isinstance(document, bytes)
            else http(200 if document is not None else 404, document or {})
        )

    return by(answer)


async def test_the_documents_become_facts() -> None:
    """As RFC 7644, 4 has them."""
    server = documents(ServiceProviderConfig=SPC, ResourceTypes=listing(TYPES, 1), Schemas=listing([], 0))
    async with client_of(server) as (client, got, exchanges):
        found = await client.discover()
    facts = {fact.name: fact.value for fact in found.facts}
    assert (facts["patch_users"], facts["page_size"], facts["groups"]) == (False, 50, False)
    assert (found.spc, found.resource_types, found.problems) == (SPC, TYPES, [])
    assert [r.path.rpartition("/")[2] for r in got.received] == [
        "ServiceProviderConfig",
        "ResourceTypes",
        "Schemas",
    ]
    assert all(exchange.act == "discover" for exchange in exchanges)


async def test_a_configuration_under_another_path_is_found_and_remembered() -> None:
    """Salesforce and Slack use the plural; some servers wrap it into a list."""
    for document in (SPC, listing([SPC], 1), [SPC]):
        async with client_of(documents(ServiceProviderConfigs=document)) as (client, _, _e):
            found = await client.discover()
        assert found.spc == SPC
        assert {"config_path": "/ServiceProviderConfigs"}.items() <= {
            f.name: f.value for f in found.facts
        }.items()


async def test_the_path_of_the_profile_is_asked_first() -> None:
    """And alone, when it is there."""
    async with client_of(documents(Config=SPC), config_path="/Config") as (client, server, _):
        found = await client.discover()
    assert server.received[0].path == "/scim/v2/Config"
    assert found.spc == SPC
    assert "config_path" not in {fact.name for fact in found.facts}


@pytest.mark.parametrize(
    "answer", [http(404), http(501), http(403), http(500), http(200, b"<html>"), http(200, b"5")]
)
async def test_r15_documents_that_are_not_to_be_had_are_problems_and_no_facts(answer: bytes) -> None:
    """A failed probe says nothing of the application's abilities."""
    async with client_of(always(answer)) as (client, _, _e):
        found = await client.discover()
    assert (found.spc, found.resource_types, found.schemas, found.facts) == (None, None, None, [])
    assert len(found.problems) == 3
    assert all(problem.endswith(".") for problem in found.problems)


async def test_a_refused_token_is_no_matter_of_documents() -> None:
    """401 is raised: nothing else would work either."""
    async with client_of(always(http(401))) as (client, _, _e):
        with pytest.raises(Refused):
            await client.discover()


async def test_a_lost_connection_is_no_matter_of_documents() -> None:
    """Neither a fact nor a problem of one document."""

    async def lost(_: Received, wire: Wire) -> None:
        wire.transport.abort()

    async with client_of(lost) as (client, _, _e):
        with pytest.raises(OutcomeUnknown):
            await client.discover()
