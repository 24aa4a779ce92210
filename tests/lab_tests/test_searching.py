"""The lab target's filters and pages."""

import pytest

from tests.lab import Filtering
from tests.lab_tests.exchange import ENTERPRISE, Client, lab_client


async def _people(client: Client) -> None:
    await client.create_user(
        "bjensen",
        displayName="Barbara",
        externalId="E1",
        title="Guide",
        emails=[{"type": "work", "value": "b@work.example"}, {"type": "home", "value": "b@home.example"}],
        **{ENTERPRISE: {"department": "Tours", "manager": {"value": "m1"}}},
    )
    await client.create_user('we"ird\\', displayName="Other", active=False)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "BJENSEN"',
        'userName eq "bjensen" and active eq true',
        'displayName eq "barbara"',
        'externalId eq "E1"',
        'emails.value eq "B@work.example"',
        'emails eq "b@home.example"',
        'emails[type eq "work"].value eq "b@work.example"',
        'emails[type eq "work" and value co "work"]',
        'userName sw "BJ" and not (active eq false)',
        '(title pr or userName eq "nobody") and title ne "Chief"',
        f'{ENTERPRISE}:department eq "tours"',
        f'{ENTERPRISE}:manager.value eq "m1"',
        'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bjensen"',
        'meta.created gt "2001-01-01T00:00:00Z" and title pr',
    ],
)
async def test_a_filter_finds_exactly_the_user_it_describes(text: str) -> None:
    """Each form of RFC 7644 3.4.2.2 finds bjensen alone."""
    async with lab_client() as client:
        await _people(client)
        assert [hit["userName"] for hit in await client.search("Users", text)] == ["bjensen"]


async def test_quotes_and_backslashes_in_a_value_are_found() -> None:
    """The value of a filter is a JSON string."""
    async with lab_client() as client:
        await _people(client)
        assert len(await client.search("Users", r'userName eq "we\"ird\\"')) == 1


@pytest.mark.parametrize(
    "text", ["userName", 'userName eq "x', "userName eq x", "(userName pr", 'userName is "x"', "eq"]
)
async def test_what_is_no_filter_is_400(text: str) -> None:
    """A broken filter is invalidFilter, never an empty result."""
    async with lab_client() as client:
        await _people(client)
        with pytest.raises(AssertionError, match="invalidFilter"):
            await client.search("Users", text)


async def test_an_external_id_minds_case_and_a_case_exact_target_minds_it_everywhere() -> None:
    """RFC 7643 3.1 makes externalId exact; with filter_case_exact userName is too, while uniqueness is not."""
    async with lab_client() as client:
        await _people(client)
        assert await client.search("Users", 'externalId eq "e1"') == []
        client.target.set_options(client.target.options.changed({"filter_case_exact": True}))
        assert await client.search("Users", 'userName eq "BJENSEN"') == []
        assert len(await client.search("Users", 'userName eq "bjensen"')) == 1


async def test_a_filter_can_be_absent_refused_or_ignored() -> None:
    """501, 400, or everybody with 200."""
    async with lab_client() as client:
        await _people(client)
        found = {}
        for filtering in (Filtering.ABSENT, Filtering.REFUSED, Filtering.IGNORED):
            client.target.set_options(client.target.options.changed({"filter": filtering}))
            found[filtering] = await client.get("/Users?filter=userName%20eq%20%22bjensen%22")
        assert [answer.status for answer in found.values()] == [501, 400, 200]
        assert len(found[Filtering.IGNORED].document["Resources"]) == 2


async def test_pages_by_index_cover_everybody_once() -> None:
    """Index and count walk through all users, and a page behind the end is empty."""
    async with lab_client(page_cap=3) as client:
        for number in range(7):
            await client.create_user(f"u{number}")
        pages = [(await client.get(f"/Users?startIndex={start}&count=50")).document for start in (1, 4, 7, 8)]
        assert [len(page["Resources"]) for page in pages] == [3, 3, 1, 0]
        assert {page["totalResults"] for page in pages} == {7}


async def test_pages_by_cursor_stay_right_when_somebody_is_deleted_meanwhile() -> None:
    """RFC 9865: the cursor goes on behind the last seen resource."""
    async with lab_client(cursor=True) as client:
        ids = [await client.create_user(f"u{number}") for number in range(5)]
        first = (await client.get("/Users?cursor&count=2")).document
        await client.send("DELETE", f"/Users/{ids[0]}")
        second = (await client.get(f"/Users?cursor={first['nextCursor']}&count=2")).document
        third = (await client.get(f"/Users?cursor={second['nextCursor']}&count=2")).document
        names = [hit["userName"] for page in (first, second, third) for hit in page["Resources"]]
        assert names == ["u0", "u1", "u2", "u3", "u4"]
        assert "nextCursor" not in third
        assert (await client.get("/Users?cursor=rubbish")).document["scimType"] == "invalidCursor"


async def test_wrong_totals_and_an_ignored_start_index_are_vices() -> None:
    """The total equals the page size, and every page is the first one."""
    async with lab_client(total_is_page_size=True, start_index_ignored=True) as client:
        for number in range(5):
            await client.create_user(f"u{number}")
        page = (await client.get("/Users?startIndex=3&count=2")).document
        assert page["totalResults"] == 2
        assert [hit["userName"] for hit in page["Resources"]] == ["u0", "u1"]


async def test_attributes_and_excluded_attributes_are_obeyed() -> None:
    """RFC 7644 3.9, with id and schemas always there."""
    async with lab_client() as client:
        await _people(client)
        few = (await client.get(f"/Users?count=1&attributes=userName,{ENTERPRISE}:department")).document[
            "Resources"
        ][0]
        assert few == {
            "schemas": few["schemas"],
            "id": few["id"],
            "userName": "bjensen",
            ENTERPRISE: {"department": "Tours"},
        }
        most = (await client.get("/Users?count=1&excludedAttributes=emails")).document["Resources"][0]
        assert "emails" not in most
        assert most["title"] == "Guide"
