"""Bulk requests on the lab target."""

from typing import Any

import pytest

from tests.lab import BulkReferences
from tests.lab_tests.exchange import PATCH, group, lab_client, user

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def _bulk(*operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"schemas": [BULK], "Operations": list(operations), **more}


async def test_references_to_new_resources_are_resolved_forward_and_backward() -> None:
    """A group may name a user that stands behind it in the request."""
    async with lab_client(bulk=True) as client:
        member = {"op": "add", "path": "members", "value": [{"value": "bulkId:u2"}]}
        answer = await client.post(
            "/Bulk",
            _bulk(
                {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("G", ["bulkId:u1"])},
                {"method": "POST", "path": "/Users", "bulkId": "u1", "data": user("a")},
                {"method": "POST", "path": "/Users", "bulkId": "u2", "data": user("b")},
                {
                    "method": "PATCH",
                    "path": "/Groups/bulkId:g",
                    "data": {"schemas": [PATCH], "Operations": [member]},
                },
            ),
        )
        results = answer.document["Operations"]
        assert [(result.get("bulkId"), result["status"]) for result in results] == [
            ("g", "201"),
            ("u1", "201"),
            ("u2", "201"),
            (None, "200") if results[3]["status"] == "200" else (None, "204"),
        ]
        state = client.target.state()
        assert {member["value"] for member in state["Groups"][0]["members"]} == {
            found["id"] for found in state["Users"]
        }


@pytest.mark.parametrize(
    ("vice", "held"),
    [("resolved", ["b"]), ("literal", ["bulkId:b"]), ("dropped", []), ("mistaken", ["a"])],
)
async def test_references_can_be_misread(vice: str, held: list[str]) -> None:
    """Taken as they stand, left out, or for somebody else's."""
    async with lab_client(
        bulk=True, bulk_references=BulkReferences(vice), members_must_exist=False
    ) as client:
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": name, "data": user(name)} for name in "ab"
        ]
        team = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("G", ["bulkId:b"])}
        await client.post("/Bulk", _bulk(*operations, team))
        state = client.target.state()
        names = {found["id"]: found["userName"] for found in state["Users"]}
        members = [member["value"] for member in state["Groups"][0].get("members", [])]
        assert [names.get(member, member) for member in members] == held


async def test_a_failed_operation_says_why_and_does_not_stop_the_others() -> None:
    """The result of each operation stands alone unless failOnErrors is reached."""
    async with lab_client(bulk=True) as client:
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": str(number), "data": user(name)}
            for number, name in enumerate(("a", "A", "b"))
        ]
        answer = await client.post("/Bulk", _bulk(*operations))
        assert [result["status"] for result in answer.document["Operations"]] == ["201", "409", "201"]
        assert answer.document["Operations"][1]["response"]["scimType"] == "uniqueness"
        client.target.reset()
        stopped = await client.post("/Bulk", _bulk(*operations, failOnErrors=1))
        assert [result["status"] for result in stopped.document["Operations"]] == ["201", "409"]


async def test_an_unresolved_reference_and_too_many_operations_are_refused() -> None:
    """409 for the operation, 413 for the request."""
    async with lab_client(bulk=True, bulk_operations=1) as client:
        lost = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("G", ["bulkId:nobody"])}
        assert (await client.post("/Bulk", _bulk(lost))).document["Operations"][0]["status"] == "409"
        assert (await client.post("/Bulk", _bulk(lost, lost))).status == 413
