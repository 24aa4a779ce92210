"""Resources built from values by path, and compared by value."""

import copy
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.path import MISSING, PathError, read
from provisor.scim.resource import (
    ENTERPRISE_SCHEMA,
    GROUP_SCHEMA,
    USER_SCHEMA,
    build,
    copied,
    fold,
    same_key,
    same_value,
)

BADGE = "urn:acme:badge:1.0"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


def test_a_user_is_built_with_the_schemas_that_it_uses():
    """Core first, then each extension (RFC 7643, 3.3)."""
    assert build(
        "user",
        {
            "userName": "bjensen",
            "name.givenName": "Barbara",
            "name.familyName": "Jensen",
            'emails[type eq "work"].value': "b@example.com",
            'emails[type eq "work"].primary': True,
            'emails[type eq "home"].value': "babs@jensen.org",
            'addresses[type eq "work"].locality': "Hollywood",
            "active": False,
            f"{ENTERPRISE_SCHEMA}:department": "Tours",
            f"{ENTERPRISE_SCHEMA}:manager.value": "26118915",
            f"{BADGE}:colour": "red",
            f"{USER_SCHEMA}:title": "Guide",
            "nickName": MISSING,
        },
    ) == {
        "schemas": [USER_SCHEMA, BADGE, ENTERPRISE_SCHEMA],
        "userName": "bjensen",
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [
            {"type": "work", "value": "b@example.com", "primary": True},
            {"type": "home", "value": "babs@jensen.org"},
        ],
        "addresses": [{"type": "work", "locality": "Hollywood"}],
        "active": False,
        ENTERPRISE_SCHEMA: {"department": "Tours", "manager": {"value": "26118915"}},
        BADGE: {"colour": "red"},
        "title": "Guide",
    }


def test_a_group_is_built_without_extensions():
    """The schemas are those of the group alone."""
    assert build("group", {"displayName": "Tour Guides"}) == {
        "schemas": [GROUP_SCHEMA],
        "displayName": "Tour Guides",
    }


def test_whole_values_and_their_parts_go_together():
    """A list that a rule gives as a whole can be refined by another, and the given list stays as it was."""
    emails = [{"type": "work", "value": "old"}]
    body = build(
        "user",
        {"emails": emails, 'emails[type eq "work"].value': "new", ENTERPRISE_SCHEMA: {"division": "x"}},
    )
    assert body["emails"] == [{"type": "work", "value": "new"}]
    assert body[ENTERPRISE_SCHEMA] == {"division": "x"}
    assert emails == [{"type": "work", "value": "old"}]


def test_what_cannot_be_built_is_an_error():
    """A path that is none, and an element that nobody can imagine."""
    with pytest.raises(PathError):
        build("user", {"1name": "x"})
    with pytest.raises(PathError):
        build("user", {'emails[type ne "work"].value': "x"})


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "userName",
                "name.givenName",
                "name.familyName",
                "title",
                'emails[type eq "work"].value',
                'emails[type eq "home"].value',
                'emails[type eq "home"].display',
                "active",
                f"{ENTERPRISE_SCHEMA}:department",
                f"{ENTERPRISE_SCHEMA}:manager.value",
                f"{BADGE}:colour",
            ]
        ),
        st.text() | st.booleans(),
    )
)
def test_every_value_can_be_read_from_what_was_built(values):
    """Build and read are each other's inverse."""
    body = build("user", values)
    assert {path: read(body, path) for path in values} == values


