"""Bulk bodies, and which result belongs to which operation (RFC 7644, 3.7)."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.bulk import COMMA, ENVELOPE, BulkOperation, bulk_body, bulk_operation, match_results

BASE = "https://app.example/scim/v2"


def operations() -> list[BulkOperation]:
    return [
        bulk_operation("1", "POST", "/Users", b'{"userName":"a"}'),
        bulk_operation("2", "PATCH", "/Users/u2", b'{"Operations":[]}', 'W/"1"'),
        bulk_operation("3", "DELETE", "/Users/u3", None),
    ]


def answer(*results: dict[str, Any]) -> dict[str, Any]:
    return {"Operations": list(results)}


def statuses(*results: dict[str, Any]) -> dict[str, int]:
    found = match_results(operations(), answer(*results))
    assert found is not None
    return {name: result.status for name, result in found.items()}


POSTED = {"method": "POST", "bulkId": "1", "status": "201", "location": f"{BASE}/Users/u1"}
PATCHED = {"method": "PATCH", "status": "200", "location": f"{BASE}/Users/u2"}
DELETED = {"method": "DELETE", "status": "204", "location": f"{BASE}/Users/u3"}


def test_a_request_is_json_and_as_long_as_it_is_counted() -> None:
    """What is sent alone stands in it unchanged; the bytes that are counted beforehand are those that leave."""
    body = bulk_body(operations())
    document = orjson.loads(body)
    assert document["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
    assert document["Operations"][0] == {
        "method": "POST", "bulkId": "1", "path": "/Users", "data": {"userName": "a"},
    }  # fmt: skip
    assert document["Operations"][1]["version"] == 'W/"1"'
    assert "data" not in document["Operations"][2]
    assert "failOnErrors" not in document
    assert len(body) == ENVELOPE + sum(len(each.written) + COMMA for each in operations()) - COMMA


def test_results_are_known_by_bulk_id_and_by_location() -> None:
    """In whatever order they come."""
    assert statuses(POSTED, PATCHED, DELETED) == {"1": 201, "2": 200, "3": 204}
    assert statuses(DELETED, POSTED, PATCHED) == {"1": 201, "2": 200, "3": 204}


def test_a_result_without_a_name_is_known_by_its_place_only_where_all_others_stand_in_theirs() -> None:
    """Else somebody would get what was said of somebody else."""
    bare = {"method": "PATCH", "status": "200"}
    assert statuses(POSTED, bare, DELETED) == {"1": 201, "2": 200, "3": 204}
    assert statuses(DELETED, bare, POSTED) == {"1": 201, "3": 204}
    assert statuses(POSTED, bare) == {"1": 201}


@pytest.mark.parametrize(
    ("results", "known"),
    [
        ((POSTED, PATCHED), {"1", "2"}),
        ((POSTED, {**POSTED, "status": "409"}, DELETED), {"3"}),
        (({**POSTED, "bulkId": "x"}, PATCHED, DELETED), {"2", "3"}),
        (({**POSTED, "method": "DELETE"}, PATCHED, DELETED), {"2", "3"}),
        (({**POSTED, "status": None}, PATCHED, DELETED), {"2", "3"}),
        (({**POSTED, "status": "abc"}, "nonsense", DELETED), {"3"}),
        ((), set()),
    ],
)
def test_r02_an_operation_of_which_nothing_clear_is_said_is_in_doubt(
    results: tuple[Any, ...], known: set[str]
) -> None:
    """Missing, said twice, under a foreign name, of another method, without a status."""
    found = match_results(operations(), {"Operations": list(results)})
    assert found is not None
    assert set(found) == known


@pytest.mark.parametrize("document", [{}, {"Operations": None}, {"Operations": {}}, {"operations": "no"}])
def test_an_answer_without_operations_says_nothing(document: dict[str, Any]) -> None:
    assert match_results(operations(), document) is None


def test_a_status_may_be_a_text_a_number_or_an_object() -> None:
    """As the RFC has it, as many send it, and as its drafts had it."""
    for status in ("201", 201, {"code": "201"}):
        assert statuses({**POSTED, "status": status}) == {"1": 201}


def test_an_id_is_read_from_a_location_of_its_own_endpoint_only() -> None:
    """Escaped ids are read as they are; a location elsewhere is none."""
    found = match_results(operations(), answer({**POSTED, "location": f"{BASE}/Users/a%2Fb"}))
    assert found is not None
    assert found["1"].identity("/Users") == "a/b"
    assert found["1"].identity("/Groups") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["Operations", "method", "bulkId", "status", "location", "response"]), inner, max_size=6
    ),
    max_leaves=30,
)  # fmt: skip


@given(st.lists(JSON, max_size=6))
def test_r16_no_answer_makes_it_fail_or_gives_a_result_that_nobody_asked_for(results: list[Any]) -> None:
    """Whatever comes: at most one result for each operation, and none for any other."""
    found = match_results(operations(), {"Operations": results})
    assert found is not None
    assert set(found) <= {"1", "2", "3"}
