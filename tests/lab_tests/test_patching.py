"""PATCH on the lab target: RFC forms, Entra's and Okta's shapes, atomicity, members."""

from typing import Any

import pytest

from tests.lab import MemberRemoval, PatchApplied
from tests.lab_tests.exchange import ENTERPRISE, Client, lab_client

WORK = {"type": "work", "value": "b@work.example"}
Op = dict[str, Any]


async def _patched(client: Client, *operations: Op) -> dict[str, Any]:
    user_id = await client.create_user(
        "bjensen",
        title="Guide",
        name={"givenName": "B"},
        emails=[WORK],
        **{ENTERPRISE: {"department": "Tours"}},
    )
    answer = await client.patch(f"/Users/{user_id}", *operations)
    assert answer.status == 204, answer
    document: dict[str, Any] = (await client.get(f"/Users/{user_id}")).document
    return document


@pytest.mark.parametrize(
    ("operation", "attribute", "value"),
    [
        ({"op": "replace", "path": "title", "value": "Chief"}, "title", "Chief"),
        ({"op": "Replace", "path": "active", "value": "False"}, "active", False),
        (
            {"op": "add", "path": "name.familyName", "value": "J"},
            "name",
            {"givenName": "B", "familyName": "J"},
        ),
        (
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "x"},
            "emails",
            [{**WORK, "value": "x"}],
        ),
        ({"op": "add", "path": "emails", "value": [{"type": "home"}]}, "emails", [WORK, {"type": "home"}]),
        (
            {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"},
            "phoneNumbers",
            [{"type": "work", "value": "1"}],
        ),
        ({"op": "remove", "path": 'emails[type eq "work"]'}, "emails", None),
        ({"op": "remove", "path": "title"}, "title", None),
        ({"op": "remove", "path": f"{ENTERPRISE}:department"}, ENTERPRISE, None),
        ({"op": "replace", "value": {"name.givenName": "X", "title": "Y"}}, "name", {"givenName": "X"}),
        ({"op": "replace", "value": {f"{ENTERPRISE}:department": "Z"}}, ENTERPRISE, {"department": "Z"}),
        (
            {"op": "replace", "value": {ENTERPRISE: {"costCenter": "9"}}},
            ENTERPRISE,
            {"department": "Tours", "costCenter": "9"},
        ),
        (
            {"op": "Add", "path": "manager", "value": [{"value": "m1"}]},
            ENTERPRISE,
            {"department": "Tours", "manager": {"value": "m1"}},
        ),
        (
            {"op": "replace", "path": f"{ENTERPRISE}:manager.value", "value": "m2"},
            ENTERPRISE,
            {"department": "Tours", "manager": {"value": "m2"}},
        ),
    ],
)
async def test_an_operation_changes_what_it_names(operation: Op, attribute: str, value: Any) -> None:
    """The forms of RFC 7644 3.5.2, of Entra and of Okta."""
    async with lab_client() as client:
        assert (await _patched(client, operation)).get(attribute) == value


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": 'emails[type eq "home"].value', "value": "x"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "move", "path": "title"}, "invalidSyntax"),
        ({"op": "replace", "path": "userName", "value": ""}, "invalidValue"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "replace", "path": "emails[type", "value": "x"}, "invalidPath"),
    ],
)
async def test_a_refused_operation_takes_the_others_with_it(operation: Op, scim_type: str) -> None:
    """A PATCH is atomic: nothing of it stays when one operation is refused."""
    async with lab_client() as client:
        user_id = await client.create_user("bjensen", title="Guide", emails=[WORK])
        before = (await client.get(f"/Users/{user_id}")).document
        answer = await client.patch(
            f"/Users/{user_id}", {"op": "add", "path": "nickName", "value": "B"}, operation
        )
        assert (answer.status, answer.document["scimType"]) == (400, scim_type)
        assert (await client.get(f"/Users/{user_id}")).document == before