@pytest.mark.parametrize(
    ("path", "one", "other", "same"),
    [
        ("displayName", "Ann", "Ann", True),
        ("displayName", "Ann", "ann", False),
        ("displayName", "True", "true", False),
        ("displayName", "1", 1, False),
        ("active", True, "True", True),
        ("active", "true", "True", True),
        ("active", False, "True", False),
        ("active", True, 1, False),
        ("active", "yes", "yes", True),
        ("urn:x:1.0:level", 1, 1.0, True),
        ("urn:x:1.0:level", 1, True, False),
        ("urn:x:1.0:flag", "False", False, True),
        ("name", {"a": "1", "B": "2"}, {"b": "2", "a": "1"}, True),
        ("name", {"a": "1", "b": None}, {"a": "1"}, True),
        ("name", {"a": "1"}, {"a": "2"}, False),
        ("emails", [{"value": "1"}, {"value": "2"}], [{"value": "2"}, {"value": "1"}], True),
        (
            "emails",
            [{"value": "1", "primary": "True"}, {"value": "2"}],
            [{"value": "2"}, {"primary": True, "value": "1"}],
            True,
        ),
        ("emails", [{"value": "1"}, {"value": "1"}], [{"value": "1"}, {"value": "2"}], False),
        ("emails", [{"value": "1"}], [{"value": "1"}, {"value": "1"}], False),
        ("tags", [1.0, "a"], ["a", 1], True),
        ("emails", [], None, True),
        ("emails", MISSING, None, True),
        ("emails", MISSING, [{"value": "1"}], False),
        ("nickName", "", MISSING, False),
        ("nickName", "x", None, False),
    ],
)
def test_values_are_the_same_when_they_mean_the_same(path, one, other, same):
    """Order says nothing, spelled booleans are booleans, strings are exact (rule R5: no rewrite loop)."""
    assert same_value(path, one, other) is same
    assert same_value(path, other, one) is same


def shuffled(value, randomly):
    if isinstance(value, dict):
        items = list(value.items())
        randomly.shuffle(items)
        return {key: shuffled(each, randomly) for key, each in items}
    if isinstance(value, list):
        return randomly.sample([shuffled(each, randomly) for each in value], len(value))
    return value


@given(JSON, st.integers())
def test_no_order_makes_a_difference(value, seed):
    """Whatever the depth."""
    assert same_value("x", value, shuffled(copy.deepcopy(value), random.Random(seed)))


@given(JSON, JSON)
def test_sameness_is_symmetric(one, other):
    """Neither side is the right one."""
    assert same_value("x", one, other) is same_value("x", other, one)


def test_r16_long_lists_in_another_order_compare_in_one_go():
    """20,000 elements: counted, not searched for one by one."""
    elements = [{"value": str(number), "type": "x"} for number in range(20_000)]
    assert same_value("roles", elements, elements[::-1])
    assert not same_value("roles", elements, [*elements[1:], {"value": "other", "type": "x"}])


@pytest.mark.parametrize(
    ("path", "one", "other", "same"),
    [
        ("userName", "BJensen", "bjensen", True),
        ("username", "STRASSE", "straße", True),
        ("userName", "ﬁn", "FIN", True),
        ("userName", "bjensen", "bjensen2", False),
        ("displayName", "Café", "CAFE\u0301", True),
        ('emails[type eq "work"].value', "B@X", "b@x", True),
        ("emails.value", "B@X", "b@x", True),
        ("externalId", "Ab", "ab", False),
        ("id", "Ab", "ab", False),
        ("id", "ab", "ab", True),
        ("employeeNumber", "a1", "A1", False),
        (f"{ENTERPRISE_SCHEMA}:userName", "a", "A", False),
        ("userName", None, "x", False),
        ("userName", MISSING, MISSING, True),
        ("userName", 1, "1", False),
    ],
)
def test_r02_the_value_of_a_search_hit_is_rechecked_by_the_rule_of_its_attribute(path, one, other, same):
    """Names fold, ids do not: an application may ignore the filter or return near matches."""
    assert same_key(path, one, other) is same


@given(st.text())
def test_folding_twice_changes_nothing(text):
    """A stored folded name can be compared with a fresh one."""
    assert fold(fold(text)) == fold(text)


@given(JSON)
def test_a_copy_is_equal_and_shares_nothing(value):
    """A change to the copy never reaches the original."""
    twin = copied(value)
    assert twin == value
    assert not isinstance(value, dict | list) or twin is not value
