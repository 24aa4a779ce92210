"""Lists: filters answered like the reference does, paging by index and by cursor, sorting, .search."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.api.scim.selection import SCAN_LIMIT
from provisor.audit.actor import SYSTEM
from provisor.directory.models import User
from provisor.directory.users import create_users
from provisor.scim.filter import matches, parse_filter
from provisor.scim.schemas import ENTERPRISE_SCHEMA, SEARCH_REQUEST_SCHEMA
from tests.api.conftest import Caller
from tests.api.test_scim_groups import make
from tests.api.test_scim_protocol import is_scim_error

PEOPLE: list[dict[str, Any]] = [
    {
        "userName": "anna",
        "externalId": "E1",
        "displayName": "Anna Ärger",
        "title": 'Dr "A"',
        "name": {"familyName": "Zorn"},
    },
    {
        "userName": "Bert",
        "externalId": "e1",
        "active": False,
        "emails": [{"value": "bert@x.io", "type": "work"}],
    },
    {
        "userName": "cleo",
        "displayName": "cleo",
        "emails": [
            {"value": "c@x.io", "type": "work"},
            {"value": "c@home.io", "type": "home", "primary": True},
        ],
    },
    {
        "userName": "dörte",
        "displayName": "DÖRTE",
        "nickName": "100%_\\",
        ENTERPRISE_SCHEMA: {"department": "Sales"},
    },
    {"userName": "emil.io", "externalId": "x-9", "userType": "true", "name": {"familyName": "Anders"}},
]


@pytest.fixture
def people(scim: Caller) -> list[dict[str, Any]]:
    """Five users who differ in everything, as the interface shows them; the fourth reports to the first."""
    shown = [scim("POST", "/Users", each).body for each in PEOPLE]
    boss = {"op": "add", "path": f"{ENTERPRISE_SCHEMA}:manager", "value": {"value": shown[0]["id"]}}
    scim("PATCH", f"/Users/{shown[3]['id']}", {"Operations": [boss]})
    make(scim, "Team", shown[0]["id"], shown[1]["id"])
    return [scim("GET", f"/Users/{each['id']}").body for each in shown]


def ask(scim: Caller, path: str = "/Users", **query: Any) -> Any:
    return scim("GET", f"{path}?{urlencode(query)}")


def names(answer: Any) -> list[str]:
    assert answer.status == 200, answer.content
    return [each.get("userName") or each["displayName"] for each in answer.body["Resources"]]


FILTERS = [
    'userName eq "BERT"', 'userName ne "bert"', 'userName co "E"', 'userName sw "CL"', 'userName ew "io"', 'userName gt "c"',
    'userName eq "DÖRTE"', 'externalId eq "E1"', 'externalId ne "E1"', 'externalId co "e"', "externalId pr", "not (externalId pr)",
    "externalId eq null", 'displayName eq "anna ärger"', 'displayName sw "Dö"', 'displayName co "ÄR"', "displayName pr",
    "active eq true", "active eq false", "active ne true", 'active eq "False"', "userType eq true", 'emails.value eq "C@HOME.IO"',
    'emails eq "c@x.io"', 'emails[type eq "work" and value co "@x.io"]', 'emails[type eq "home"].value sw "c"', "emails pr",
    'emails.type ne "work"', 'title eq "dr \\"a\\""', 'nickName co "%_\\\\"', f'{ENTERPRISE_SCHEMA}:department eq "SALES"',
    'meta.resourceType eq "User"', 'meta.resourceType eq "Group"', 'meta.lastModified gt "2000-01-01T00:00:00Z"',
    'meta.created lt "2000-01-01"', "meta.lastModified pr", 'groups.display eq "team"', 'name.familyName gt "b"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "anna"', 'id eq "x"', "id pr", 'unknown eq "x"', "unknown pr",
    "userName eq 5", 'userName co ""', 'userName sw "anna "', "title pr or active eq false", "not (title pr) and active eq true",
    'not (userName eq "anna" or externalId pr)', 'userName eq "a\\u0000"',
]  # fmt: skip


@pytest.mark.parametrize("text", FILTERS)
def test_the_database_finds_what_the_reference_finds(
    scim: Caller, people: list[dict[str, Any]], text: str
) -> None:
    """A filter over columns gives the users that `scim.filter.matches` accepts, in their order."""
    expected = [each["userName"] for each in people if matches(parse_filter(text), each)]
    answer = ask(scim, filter=text)
    assert names(answer) == expected
    assert answer.body["totalResults"] == len(expected)


LEAVES = st.sampled_from([text for text in FILTERS if " or " not in text and " and " not in text])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TREES)
def test_any_combination_finds_what_the_reference_finds(
    scim: Caller, people: list[dict[str, Any]], text: str
) -> None:
    """And, or and not of exact and inexact conditions never lose or invent a user."""
    expected = [each["userName"] for each in people if matches(parse_filter(text), each)]
    assert names(ask(scim, filter=text)) == expected


def test_ids_groups_and_managers_are_found_by_id(scim: Caller, people: list[dict[str, Any]]) -> None:
    """References compare exactly; Entra's bare `manager` is understood."""
    first, fourth = people[0]["id"], people[3]["id"]
    team = next(each["value"] for each in people[0]["groups"] if each["display"] == "Team")
    assert names(ask(scim, filter=f'id eq "{first}"')) == ["anna"]
    assert names(ask(scim, filter=f'id eq "{first.upper()}"')) == []
    assert names(ask(scim, filter=f'groups.value eq "{team}"')) == ["anna", "Bert"]
    assert names(ask(scim, filter=f'groups[value eq "{team}"] and active eq true')) == ["anna"]
    assert names(ask(scim, filter=f'id eq "{fourth}" and manager eq "{first}"')) == ["dörte"]
    assert names(ask(scim, filter=f'id eq "{first}" and manager eq "{first}"')) == []


