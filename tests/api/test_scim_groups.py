"""/Groups: members of both kinds, as deltas and as a whole."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisor.audit.actor import SYSTEM
from provisor.directory.groups import everyone
from provisor.directory.models import Membership, User
from provisor.directory.users import create_users
from tests.api.conftest import Caller
from tests.api.test_scim_protocol import is_scim_error
from tests.api.test_scim_users import patch


@pytest.fixture
def users(scim: Caller) -> list[str]:
    """The ids of three users."""
    return [scim("POST", "/Users", {"userName": name}).body["id"] for name in ("anna", "bert", "cleo")]


def make(scim: Caller, name: str, *members: str) -> str:
    body = {"displayName": name, "members": [{"value": each} for each in members]}
    found: str = scim("POST", "/Groups", body).body["id"]
    return found


def members(scim: Caller, group: str) -> set[str]:
    return {each["value"] for each in scim("GET", f"/Groups/{group}").body.get("members", [])}


def test_a_group_is_created_with_users_and_groups(scim: Caller, users: list[str]) -> None:
    """Members say what they are and where; the document satisfies scim2-models."""
    from scim2_models import Context, Group

    inner = make(scim, "Inner")
    answer = scim(
        "POST",
        "/Groups",
        {"displayName": "G", "externalId": "e", "members": [{"value": users[0]}, {"value": inner}]},
    )
    assert answer.status == 201
    shown = {each["value"]: each for each in answer.body["members"]}
    assert shown[users[0]]["type"] == "User"
    assert shown[inner]["type"] == "Group"
    assert shown[inner]["$ref"].endswith(f"/Groups/{inner}")
    assert scim("GET", f"/Groups/{answer.body['id']}").body == answer.body
    Group.model_validate(answer.body, scim_ctx=Context.RESOURCE_CREATION_RESPONSE)


def test_an_unknown_member_stops_the_whole_group(scim: Caller, users: list[str]) -> None:
    """400 invalidValue, and no group without its members is left behind."""
    body = {"displayName": "G", "members": [{"value": users[0]}, {"value": "nobody"}]}
    assert is_scim_error(scim("POST", "/Groups", body), 400, "invalidValue")
    assert scim("GET", '/Groups?filter=displayName eq "G"').body["totalResults"] == 0


@pytest.mark.parametrize(
    "shape",
    [
        lambda one: {"op": "add", "path": "members", "value": [{"value": one}]},
        lambda one: {"op": "Add", "path": "members", "value": [{"$ref": None, "value": one}]},
        lambda one: {"op": "add", "path": "members", "value": {"value": one, "display": "x"}},
        lambda one: {"op": "add", "path": "members", "value": [one]},
        lambda one: {"op": "add", "value": {"members": [{"value": one}]}},
        lambda one: {
            "op": "add",
            "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members",
            "value": [{"value": one}],
        },
    ],
)
def test_a_member_is_added_in_every_shape(scim: Caller, users: list[str], shape) -> None:
    """Microsoft Entra, Okta and the RFC mean the same; 204, and who is there stays."""
    group = make(scim, "G", users[0])
    answer = scim("PATCH", f"/Groups/{group}", patch(shape(users[1])))
    assert (answer.status, answer.content) == (204, b"")
    assert members(scim, group) == set(users[:2])


@pytest.mark.parametrize(
    "shape",
    [
        lambda one: {"op": "remove", "path": f'members[value eq "{one}"]'},
        lambda one: {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": one}]},
        lambda one: {"op": "remove", "path": "members", "value": [{"value": one}]},
        lambda _: {"op": "remove", "path": 'members[display eq "ANNA"]'},
        lambda one: {"op": "remove", "path": f'members[value eq "{one}" or value eq "nobody"]'},
    ],
)
def test_a_member_is_removed_in_every_shape(scim: Caller, users: list[str], shape) -> None:
    """Only that one goes; doing it again changes nothing and is no error."""
    group = make(scim, "G", *users)
    for _ in range(2):
        assert scim("PATCH", f"/Groups/{group}", patch(shape(users[0]))).status == 204
        assert members(scim, group) == set(users[1:])


def test_operations_on_members_count_in_their_order(scim: Caller, users: list[str]) -> None:
    """The last word on a member wins; Okta sends removal and addition together."""
    group, (one, two, three) = make(scim, "G", users[0]), users
    answer = scim(
        "PATCH",
        f"/Groups/{group}",
        patch(
            {"op": "remove", "path": f'members[value eq "{one}"]'},
            {"op": "add", "path": "members", "value": [{"value": one}, {"value": two}, {"value": three}]},
            {"op": "remove", "path": f'members[value eq "{three}"]'},
        ),
    )
    assert answer.status == 204
    assert members(scim, group) == {one, two}


def test_members_are_replaced_and_removed_as_a_whole(scim: Caller, users: list[str]) -> None:
    """`replace` and `remove` without a filter mean the whole list, groups included."""
    inner = make(scim, "Inner")
    group = make(scim, "G", users[0], inner)
    scim(
        "PATCH",
        f"/Groups/{group}",
        patch({"op": "replace", "path": "members", "value": [{"value": users[2]}]}),
    )
    assert members(scim, group) == {users[2]}
    scim("PATCH", f"/Groups/{group}", patch({"op": "remove", "path": "members"}))
    assert members(scim, group) == set()


def test_a_rename_and_members_travel_in_one_patch(scim: Caller, users: list[str]) -> None:
    """Okta's rename names the id; with `attributes` the answer is the group."""
    group = make(scim, "G")
    body = patch(
        {"op": "replace", "value": {"id": group, "displayName": "New"}},
        {"op": "add", "path": "members", "value": [{"value": users[0]}]},
    )
    answer = scim("PATCH", f"/Groups/{group}?attributes=displayName,members", body)
    assert answer.status == 200
    assert answer.body["displayName"] == "New"
    assert [each["value"] for each in answer.body["members"]] == [users[0]]


