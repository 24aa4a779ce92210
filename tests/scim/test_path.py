"""Attribute paths: the grammar of RFC 7644, figure 7, and what they do to a resource."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.path import MISSING, PathError, assign, erase, parse_path, read
from provisor.scim.syntax import AttributePath, Comparison, Operator

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"

names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in {"not", "and", "or", "pr"}
)
schemas = st.sampled_from(
    ["", ENTERPRISE, "urn:acme:badge:1.0", "urn:ietf:params:scim:schemas:extension:x:2.0:User"]
)
literals = (
    st.text(max_size=12)
    | st.booleans()
    | st.none()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)
comparisons = st.builds(
    Comparison,
    st.builds(AttributePath, st.just(""), names),
    st.sampled_from([Operator.EQ, Operator.NE]),
    literals,
)
paths = st.builds(AttributePath, schemas, names, st.none() | comparisons, st.just("") | names)


@pytest.fixture
def jensen():
    return {
        "userName": "bjensen",
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [
            {"type": "work", "value": "bjensen@example.com", "primary": True},
            {"type": "home", "value": "babs@jensen.org"},
        ],
        ENTERPRISE: {"department": "Tours", "manager": {"value": "26118915"}},
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("members", AttributePath("", "members")),
        ("name.familyName", AttributePath("", "name", None, "familyName")),
        (
            'addresses[type eq "work"]',
            AttributePath("", "addresses", Comparison(AttributePath("", "type"), Operator.EQ, "work")),
        ),
        (
            'members[value eq "2819c223"].displayName',
            AttributePath(
                "", "members", Comparison(AttributePath("", "value"), Operator.EQ, "2819c223"), "displayName"
            ),
        ),
        (f"{ENTERPRISE}:manager.value", AttributePath(ENTERPRISE, "manager", None, "value")),
        (f"{ENTERPRISE.upper()}:department", AttributePath(ENTERPRISE, "department")),
        (ENTERPRISE, AttributePath(ENTERPRISE, "")),
        (f"{CORE}:userName", AttributePath("", "userName")),
        ("urn:acme:badge:1.0:colour", AttributePath("urn:acme:badge:1.0", "colour")),
        ("members.$ref", AttributePath("", "members", None, "$ref")),
    ],
)
def test_the_paths_of_the_rfc_are_read(text, expected):
    """The examples of RFC 7644, figure 7, and of section 3.10."""
    assert parse_path(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1name",
        "name.given.first",
        "emails[",
        'emails[type eq "work"',
        'emails[type eq "work"]value',
        "a b",
        "name.",
        ".value",
        'emails[type eq "work"].',
        "emails[]",
        "foo:bar",
        "urn:a:b:1.0",
        'a[b[c eq "d"] eq "e"]',
        "a]",
        'emails[type eq "a" or]',
        f'{ENTERPRISE}[value eq "x"]',
        'name.x[type eq "work"]',
    ],
)
def test_what_is_no_path_is_refused_with_its_place(text):
    """The reason is a sentence, the position lies in the text."""
    with pytest.raises(PathError) as caught:
        parse_path(text)
    assert 0 <= caught.value.position <= len(text)
    assert caught.value.reason.endswith(".")


@given(paths)
def test_the_canonical_text_of_a_path_reads_back_as_the_path(path):
    """parse(str(p)) == p."""
    assert parse_path(str(path)) == path


@given(st.text(max_size=60))
def test_any_text_is_a_path_or_a_path_error(text):
    """Nothing else comes out of the reader."""
    try:
        path = parse_path(text)
    except PathError:
        return
    assert parse_path(str(path)) == path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("userName", "bjensen"),
        ("USERNAME", "bjensen"),
        ("name.givenname", "Barbara"),
        ('emails[type eq "work"].value', "bjensen@example.com"),
        ('emails[TYPE eq "WORK"].VALUE', "bjensen@example.com"),
        ("emails[primary eq true].value", "bjensen@example.com"),
        ("emails.value", ["bjensen@example.com", "babs@jensen.org"]),
        ('emails[type eq "other"].value', MISSING),
        ('emails[type eq "home"]', {"type": "home", "value": "babs@jensen.org"}),
        (f"{ENTERPRISE}:department", "Tours"),
        (f"{ENTERPRISE.lower()}:Department", "Tours"),
        (f"{ENTERPRISE}:manager.value", "26118915"),
        (ENTERPRISE, {"department": "Tours", "manager": {"value": "26118915"}}),
        (f"{CORE}:userName", "bjensen"),
        ("nickName", MISSING),
        ("nickName.x", MISSING),
        ("userName.x", MISSING),
        ("urn:acme:badge:1.0:colour", MISSING),
    ],
)
def test_a_value_is_read_whatever_the_case_of_names(jensen, path, value):
    """Attribute names are case-insensitive (RFC 7643, 2.1)."""
    assert read(jensen, path) == value


def test_null_is_not_missing():
    """An application that returns null said something; one that returns nothing did not."""
    assert read({"members": None}, "members") is None
    assert read({}, "members") is MISSING
    assert not MISSING
    assert repr(MISSING) == "MISSING"


@pytest.mark.parametrize("hostile", [None, 5, "x", [], [None, 1, "x"], {"a": []}])
def test_r16_a_resource_of_the_wrong_shape_reads_as_missing(hostile):
    """Targets return anything."""
    assert read({"emails": hostile}, 'emails[type eq "work"].value') is MISSING
    assert read({"name": hostile}, "name.givenName") is MISSING
    assert read({ENTERPRISE: hostile}, f"{ENTERPRISE}:department") is MISSING


def test_assign_makes_what_is_missing_on_the_way():
    """Complex parents, elements and extensions come into being."""
    resource = {}
    assign(resource, "name.givenName", "Barbara")
    assign(resource, 'emails[type eq "work"].value', "b@example.com")
    assign(resource, f"{ENTERPRISE}:manager.value", "1")
    assign(resource, 'addresses[type eq "home" and primary eq true].locality', "Oslo")
    assert resource == {
        "name": {"givenName": "Barbara"},
        "emails": [{"type": "work", "value": "b@example.com"}],
        ENTERPRISE: {"manager": {"value": "1"}},
        "addresses": [{"type": "home", "primary": True, "locality": "Oslo"}],
    }


def test_assign_changes_what_is_there_under_its_own_name(jensen):
    """No second key in another case, no second element."""
    assign(jensen, "USERNAME", "barbara")
    assign(jensen, 'emails[type eq "work"].value', "new@example.com")
    assign(jensen, 'emails[type eq "home"]', {"display": "Home"})
    assert jensen["userName"] == "barbara"
    assert "USERNAME" not in jensen
    assert jensen["emails"] == [
        {"type": "work", "value": "new@example.com", "primary": True},
        {"type": "home", "value": "babs@jensen.org", "display": "Home"},
    ]


def test_assign_without_a_filter_changes_every_element(jensen):
    """RFC 7644, 3.5.2.3: a multi-valued attribute without a filter means all its values."""
    assign(jensen, "emails.type", "other")
    assert [each["type"] for each in jensen["emails"]] == ["other", "other"]


def test_assign_refuses_to_guess_a_new_element():
    """A filter with "or" does not say what to make."""
    with pytest.raises(PathError, match="does not say what a new one would be"):
        assign({}, 'emails[type eq "work" or type eq "home"].value', "x")


@given(paths.filter(lambda path: path.attribute.lower() != "schemas"), st.text(max_size=5))
def test_what_was_assigned_is_read(path, value):
    """Where an element can be made at all, and unless the path changes what selects it."""
    if path.filter is not None and (path.filter.operator is not Operator.EQ or path.filter.value is None):
        return
    sub_attribute = path.sub_attribute or "value"
    if path.filter is not None and path.filter.path.attribute.lower() == sub_attribute.lower():
        return
    resource = {}
    assign(resource, path, value)
    found = read(resource, path)
    assert (found["value"] if isinstance(found, dict) else found) == value


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("userName", {"userName": MISSING}),
        ('emails[type eq "work"]', {"emails": [{"type": "home", "value": "babs@jensen.org"}]}),
        ('emails[type eq "work"].value', {"emails": [{"type": "home", "value": "babs@jensen.org"}]}),
        ("name.GIVENNAME", {"name": {"familyName": "Jensen"}}),
        ("emails.value", {"emails": MISSING}),
        ("emails", {"emails": MISSING}),
        (f"{ENTERPRISE}:department", {ENTERPRISE: {"manager": {"value": "26118915"}}}),
        (ENTERPRISE, {ENTERPRISE: MISSING}),
    ],
)
def test_erase_takes_the_value_and_what_is_left_empty(jensen, path, expected):
    """No element of nothing but labels stays behind."""
    before = copy.deepcopy(jensen)
    assert erase(jensen, path) is True
    assert jensen == {key: value for key, value in (before | expected).items() if value is not MISSING}


@pytest.mark.parametrize(
    "path", ["nickName", 'emails[type eq "other"]', "name.title", "urn:acme:badge:1.0:colour", CORE]
)
def test_erase_says_when_there_was_nothing(jensen, path):
    """And changes nothing."""
    before = copy.deepcopy(jensen)
    assert erase(jensen, path) is False
    assert jensen == before


def test_an_empty_parent_goes_with_its_last_value():
    """Neither `name: {}` nor an empty extension is a value (RFC 7643, 2.5)."""
    resource = {"name": {"givenName": "B"}, ENTERPRISE: {"manager": {"value": "1"}}}
    erase(resource, "name.givenName")
    erase(resource, f"{ENTERPRISE}:manager.value")
    assert resource == {}
