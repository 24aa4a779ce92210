"""PATCH bodies: what is sent for which change, in each dialect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.capabilities import Dialect
from provisor.scim.patch import (
    Change,
    add_members_body,
    apply_patch,
    element_of,
    members_per_removal,
    overlay,
    patch_bodies,
    patch_body,
    remove_members_body,
)
from provisor.scim.path import MISSING
from provisor.scim.resource import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA, build, same_value

RFC = Dialect()
PATHLESS = Dialect(patch_form="pathless")
WORK = 'emails[type eq "work"]'
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def operations(changes, dialect=RFC):
    body = patch_body(changes, dialect, "user")
    assert body["schemas"] == [PATCH_OP]
    return body["Operations"]


def test_r05_all_changes_go_in_one_patch_with_an_operation_for_each_path():
    """Booleans are JSON booleans."""
    changes = [Change("displayName", "Babs"), Change("name.givenName", "Barbara"), Change("active", False)]
    assert operations(changes) == [
        {"op": "replace", "path": "displayName", "value": "Babs"},
        {"op": "replace", "path": "name.givenName", "value": "Barbara"},
        {"op": "replace", "path": "active", "value": False},
    ]


def test_r04_a_removed_attribute_is_removed():
    """Absence is a value."""
    assert operations([Change("title", MISSING), Change(f"{ENTERPRISE_SCHEMA}:department", MISSING)]) == [
        {"op": "remove", "path": "title"},
        {"op": "remove", "path": f"{ENTERPRISE_SCHEMA}:department"},
    ]


def test_an_acknowledged_element_is_replaced_in_place():
    """Its sub-attributes are changed by path."""
    assert operations([Change(f"{WORK}.value", "b@x"), Change(f"{WORK}.display", MISSING)]) == [
        {"op": "replace", "path": f"{WORK}.value", "value": "b@x"},
        {"op": "remove", "path": f"{WORK}.display"},
    ]


def test_a_new_element_is_added_whole():
    """`replace` with a filter that selects nothing is 400 noTarget (RFC 7644, 3.5.2.3)."""
    changes = [
        Change(f"{WORK}.value", "b@x", exists=False),
        Change("title", "Guide"),
        Change(f"{WORK}.primary", True, exists=False),
        Change('emails[type eq "home"].value', "b@home", exists=False),
    ]
    assert operations(changes) == [
        {
            "op": "add",
            "path": "emails",
            "value": [
                {"type": "work", "value": "b@x", "primary": True},
                {"type": "home", "value": "b@home"},
            ],
        },
        {"op": "replace", "path": "title", "value": "Guide"},
    ]


def test_one_known_sub_attribute_means_that_the_element_is_there():
    """Otherwise there would be two work addresses."""
    changes = [Change(f"{WORK}.display", "B", exists=False), Change(f"{WORK}.value", "b@x", exists=True)]
    assert [each["op"] for each in operations(changes)] == ["replace", "replace"]


def test_r04_the_removal_of_its_value_removes_the_element():
    """An e-mail without an address is nothing."""
    assert operations([Change(f"{WORK}.value", MISSING), Change(f"{WORK}.primary", MISSING)]) == [
        {"op": "remove", "path": WORK}
    ]


def test_a_new_element_that_is_removed_again_needs_no_operation():
    """There is nothing to remove, so there is no PATCH."""
    assert patch_bodies([Change(f"{WORK}.value", MISSING, exists=False)], RFC, "user") == []


def test_an_element_that_the_filter_does_not_describe_is_left_to_the_application():
    """Only it can say what `type ne "x"` would be."""
    path = 'emails[type ne "home"].value'
    assert operations([Change(path, "x", exists=False)]) == [{"op": "add", "path": path, "value": "x"}]


def test_an_element_can_be_given_as_a_whole():
    """A rule whose target is the element itself."""
    assert operations([Change(WORK, {"value": "x", "display": "X"}, exists=False)]) == [
        {"op": "add", "path": "emails", "value": [{"type": "work", "value": "x", "display": "X"}]}
    ]


def test_a_manager_is_a_complex_value():
    """In RFC form, replaced as a whole and removed as a whole."""
    path = f"{ENTERPRISE_SCHEMA}:manager"
    assert operations([Change(f"{path}.value", "9")]) == [
        {"op": "replace", "path": path, "value": {"value": "9"}}
    ]
    assert operations([Change(f"{path}.value", MISSING)]) == [{"op": "remove", "path": path}]
    assert operations([Change(f"{path}.value", "9"), Change(f"{path}.$ref", "/Users/9")]) == [
        {"op": "replace", "path": path, "value": {"value": "9", "$ref": "/Users/9"}}
    ]


def test_the_pathless_form_joins_single_values_with_dotted_keys():
    """As Okta and Entra send it; filters and removals keep their path."""
    changes = [
        Change("active", False),
        Change("title", MISSING),
        Change("name.givenName", "B"),
        Change(f"{WORK}.value", "b@x"),
        Change('emails[type eq "home"].value', "h@x", exists=False),
        Change(f"{ENTERPRISE_SCHEMA}:department", "Tours"),
        Change(f"{ENTERPRISE_SCHEMA}:manager.value", "9"),
    ]
    assert operations(changes, PATHLESS) == [
        {
            "op": "replace",
            "value": {
                "active": False,
                "name.givenName": "B",
                f"{ENTERPRISE_SCHEMA}:department": "Tours",
                f"{ENTERPRISE_SCHEMA}:manager": {"value": "9"},
            },
        },
        {"op": "remove", "path": "title"},
        {"op": "replace", "path": f"{WORK}.value", "value": "b@x"},
        {"op": "add", "path": "emails", "value": [{"type": "home", "value": "h@x"}]},
    ]


@pytest.mark.parametrize("form", ["paths", "pathless"])
def test_string_booleans_go_as_entra_spells_them(form):
    """At any depth, and only booleans."""
    dialect = Dialect(booleans="string", patch_form=form)
    changes = [Change("active", False), Change("emails", [{"value": "x", "primary": True, "weight": 1}])]
    text = str(operations(changes, dialect))
    assert "'False'" in text
    assert "'primary': 'True'" in text
    assert "'weight': 1" in text


def test_operations_beyond_the_limit_go_in_further_patches():
    """Sentry takes 100, FortiIdentity 8 fields."""
    changes = [Change(path, "x") for path in ("title", "nickName", "locale", "timezone", "userType")]
    bodies = patch_bodies(changes, Dialect(patch_operations_max=2), "user")
    assert [len(each["Operations"]) for each in bodies] == [2, 2, 1]
    assert len(patch_bodies(changes, RFC, "user")) == 1
    assert patch_bodies([], RFC, "user") == []


def test_a_patch_without_a_change_is_a_mistake():
    """An empty PATCH is an error of the RFC, and a request for nothing (rule R3)."""
    with pytest.raises(ValueError, match="at least one change"):
        patch_body([], RFC, "user")


def test_r06_members_are_added_by_value():
    """With the type and display that the profile asks for."""
    assert add_members_body(["1", "2"], RFC)["Operations"] == [
        {"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "2"}]}
    ]
    webex = Dialect(member_type="user", member_display=True)
    assert add_members_body(["1", "2"], webex, {"1": "Ann"})["Operations"][0]["value"] == [
        {"value": "1", "type": "user", "display": "Ann"},
        {"value": "2", "type": "user", "display": "2"},
    ]


def test_r06_one_joining_member_costs_less_than_400_bytes():
    """The budget of design section 9."""
    assert len(str(add_members_body(["2819c223-7f76-453a-919d-413861904646"], RFC))) < 400


def test_r06_members_are_removed_one_by_one_in_rfc_form():
    """Ids are escaped: none of them can select another member."""
    assert remove_members_body(["1", 'a"b\\'], RFC)["Operations"] == [
        {"op": "remove", "path": 'members[value eq "1"]'},
        {"op": "remove", "path": 'members[value eq "a\\"b\\\\"]'},
    ]


def test_r06_members_are_removed_by_value_only_where_the_profile_says_so():
    """Elsewhere this form empties the group."""
    assert remove_members_body(["1", "2"], Dialect(member_remove_form="value"))["Operations"] == [
        {"op": "remove", "path": "members", "value": [{"value": "1"}, {"value": "2"}]}
    ]


@pytest.mark.parametrize(
    ("dialect", "limit"),
    [
        (RFC, 100),
        (Dialect(patch_operations_max=20), 20),
        (Dialect(patch_operations_max=20, member_remove_form="value"), 100),
        (Dialect(patch_operations_max=500), 100),
    ],
)
def test_r06_a_removal_keeps_to_both_limits(dialect, limit):
    """With filters each member is an operation of its own."""
    assert members_per_removal(dialect) == limit


def test_r15_members_are_added_without_a_path_where_paths_are_overlooked():
    """RFC 7644, 3.5.2.1: without a path, the value names the attribute; it adds the same members."""
    dialect = Dialect(member_add_form="pathless")
    body = add_members_body(["1"], dialect)
    assert body["Operations"] == [{"op": "add", "value": {"members": [{"value": "1"}]}}]
    group = {"schemas": [GROUP_SCHEMA], "members": [{"value": "0"}]}
    grown = apply_patch(group, body, kind="group")
    assert [each["value"] for each in grown["members"]] == ["0", "1"]


@pytest.mark.parametrize("form", ["filter", "value"])
@given(ids=st.lists(st.text(max_size=8), unique=True, min_size=1), others=st.lists(st.text(max_size=8)))
def test_r06_members_come_and_go_and_nobody_else(form, ids, others):
    """Adding and removing members leaves exactly the others, in both forms."""
    dialect = Dialect(member_remove_form=form)
    others = sorted(set(others) - set(ids))
    group = {"schemas": [GROUP_SCHEMA], "members": [{"value": each} for each in others]}
    grown = apply_patch(group, add_members_body(ids, dialect), kind="group")
    assert [each["value"] for each in grown["members"]] == others + ids
    shrunk = apply_patch(grown, remove_members_body(ids, dialect), kind="group")
    assert [each["value"] for each in shrunk.get("members", [])] == others


PATHS = [
    "userName",
    "title",
    "name.givenName",
    "name.familyName",
    f"{WORK}.value",
    'emails[type eq "home"].value',
    'addresses[type eq "work"].locality',
    'addresses[type eq "work"].country',
    'phoneNumbers[type eq "work" and primary eq true].value',
    f"{ENTERPRISE_SCHEMA}:department",
    f"{ENTERPRISE_SCHEMA}:manager.value",
    "urn:acme:badge:1.0:colour",
]
values_by_path = st.fixed_dictionaries(
    {"externalId": st.text(min_size=1)},
    optional={"active": st.booleans(), **{path: st.text(min_size=1, max_size=9) for path in PATHS}},
)


def changes_between(old, new):
    there = {element_of(path) for path in old}
    return [
        Change(path, new.get(path, MISSING), exists=element_of(path) in there)
        for path in dict.fromkeys([*old, *new])
        if old.get(path, MISSING) != new.get(path, MISSING)
    ]


@pytest.mark.parametrize("form", ["paths", "pathless"])
@pytest.mark.parametrize("booleans", ["json", "string"])
@given(old=values_by_path, new=values_by_path, size=st.integers(0, 3))
def test_r05_a_patch_makes_the_new_resource_of_the_old(form, booleans, old, new, size):
    """Applied by an RFC server to what was built from the old values it gives what is built from the new."""
    dialect = Dialect(patch_form=form, booleans=booleans, patch_operations_max=size)
    resource = build("user", old)
    for body in patch_bodies(changes_between(old, new), dialect, "user"):
        resource = apply_patch(resource, body, kind="user")
    assert same_value("", resource, build("user", new))


@given(old=values_by_path, new=values_by_path)
def test_r05_a_put_makes_the_new_resource_and_keeps_what_nobody_mapped(old, new):
    """The overlay changes the managed values alone."""
    unmapped = {"nickName": "Babs", "x509Certificates": [{"value": "MII"}]}
    remote = {
        **build("user", old),
        **unmapped,
        "id": "1",
        "meta": {"version": "1"},
        "groups": [{"value": "2"}],
    }
    body = overlay(remote, changes_between(old, new))
    schemas = body.pop("schemas")
    expected = {**build("user", new), **unmapped}
    assert set(schemas) >= set(expected.pop("schemas"))
    assert same_value("", body, expected)


def test_r05_an_overlay_never_changes_what_the_application_returned():
    """Null and read-only attributes are left out, unknown ones stay."""
    remote = {
        "schemas": [USER_SCHEMA, "urn:vendor"],
        "id": "1",
        "Meta": {},
        "groups": [],
        "title": None,
        "emails": [{"type": "work", "value": "a", "vendor": 1}],
        "urn:vendor": {"x": 1},
    }
    body = overlay(remote, [Change(f"{WORK}.value", "b"), Change(f"{ENTERPRISE_SCHEMA}:manager.value", "9")])
    assert body == {
        "schemas": [USER_SCHEMA, "urn:vendor", ENTERPRISE_SCHEMA],
        "emails": [{"type": "work", "value": "b", "vendor": 1}],
        "urn:vendor": {"x": 1},
        ENTERPRISE_SCHEMA: {"manager": {"value": "9"}},
    }
    assert remote["emails"][0]["value"] == "a"


def test_r06_an_overlay_of_a_group_keeps_its_members_and_groups_attribute():
    """A full replacement never drops a member that is really there (rule R6)."""
    remote = {"schemas": [GROUP_SCHEMA], "displayName": "old", "members": [{"value": "1"}], "groups": ["x"]}
    body = overlay(remote, [Change("displayName", "new")])
    assert body == {**remote, "displayName": "new"}
    assert overlay({"schemas": 7}, [Change("displayName", "new")], "group") == {
        "schemas": [GROUP_SCHEMA],
        "displayName": "new",
    }