async def test_members_are_added_and_removed_as_deltas() -> None:
    """Both removal forms work by default, adding twice keeps one, removing an absent member succeeds."""
    async with lab_client() as client:
        a, b, c = [await client.create_user(name) for name in "abc"]
        path = f"/Groups/{(group_id := await client.create_group('G', [a]))}"
        await client.patch(
            path, {"op": "add", "path": "members", "value": [{"value": a}, {"value": b}, {"value": c}]}
        )
        assert await client.members(group_id) == {a, b, c}
        await client.patch(path, {"op": "remove", "path": f'members[value eq "{a}"]'})
        await client.patch(path, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": b}]})
        assert await client.members(group_id) == {c}
        assert (await client.patch(path, {"op": "remove", "path": f'members[value eq "{a}"]'})).status == 204
        assert len((await client.get(path)).document["members"]) == 1


async def test_a_refused_membership_patch_leaves_all_members_as_they_were() -> None:
    """Removal, addition and rename are taken back when a later member does not exist."""
    async with lab_client() as client:
        a, b = [await client.create_user(name) for name in "ab"]
        group_id = await client.create_group("G", [a])
        answer = await client.patch(
            f"/Groups/{group_id}",
            {"op": "remove", "path": f'members[value eq "{a}"]'},
            {"op": "add", "path": "members", "value": [{"value": b}]},
            {"op": "add", "path": "members", "value": [{"value": "nobody"}]},
        )
        assert answer.status == 400
        assert await client.members(group_id) == {a}


@pytest.mark.parametrize(
    ("removal", "filter_status", "value_status"),
    [(MemberRemoval.FILTER, 204, 400), (MemberRemoval.VALUE, 400, 204), (MemberRemoval.ANY, 204, 204)],
)
async def test_a_dialect_knows_its_removal_form_only(
    removal: MemberRemoval, filter_status: int, value_status: int
) -> None:
    """RFC form only, Entra's form only, or both."""
    async with lab_client(member_removal=removal) as client:
        a = await client.create_user("a")
        path = f"/Groups/{await client.create_group('G', [a])}"
        by_filter = await client.patch(path, {"op": "remove", "path": f'members[value eq "{a}"]'})
        by_value = await client.patch(path, {"op": "remove", "path": "members", "value": [{"value": a}]})
        assert (by_filter.status, by_value.status) == (filter_status, value_status)


async def test_a_target_that_overlooks_the_value_list_empties_the_group() -> None:
    """The hazard of Entra's form on a server that follows RFC 7644 3.5.2.2 to the letter."""
    async with lab_client(member_removal=MemberRemoval.EVERYONE) as client:
        a, b = [await client.create_user(name) for name in "ab"]
        group_id = await client.create_group("G", [a, b])
        await client.patch(
            f"/Groups/{group_id}", {"op": "remove", "path": "members", "value": [{"value": a}]}
        )
        assert await client.members(group_id) == set()


async def test_more_members_than_the_limit_are_400() -> None:
    """The limit is per request, on POST and PATCH."""
    async with lab_client(members_per_request=2) as client:
        ids = [await client.create_user(f"u{number}") for number in range(3)]
        elements = [{"value": user_id} for user_id in ids]
        group_id = await client.create_group("G")
        path = f"/Groups/{group_id}"
        assert (await client.patch(path, {"op": "add", "path": "members", "value": elements})).status == 400
        assert (
            await client.patch(path, {"op": "add", "path": "members", "value": elements[:2]})
        ).status == 204
        assert await client.members(group_id) == set(ids[:2])


@pytest.mark.parametrize(
    ("applied", "title", "nick_name"),
    [
        (PatchApplied.NONE, "Guide", None),
        (PatchApplied.PATHS, "Chief", None),
        (PatchApplied.PATHLESS, "Guide", "B"),
    ],
)
async def test_a_patch_can_be_answered_with_success_and_change_nothing(
    applied: PatchApplied, title: str, nick_name: str | None
) -> None:
    """The vice that probation has to find, wholly or for one form."""
    async with lab_client(patch_applied=applied) as client:
        by_path = {"op": "replace", "path": "title", "value": "Chief"}
        document = await _patched(client, by_path, {"op": "add", "value": {"nickName": "B"}})
        assert (document["title"], document.get("nickName")) == (title, nick_name)
