"""The lab target's vices, one switch at a time."""

from typing import Any

import pytest

from tests.lab import AnswerBody, Discovery, Duplicates, MembersRead
from tests.lab_tests.exchange import lab_client, user


@pytest.mark.parametrize(
    ("options", "method", "path", "status"),
    [
        ({"patch": False}, "PATCH", "/Users/{id}", 501),
        ({"put": False}, "PUT", "/Users/{id}", 501),
        ({"delete": False}, "DELETE", "/Users/{id}", 405),
        ({"bulk": False}, "POST", "/Bulk", 501),
        ({"discovery": Discovery.ABSENT}, "GET", "/ServiceProviderConfig", 404),
        ({"discovery": Discovery.PLURAL}, "GET", "/ServiceProviderConfig", 404),
        ({"discovery": Discovery.PLURAL}, "GET", "/ServiceProviderConfigs", 200),
        ({"content_type": "application/json"}, "PUT", "/Users/{id}", 415),
        ({"constant_answer": True}, "DELETE", "/anything", 200),
    ],
)
async def test_a_switched_off_feature_answers_with_its_status(
    options: dict[str, Any], method: str, path: str, status: int
) -> None:
    """What a target does not have, it refuses in its own way."""
    async with lab_client() as client:
        user_id = await client.create_user("bjensen")
        client.target.set_options(client.target.options.changed(options))
        answer = await client.send(method, path.format(id=user_id), user("bjensen"))
        assert answer.status == status


async def test_a_web_page_can_stand_where_the_configuration_was_expected() -> None:
    """200 with HTML, as sign-in pages answer."""
    async with lab_client(discovery=Discovery.HTML) as client:
        answer = await client.get("/ServiceProviderConfig")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.document.startswith("<!doctype html>")


async def test_members_can_be_unreadable_while_they_are_there() -> None:
    """Absent or empty in answers, right in the state."""
    async with lab_client(members_read=MembersRead.EMPTY) as client:
        a = await client.create_user("a")
        path = f"/Groups/{(group_id := await client.create_group('G', [a]))}"
        assert (await client.get(path)).document["members"] == []
        client.target.set_options(client.target.options.changed({"members_read": "absent"}))
        assert "members" not in (await client.get(path)).document
        assert client.target.state()["Groups"][0]["members"] == [{"value": a}]
        assert await client.members(group_id) == {a}


async def test_names_can_be_refused() -> None:
    """400, and nothing is made."""
    async with lab_client(refused_names=("root",)) as client:
        assert (await client.post("/Users", user("root"))).status == 400
        assert (await client.post("/Users", user("ada"))).status == 201
        assert [found["userName"] for found in client.target.state()["Users"]] == ["ada"]


async def test_members_of_a_new_group_can_be_ignored() -> None:
    """201, and the group is empty."""
    async with lab_client(members_on_create=False) as client:
        group_id = await client.create_group("G", [await client.create_user("a")])
        assert await client.members(group_id) == set()


async def test_values_can_be_dropped_lower_cased_and_turned_into_strings() -> None:
    """Normalisation by the target, on POST and on PATCH."""
    options = {"drops": ("title", "name.middleName"), "lower_case_user_name": True, "string_booleans": True}
    async with lab_client(**options) as client:
        name = {"givenName": "B", "middleName": "M"}
        created = await client.post("/Users", user("BJensen", title="Guide", name=name))
        assert created.document["userName"] == "bjensen"
        assert created.document["active"] == "True"
        assert created.document["name"] == {"givenName": "B"}
        assert "title" not in created.document
        path = f"/Users/{created.document['id']}"
        await client.patch(path, {"op": "add", "path": "title", "value": "Guide"})
        assert "title" not in (await client.get(path)).document


@pytest.mark.parametrize(
    ("answer", "post", "put", "patch"),
    [
        (AnswerBody.NO_CONTENT, 204, 204, 204),
        (AnswerBody.EMPTY, 201, 200, 200),
        (AnswerBody.BODY, 201, 200, 200),
    ],
)
async def test_writes_can_be_answered_without_a_body(
    answer: AnswerBody, post: int, put: int, patch: int
) -> None:
    """204, or the usual status and nothing behind it."""
    async with lab_client(post_answer=answer, put_answer=answer, patch_answer=answer) as client:
        created = await client.post("/Users", user("bjensen"))
        path = f"/Users/{client.target.state()['Users'][0]['id']}"
        replaced = await client.send("PUT", path, user("bjensen"))
        patched = await client.patch(path, {"op": "add", "path": "title", "value": "Guide"})
        answers = (created, replaced, patched)
        assert [answer.status for answer in answers] == [post, put, patch]
        assert all((found.document is not None) == (answer is AnswerBody.BODY) for found in answers)


async def test_active_false_can_delete() -> None:
    """As at PagerDuty and Sentry: the account is gone."""
    async with lab_client(active_false_deletes=True) as client:
        user_id = await client.create_user("bjensen")
        await client.patch(f"/Users/{user_id}", {"op": "replace", "path": "active", "value": False})
        assert (await client.get(f"/Users/{user_id}")).status == 404


@pytest.mark.parametrize(("duplicates", "status"), [(Duplicates.ALLOWED, 201), (Duplicates.BAD_REQUEST, 400)])
async def test_duplicates_can_be_allowed_or_called_a_bad_request(duplicates: Duplicates, status: int) -> None:
    """A second account, or 400 without scimType."""
    async with lab_client(duplicates=duplicates) as client:
        await client.create_user("bjensen")
        again = await client.post("/Users", user("bjensen"))
        assert again.status == status
        assert "scimType" not in again.document
        assert len({found["id"] for found in client.target.state()["Users"]}) == (2 if status == 201 else 1)


async def test_locations_can_be_relative_and_ids_can_be_names() -> None:
    """meta.location without a host, and an id that goes stale with a rename."""
    async with lab_client(relative_location=True, id_is_user_name=True) as client:
        created = await client.post("/Users", user("b jensen/x"))
        assert created.document["meta"]["location"].startswith("/scim/v2/Users/")
        assert (await client.get("/Users/b%20jensen%2Fx")).document["id"] == "b jensen/x"
