"""PATCH bodies of clients, applied to our own resources: the RFC's examples, and Entra's and Okta's shapes."""

import contextlib
import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.errors import ScimError
from provisor.scim.patch import apply_patch
from provisor.scim.resource import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BADGE = "urn:acme:badge:1.0"
MANAGER = f"{ENTERPRISE_SCHEMA}:manager"


def patched(resource, *operations, kind="user"):
    before = copy.deepcopy(resource)
    result = apply_patch(resource, {"schemas": [PATCH_OP], "Operations": list(operations)}, kind=kind)
    assert resource == before
    return result


def refusal(resource, *operations, kind="user"):
    before = copy.deepcopy(resource)
    with pytest.raises(ScimError) as caught:
        apply_patch(resource, {"schemas": [PATCH_OP], "Operations": list(operations)}, kind=kind)
    assert resource == before
    assert caught.value.status == 400
    assert caught.value.detail.endswith((".", ")"))
    return caught.value.scim_type


@pytest.fixture
def user():
    return {
        "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
        "id": "2819c223",
        "userName": "bjensen",
        "active": True,
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [
            {"type": "work", "value": "b@example.com", "primary": True},
            {"type": "home", "value": "babs@jensen.org"},
        ],
        "addresses": [
            {
                "type": "work",
                "streetAddress": "100 Universal City Plaza",
                "locality": "Hollywood",
                "country": "USA",
            },
            {"type": "home", "streetAddress": "456 Hollywood Blvd", "locality": "Hollywood"},
        ],
        ENTERPRISE_SCHEMA: {"department": "Tours", "manager": {"value": "9", "displayName": "Boss"}},
        "meta": {"resourceType": "User", "version": 'W/"1"'},
    }


@pytest.fixture
def group():
    return {
        "schemas": [GROUP_SCHEMA],
        "id": "acbf3ae7",
        "displayName": "Guides",
        "members": [{"value": "1", "display": "Ann"}, {"value": "2"}, {"value": "3"}],
    }


def members(resource):
    return [each["value"] for each in resource.get("members", [])]


# RFC 7644, 3.5.2.1: add.


def test_add_members_appends_and_keeps_those_who_are_there(group):
    """The example of RFC 7644, 3.5.2.1, sent twice: nobody is a member twice."""
    operation = {"op": "add", "path": "members", "value": [{"display": "Babs", "value": "4"}, {"value": "1"}]}
    once = patched(group, operation, kind="group")
    assert members(once) == ["1", "2", "3", "4"]
    assert patched(once, operation, kind="group") == once
    assert once["members"][0] == {"value": "1", "display": "Ann"}


def test_add_without_a_path_adds_attributes_and_elements(user):
    """The second example: a new e-mail and a nickname."""
    result = patched(
        user, {"op": "add", "value": {"emails": [{"value": "new@x", "type": "home"}], "nickName": "Babs"}}
    )
    assert [each["value"] for each in result["emails"]] == ["b@example.com", "babs@jensen.org", "new@x"]
    assert result["nickName"] == "Babs"


def test_add_to_a_complex_attribute_merges(user):
    """What is not named stays."""
    result = patched(user, {"op": "add", "path": "name", "value": {"familyName": "Smith"}})
    assert result["name"] == {"givenName": "Barbara", "familyName": "Smith"}


def test_add_of_a_single_element_makes_a_list(user):
    """Multi-valued attributes are lists, also when a client forgets it."""
    result = patched(user, {"op": "add", "path": "phoneNumbers", "value": {"value": "1", "type": "work"}})
    assert result["phoneNumbers"] == [{"value": "1", "type": "work"}]


def test_add_to_an_element_that_is_not_there_makes_it(user):
    """Entra adds so: Add emails[type eq "other"].value."""
    result = patched(user, {"op": "Add", "path": 'emails[type eq "other"].value', "value": "o@x"})
    assert result["emails"][-1] == {"type": "other", "value": "o@x"}


def test_a_new_primary_value_ends_the_old_one(user):
    """RFC 7644, 3.5.2: the server sets primary to false for the others."""
    result = patched(user, {"op": "add", "path": "emails", "value": [{"value": "n@x", "primary": True}]})
    assert [each.get("primary") for each in result["emails"]] == [False, None, True]
    result = patched(user, {"op": "replace", "path": 'emails[type eq "home"].primary', "value": "True"})
    assert [each.get("primary") for each in result["emails"]] == [False, True]


# RFC 7644, 3.5.2.2: remove.