def test_one_bad_operation_leaves_the_members_alone(scim: Caller, users: list[str]) -> None:
    """A PATCH is all or nothing across name and members."""
    group = make(scim, "G")
    body = patch(
        {"op": "add", "path": "members", "value": [{"value": users[0]}]},
        {"op": "replace", "path": "displayName", "value": ""},
    )
    assert is_scim_error(scim("PATCH", f"/Groups/{group}", body), 400, "invalidValue")
    assert members(scim, group) == set()


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": 'members[value eq "x"].display', "value": "y"}, "mutability"),
        ({"op": "add", "path": "members", "value": [{"display": "no id"}]}, "invalidValue"),
        ({"op": "add", "path": "members", "value": [{"value": "nobody"}]}, "invalidValue"),
        ({"op": 5, "path": "members", "value": []}, "invalidSyntax"),
    ],
)
def test_a_bad_change_of_members_has_its_scim_type(
    scim: Caller, operation: dict[str, object], scim_type: str
) -> None:
    """The scimType of RFC 7644, table 9."""
    group = make(scim, "G")
    assert is_scim_error(scim("PATCH", f"/Groups/{group}", patch(operation)), 400, scim_type)


def test_a_group_inside_itself_is_refused(scim: Caller) -> None:
    """A circle is an invalid value, with the directory's sentence."""
    inner = make(scim, "Inner")
    outer = make(scim, "Outer", inner)
    body = patch({"op": "add", "path": "members", "value": [{"value": outer}]})
    assert is_scim_error(scim("PATCH", f"/Groups/{inner}", body), 400, "invalidValue")


def test_put_replaces_members_of_both_kinds(scim: Caller, users: list[str]) -> None:
    """What PUT leaves out is cleared (RFC 7644, 3.5.1), the members too."""
    inner = make(scim, "Inner")
    group = make(scim, "G", users[0], inner)
    scim("PUT", f"/Groups/{group}", {"displayName": "G", "members": [{"value": users[1]}]})
    assert members(scim, group) == {users[1]}
    assert scim("PUT", f"/Groups/{group}", {"displayName": "G"}).status == 200
    assert members(scim, group) == set()


def test_the_version_of_a_group_counts_its_members(scim: Caller, users: list[str]) -> None:
    """A stale If-Match is refused after somebody joined."""
    group = make(scim, "G")
    tag = scim("GET", f"/Groups/{group}").headers["ETag"]
    change = patch({"op": "add", "path": "members", "value": [{"value": users[0]}]})
    after = scim("PATCH", f"/Groups/{group}", change, If_Match=tag).headers["ETag"]
    assert after == scim("GET", f"/Groups/{group}").headers["ETag"] != tag
    assert is_scim_error(scim("PATCH", f"/Groups/{group}", change, If_Match=tag), 412)


def test_everyone_is_not_edited_by_hand(scim: Caller, users: list[str]) -> None:
    """The built-in group is shown like any other, and refuses changes with 403."""
    group = str(everyone().id)
    assert members(scim, group) == set(users)
    change = patch({"op": "remove", "path": f'members[value eq "{users[0]}"]'})
    assert is_scim_error(scim("PATCH", f"/Groups/{group}", change), 403)
    assert is_scim_error(scim("DELETE", f"/Groups/{group}"), 403)


def test_one_change_of_a_large_group_reads_none_of_the_others(scim: Caller) -> None:
    """Adding one to a thousand takes the queries of adding one to one."""
    create_users([{"userName": f"u{n}"} for n in range(1002)], actor=SYSTEM)
    crowd = [str(each) for each in User.objects.order_by("pk").values_list("pk", flat=True)]
    small, large = make(scim, "Small", crowd[0]), make(scim, "Large", *crowd[:1000])
    counts = []
    for group in (small, large):
        with CaptureQueriesContext(connection) as queries:
            body = patch({"op": "add", "path": "members", "value": [{"value": crowd[1001]}]})
            assert scim("PATCH", f"/Groups/{group}", body).status == 204
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Membership.objects.filter(group_id=large).count() == 1001