def test_groups_are_found_by_name_and_member(scim: Caller, people: list[dict[str, Any]]) -> None:
    """The look-ups that Entra and Okta make before they create a group or a membership."""
    inner = ask(scim, "/Groups", filter='displayName eq "team"', excludedAttributes="members").body[
        "Resources"
    ][0]
    assert "members" not in inner
    outer = make(scim, "Outer", inner["id"])
    first = people[0]["id"]
    assert names(ask(scim, "/Groups", filter=f'members.value eq "{first}"')) == ["Everyone", "Team"]
    assert names(ask(scim, "/Groups", filter=f'id eq "{inner["id"]}" and members eq "{first}"')) == ["Team"]
    assert names(ask(scim, "/Groups", filter=f'members[value eq "{inner["id"]}"]')) == ["Outer"]
    assert names(ask(scim, "/Groups", filter='members.type eq "Group"')) == ["Outer"]
    assert names(ask(scim, "/Groups", filter=f'not (members pr) or id eq "{outer}"')) == ["Outer"]


@pytest.mark.parametrize(
    "text", ["userName", "userName eq", 'userName zz "x"', "(", 'a eq "' + "x" * 9000 + '"', "not ("]
)
def test_a_bad_filter_is_an_invalid_filter(scim: Caller, text: str) -> None:
    """400 invalidFilter that says where."""
    answer = ask(scim, filter=text)
    assert is_scim_error(answer, 400, "invalidFilter")
    assert "character" in answer.body["detail"]