def test_remove_without_a_value_removes_all_members(group):
    """The RFC's own form for an empty group."""
    assert members(patched(group, {"op": "remove", "path": "members"}, kind="group")) == []


def test_remove_by_a_filter_removes_one_member(group):
    """The RFC's form."""
    result = patched(group, {"op": "remove", "path": 'members[value eq "2"]'}, kind="group")
    assert members(result) == ["1", "3"]


def test_remove_by_a_complex_filter(user):
    """RFC 7644, 3.5.2.2: emails of one type and domain."""
    path = 'emails[type eq "work" and value ew "example.com"]'
    assert [each["type"] for each in patched(user, {"op": "remove", "path": path})["emails"]] == ["home"]


@pytest.mark.parametrize(
    "value", [[{"value": "2"}], {"value": "2"}, [{"$ref": None, "value": "2"}], ["2"], "2"]
)
def test_r06_remove_with_a_value_removes_only_these_members(group, value):
    """Entra's form. Taken for the RFC's it would empty the group, as it does elsewhere."""
    result = patched(group, {"op": "Remove", "path": "members", "value": value}, kind="group")
    assert members(result) == ["1", "3"]


@pytest.mark.parametrize("value", [[], [{"value": "99"}], [{}]])
def test_r06_remove_with_a_value_that_nobody_has_removes_nobody(group, value):
    """An empty list of values is no permission to remove everybody."""
    result = patched(group, {"op": "remove", "path": "members", "value": value}, kind="group")
    assert members(result) == ["1", "2", "3"]


def test_remove_of_what_is_not_there_is_done_already(user, group):
    """Removals may be repeated."""
    assert patched(user, {"op": "remove", "path": "nickName"}) == user
    assert patched(user, {"op": "remove", "path": 'emails[type eq "x"]'}) == user
    assert patched(group, {"op": "remove", "path": 'members[value eq "x"]'}, kind="group") == group


def test_remove_of_a_whole_extension_takes_its_schema_along(user):
    """`schemas` lists what the resource uses (RFC 7643, 3.3)."""
    result = patched(user, {"op": "remove", "path": ENTERPRISE_SCHEMA})
    assert ENTERPRISE_SCHEMA not in result
    assert result["schemas"] == [USER_SCHEMA]


# RFC 7644, 3.5.2.3: replace.


def test_replace_members_replaces_all(group):
    """The first example of RFC 7644, 3.5.2.3."""
    operation = {"op": "replace", "path": "members", "value": [{"value": "7"}, {"value": "8"}]}
    assert members(patched(group, operation, kind="group")) == ["7", "8"]


def test_replace_an_element_replaces_it_whole(user):
    """The second example: the work address."""
    value = {"type": "work", "streetAddress": "911 Universal City Plaza", "country": "US"}
    result = patched(user, {"op": "replace", "path": 'addresses[type eq "work"]', "value": value})
    assert result["addresses"] == [value, user["addresses"][1]]


def test_replace_a_sub_attribute_of_an_element(user):
    """The third example: the street of the work address."""
    path = 'addresses[type eq "work"].streetAddress'
    result = patched(user, {"op": "replace", "path": path, "value": "1010 Broadway Ave"})
    assert result["addresses"][0] == {**user["addresses"][0], "streetAddress": "1010 Broadway Ave"}


def test_replace_without_a_path_replaces_the_named_attributes(user):
    """The fourth example: all e-mails, and a nickname."""
    emails = [{"value": "b2@example.com", "type": "work", "primary": True}]
    result = patched(user, {"op": "replace", "value": {"emails": emails, "nickName": "Babs"}})
    assert (result["emails"], result["nickName"]) == (emails, "Babs")
    assert result["name"] == user["name"]


def test_replace_of_a_complex_attribute_keeps_what_is_not_named(user):
    """RFC 7644, 3.5.2.3: the set of sub-attributes replaces or adds; null removes."""
    result = patched(user, {"op": "replace", "path": "name", "value": {"familyName": "S", "givenName": None}})
    assert result["name"] == {"familyName": "S"}


def test_replace_with_nothing_removes():
    """Null and an empty list are no values (RFC 7643, 2.5)."""
    resource = {"schemas": [USER_SCHEMA], "title": "x", "emails": [{"value": "y"}]}
    result = patched(
        resource,
        {"op": "replace", "path": "title", "value": None},
        {"op": "replace", "path": "emails", "value": []},
    )
    assert result == {"schemas": [USER_SCHEMA]}