def test_a_filter_that_would_read_too_many_users_is_refused(
    scim: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """400 tooMany with a way out; what the database answers alone has no such limit."""
    monkeypatch.setattr("provisor.api.scim.selection.SCAN_LIMIT", 20)
    create_users([{"userName": f"u{n}", "title": "x"} for n in range(25)], actor=SYSTEM)
    assert SCAN_LIMIT == 10_000
    assert is_scim_error(ask(scim, filter="title pr"), 400, "tooMany")
    assert is_scim_error(ask(scim, sortBy="title"), 400, "tooMany")
    assert ask(scim, filter='title pr and userName sw "u1"').body["totalResults"] == 11
    assert ask(scim, filter='not (userName eq "u1")').body["totalResults"] == 24


def test_pages_by_index(scim: Caller, people: list[dict[str, Any]]) -> None:
    """The parameters startIndex and count as RFC 7644, 3.4.2.4 says: below the least they are the least."""
    answer = ask(scim, startIndex=2, count=2).body
    assert [each["userName"] for each in answer["Resources"]] == ["Bert", "cleo"]
    assert (answer["startIndex"], answer["itemsPerPage"], answer["totalResults"]) == (2, 2, 5)
    assert len(names(ask(scim, startIndex=-5))) == 5
    assert names(ask(scim, count=0)) == names(ask(scim, count=-1)) == []
    assert names(ask(scim, startIndex=10**17)) == []
    assert len(names(ask(scim, count=10**9))) == 5
    assert is_scim_error(ask(scim, count="many"), 400, "invalidValue")


@pytest.mark.parametrize(
    "query",
    [{}, {"sortBy": "userName"}, {"sortBy": "name.familyName"}, {"filter": "emails.value pr or id pr"}],
)
def test_pages_by_cursor(scim: Caller, people: list[dict[str, Any]], query: dict[str, str]) -> None:
    """RFC 9865: an empty cursor begins, nextCursor goes on, its absence ends; each user comes once."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = ask(scim, cursor=cursor, count=2, **query)
        found += names(answer)
        assert answer.body["totalResults"] == 5
        assert "startIndex" not in answer.body
        cursor = answer.body.get("nextCursor")
    assert found == names(ask(scim, **query))
    assert len(set(found)) == 5


def test_a_cursor_of_another_search_or_altered_is_invalid(scim: Caller, people: list[dict[str, Any]]) -> None:
    """400 invalidCursor; a bad count with a cursor is invalidCount (RFC 9865, 2)."""
    cursor = ask(scim, cursor="", count=1).body["nextCursor"]
    for other in ({"cursor": cursor, "filter": "id pr"}, {"cursor": cursor + "x"}, {"cursor": "x" * 5000}):
        assert is_scim_error(ask(scim, **other), 400, "invalidCursor")
    assert is_scim_error(ask(scim, "/Groups", cursor=cursor), 400, "invalidCursor")
    assert is_scim_error(ask(scim, cursor="", count="x"), 400, "invalidCount")


@pytest.mark.parametrize(
    ("by", "first", "last"),
    [
        ("userName", "anna", "emil.io"),
        ("externalId", "anna", "cleo"),
        ("name.familyName", "emil.io", "cleo"),
        ("active", "Bert", "emil.io"),
    ],
)
def test_lists_are_sorted(scim: Caller, people: list[dict[str, Any]], by: str, first: str, last: str) -> None:
    """Ascending unless asked otherwise; without a value comes last, or first when descending (RFC 7644, 3.4.2.3)."""
    ascending = names(ask(scim, sortBy=by))
    assert ascending[0] == first
    assert by in {"name.familyName", "externalId"} or ascending[-1] == last
    missing = {each["userName"] for each in people if by == "externalId" and "externalId" not in each}
    assert set(names(ask(scim, sortBy=by, sortOrder="descending"))[: len(missing)]) == missing
    assert set(ascending[len(ascending) - len(missing) :]) == missing


def test_bad_sorting_is_refused(scim: Caller) -> None:
    """A sortBy is a plain attribute, sortOrder one of two words."""
    assert is_scim_error(ask(scim, sortBy="emails[type"), 400, "invalidPath")
    assert is_scim_error(ask(scim, sortBy="userName", sortOrder="up"), 400, "invalidValue")


def test_search_by_post_is_the_same_as_by_get(scim: Caller, people: list[dict[str, Any]]) -> None:
    """POST .search keeps personal data out of addresses (RFC 7644, 3.4.3); readers may use it."""
    body = {
        "schemas": [SEARCH_REQUEST_SCHEMA],
        "filter": 'userName sw "b"',
        "attributes": ["userName"],
        "startIndex": 1,
        "count": 5,
    }
    answer = scim("POST", "/Users/.search", body)
    assert answer.body == ask(scim, filter='userName sw "b"', attributes="userName", count=5).body
    assert is_scim_error(scim("POST", "/Users/.search", {"filter": "id pr"}), 400, "invalidSyntax")
    assert is_scim_error(scim("POST", "/Users/.search", {**body, "attributes": 5}), 400, "invalidValue")
    assert is_scim_error(scim("POST", "/Groups/.search", {**body, "filter": 5}), 400, "invalidValue")


def test_a_search_at_the_root_goes_through_both_kinds(scim: Caller, people: list[dict[str, Any]]) -> None:
    """Users, then groups; pages run across the border."""
    everything = names(ask(scim, ""))
    assert everything == [each["userName"] for each in PEOPLE] + ["Everyone", "Team"]
    assert names(ask(scim, "", startIndex=5, count=2)) == ["emil.io", "Everyone"]
    assert names(ask(scim, "", filter='displayName eq "cleo" or displayName eq "team"')) == ["cleo", "Team"]
    found, cursor = [], ""
    while cursor is not None:
        answer = ask(scim, "", cursor=cursor, count=3)
        found, cursor = found + names(answer), answer.body.get("nextCursor")
    assert found == everything
    body = {"schemas": [SEARCH_REQUEST_SCHEMA], "filter": 'meta.resourceType eq "Group"'}
    assert names(scim("POST", "/.search", body)) == ["Everyone", "Team"]
    assert is_scim_error(ask(scim, "", sortBy="id"), 400, "invalidValue")


def test_a_deleted_user_is_in_no_list(scim: Caller, people: list[dict[str, Any]]) -> None:
    """Tombstones are the directory's own affair."""
    scim("DELETE", f"/Users/{people[0]['id']}")
    assert User.objects.count() == 5
    assert names(ask(scim)) == [each["userName"] for each in PEOPLE[1:]]
    assert names(ask(scim, filter="title pr")) == []