def test_replace_with_a_filter_that_selects_nothing_has_no_target(user):
    """RFC 7644, 3.5.2.3."""
    assert refusal(user, {"op": "replace", "path": 'emails[type eq "x"].value', "value": "y"}) == "noTarget"


# Entra and Okta.


def test_entra_capitalises_verbs_and_spells_booleans(user):
    """Without the flag aadOptscim062020."""
    assert patched(user, {"op": "Replace", "path": "active", "value": "False"})["active"] is False
    assert (
        patched(user, {"op": "replace", "path": "active", "value": [{"value": "False"}]})["active"] is False
    )


def test_okta_deactivates_without_a_path(user):
    """The shape of OIN applications."""
    assert patched(user, {"op": "replace", "value": {"active": False}})["active"] is False


def test_okta_renames_a_group_with_its_own_id(group):
    """The id in the value is the one that the group has, so nothing is changed that must not be."""
    result = patched(
        group, {"op": "replace", "value": {"id": "acbf3ae7", "displayName": "New"}}, kind="group"
    )
    assert (result["id"], result["displayName"]) == ("acbf3ae7", "New")


def test_okta_removes_and_adds_members_in_one_patch(group):
    """In the order in which it says so."""
    result = patched(
        group,
        {"op": "remove", "path": 'members[value eq "1"]'},
        {"op": "add", "path": "members", "value": [{"value": "9", "display": "nine"}]},
        kind="group",
    )
    assert members(result) == ["2", "3", "9"]


def test_entra_sends_dotted_keys_and_extension_keys(user):
    """With the flag: several values as one operation without a path."""
    result = patched(
        user,
        {
            "op": "replace",
            "value": {
                "displayName": "Babs",
                "name.givenName": "Babs",
                'emails[type eq "work"].value': "new@x",
                f"{ENTERPRISE_SCHEMA}:employeeNumber": "701984",
                ENTERPRISE_SCHEMA: {"department": "Sales"},
                f"{BADGE}:colour": "red",
                "schemas": ["anything"],
            },
        },
    )
    assert result["displayName"] == "Babs"
    assert result["name"] == {"givenName": "Babs", "familyName": "Jensen"}
    assert result["emails"][0]["value"] == "new@x"
    assert result[ENTERPRISE_SCHEMA]["employeeNumber"] == "701984"
    assert result[ENTERPRISE_SCHEMA]["department"] == "Sales"
    assert result[ENTERPRISE_SCHEMA]["manager"]["value"] == "9"
    assert result[BADGE] == {"colour": "red"}
    assert result["schemas"] == [USER_SCHEMA, BADGE, ENTERPRISE_SCHEMA]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("manager", [{"$ref": "https://x/Users/7", "value": "7"}]),
        (MANAGER, "7"),
        (MANAGER, {"value": "7"}),
        (f"{MANAGER}.value", "7"),
        ("manager.value", "7"),
    ],
)
def test_a_manager_comes_in_many_shapes(user, path, value):
    """Entra's array with a bare path among them; the name of the former manager never stays."""
    manager = patched(user, {"op": "Add", "path": path, "value": value})[ENTERPRISE_SCHEMA]["manager"]
    assert manager["value"] == "7"
    assert "displayName" not in manager


@pytest.mark.parametrize("value", ["", None, [], {"value": ""}])
def test_an_empty_manager_is_none(user, value):
    """Entra clears so."""
    result = patched(user, {"op": "Replace", "path": MANAGER, "value": value})
    assert result[ENTERPRISE_SCHEMA] == {"department": "Tours"}


def test_entra_wraps_single_values_in_lists(group):
    """Older shapes: Replace displayName with [{"$ref": null, "value": "x"}]."""
    operation = {"op": "Replace", "path": "displayName", "value": [{"$ref": None, "value": "New"}]}
    assert patched(group, operation, kind="group")["displayName"] == "New"


def test_an_unknown_extension_can_be_given_whole(user):
    """Its schema need not end like the RFC's own."""
    for name in (BADGE, "urn:acme:badge:1.0:Person"):
        result = patched(user, {"op": "add", "value": {name: {"colour": "red"}}})
        assert result[name] == {"colour": "red"}
        assert name in result["schemas"]
        again = patched(result, {"op": "replace", "path": name, "value": {"colour": "blue"}})
        assert again[name] == {"colour": "blue"}
        assert name not in patched(again, {"op": "replace", "value": {name: None}})


def test_names_of_an_operation_may_be_capitalised(user):
    """Attribute names are case-insensitive, and some clients take that at its word."""
    body = {"operations": [{"Op": "REPLACE", "Path": "TITLE", "Value": "x"}]}
    assert apply_patch(user, body, kind="user")["TITLE"] == "x"


# Refusals.


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"Operations": []},
        {"Operations": "x"},
        {"Operations": [1]},
        {"Operations": [{"op": "move", "path": "a"}]},
        {"Operations": [{"path": "a", "value": 1}]},
        {"Operations": [{"op": 1}]},
        {"schemas": ["x"], "Operations": [{"op": "add", "path": "a", "value": 1}]},
        {"schemas": 1, "Operations": [{"op": "add", "path": "a", "value": 1}]},
    ],
)
def test_a_body_that_is_no_patch_is_bad_syntax(user, body):
    """RFC 7644, table 9: invalidSyntax."""
    with pytest.raises(ScimError) as caught:
        apply_patch(user, body, kind="user")
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidSyntax")


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "remove", "path": "id"}, "mutability"),
        ({"op": "replace", "path": "meta.version", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "schemas", "value": []}, "mutability"),
        ({"op": "replace", "value": {"ID": "x"}}, "mutability"),
        ({"op": "add", "path": "groups", "value": [{"value": "1"}]}, "mutability"),
        ({"op": "remove", "path": USER_SCHEMA}, "mutability"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "path": 'emails[type ne "work" and type ne "home"].value', "value": "x"}, "noTarget"),
        ({"op": "add", "path": "1x", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": 5, "value": "x"}, "invalidPath"),
        ({"op": "add", "path": "emails[" + "(" * 9000, "value": "x"}, "invalidPath"),
        ({"op": "add", "path": "userName.x", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": 'userName[a eq "b"].x', "value": "x"}, "invalidPath"),
        ({"op": "replace", "value": {"a b": 1}}, "invalidPath"),
        ({"op": "replace", "value": {ENTERPRISE_SCHEMA: {f"{BADGE}:x": 1}}}, "invalidPath"),
        ({"op": "replace", "value": "x"}, "invalidValue"),
        ({"op": "replace", "value": {ENTERPRISE_SCHEMA: 5}}, "invalidValue"),
        ({"op": "replace", "path": "title"}, "invalidValue"),
        ({"op": "replace", "path": ENTERPRISE_SCHEMA}, "invalidValue"),
        ({"op": "replace", "path": "active", "value": "maybe"}, "invalidValue"),
        ({"op": "replace", "path": MANAGER, "value": 7}, "invalidValue"),
    ],
)
def test_an_operation_that_cannot_be_done_is_refused_by_its_kind(user, operation, scim_type):
    """RFC 7644, table 9."""
    assert refusal(user, operation) == scim_type


def test_a_patch_is_done_whole_or_not_at_all(user):
    """The first operations of a refused PATCH leave no trace (RFC 7644, 3.5.2)."""
    first = {"op": "replace", "path": "name.givenName", "value": "X"}
    second = {"op": "remove", "path": 'emails[type eq "work"]'}
    assert refusal(user, first, second, {"op": "replace", "path": "id", "value": "x"}) == "mutability"


json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "type", "primary", "x", "$ref", ENTERPRISE_SCHEMA]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
some_paths = st.sampled_from(
    [
        "userName",
        "name",
        "name.x",
        "emails",
        "emails.value",
        'emails[type eq "work"]',
        "emails[value pr].primary",
        'emails[type eq "new"].value',
        "members",
        ENTERPRISE_SCHEMA,
        MANAGER,
        f"{BADGE}:x",
        BADGE,
        "id",
        "active",
        "groups",
    ]
)
some_operations = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "Replace", "REMOVE"])},
        optional={
            "path": some_paths | st.text(max_size=10),
            "value": json_values | st.dictionaries(some_paths, json_values, max_size=3),
        },
    ),
    min_size=1,
    max_size=4,
)


@given(some_operations)
def test_any_operations_give_a_new_resource_or_a_scim_error(operations):
    """Nothing else ever comes out, and the resource that went in is as it was."""
    resource = {
        "schemas": [USER_SCHEMA],
        "id": "1",
        "emails": [{"type": "work", "value": "a", "primary": True}, {"type": "home", "value": "b"}],
        "name": {"givenName": "A"},
        ENTERPRISE_SCHEMA: {"manager": {"value": "9"}},
    }
    before = copy.deepcopy(resource)
    with contextlib.suppress(ScimError):
        result = apply_patch(resource, {"Operations": operations}, kind="user")
        assert result["id"] == "1"
        assert result["schemas"][0] == USER_SCHEMA
    assert resource == before
