"""Filters: the grammar of RFC 7644, 3.4.2.2, its limits, and what a filter matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.filter import FilterError, equality, matches, parse_filter

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
JENSEN = {
    "id": "2819c223",
    "externalId": "Ab1",
    "userName": "bjensen",
    "title": "Tour Guide",
    "userType": "Employee",
    "active": True,
    "logins": 7,
    "name": {"familyName": "O'Malley"},
    "emails": [
        {"type": "work", "value": "bjensen@example.com"},
        {"type": "home", "value": "babs@jensen.org"},
    ],
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "meta": {"lastModified": "2011-05-13T04:42:34Z", "resourceType": "User"},
    "nickName": "",
    "groups": [],
    ENTERPRISE: {"department": "Tours", "manager": {"value": "26118915"}},
}

FIGURE_2 = [
    ('userName eq "bjensen"', True),
    ('name.familyName co "O\'Malley"', True),
    ('userName sw "J"', False),
    ('urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B"', True),
    ("title pr", True),
    ('meta.lastModified gt "2011-05-13T04:42:34Z"', False),
    ('meta.lastModified ge "2011-05-13T04:42:34Z"', True),
    ('meta.lastModified lt "2011-05-13T04:42:34Z"', False),
    ('meta.lastModified le "2011-05-13T04:42:34Z"', True),
    ('title pr and userType eq "Employee"', True),
    ('title pr or userType eq "Intern"', True),
    ('schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"', True),
    ('userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', True),
    ('userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")', False),
    ('userType eq "Employee" and (emails.type eq "work")', True),
    ('userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', True),
    (
        'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
        True,
    ),
]


@pytest.mark.parametrize(("text", "expected"), FIGURE_2)
def test_the_filters_of_rfc_7644_figure_2(text, expected):
    """Each is read, its canonical text is the same filter, and it matches as the RFC says."""
    found = parse_filter(text)
    assert parse_filter(str(found)) == found
    assert matches(found, JENSEN) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('USERNAME EQ "BJENSEN"', True),
        ('externalId eq "ab1"', False),
        ('externalId eq "Ab1"', True),
        ('id eq "2819C223"', False),
        ('emails[type eq "work"].value eq "BJENSEN@example.com"', True),
        ('emails[type eq "home"].value eq "bjensen@example.com"', False),
        ('emails[type eq "home" and value co "@example.com"]', False),
        (f'{ENTERPRISE}:department eq "tours"', True),
        (f'{ENTERPRISE}:manager eq "26118915"', True),
        (f"{ENTERPRISE}:manager.value pr", True),
        ("active eq true", True),
        ('active eq "True"', True),
        ("active ne false", True),
        ("logins gt 6.5", True),
        ("logins eq 7", True),
        ('logins eq "7"', False),
        ("logins co 7", False),
        ("nickName pr", False),
        ("groups pr", False),
        ("nickName eq null", True),
        ("title ne null", True),
        ("title eq null", False),
        ('missing ne "x"', True),
        ('userName ew "sen"', True),
        ('not (userName eq "x")', True),
        ('meta.lastModified gt "2011-05-13T06:42:33+02:00"', True),
        ('meta.lastModified gt "yesterday"', False),
        ('a pr or title pr and userName eq "x"', False),
        ('(title pr or a pr) and userName eq "bjensen"', True),
        (ENTERPRISE + " pr", True),
    ],
)
def test_matching_beyond_the_figure(text, expected):
    """Case rules, precedence, null, booleans, moments, and Entra's filtered comparison."""
    assert matches(parse_filter(text), JENSEN) is expected


def test_members_match_to_the_letter_inside_brackets():
    """Ids are case-exact, also where the path only says "value"."""
    group = {"members": [{"value": "Abc"}]}
    assert matches(parse_filter('members[value eq "Abc"]'), group)
    assert not matches(parse_filter('members[value eq "abc"]'), group)
    assert not matches(parse_filter('members.value eq "abc"'), group)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        'userName is "x"',
        'userName eq "x',
        "userName eq x",
        "userName eq 01",
        "(a pr",
        "a pr)",
        "a pr and",
        "and a pr",
        "a pr b pr",
        "not a pr",
        'a eq "\\q"',
        "active gt true",
        "a lt null",
        "a[b pr",
        "a[b[c pr]]",
        "a eq 1e999",
        "a eq " + "9" * 65,
        "a pr or or b pr",
        "eq eq",
        '"a" eq "b"',
        "a.b.c pr",
        "a eq [1]",
    ],
)
def test_what_is_no_filter_is_refused_with_its_place(text):
    """The reason is a sentence, the position lies in the text."""
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert 0 <= caught.value.position <= len(text)
    assert caught.value.reason.endswith(".")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("(" * 4000 + "a pr" + ")" * 4000, "nested"),
        ("not (" * 1000 + "a pr" + ")" * 1000, "nested"),
        ("(" * 8192, "nested"),
        (" or ".join(["a pr"] * 300), "parts"),
        (" and ".join(['a eq "x"'] * 201), "parts"),
        ('a eq "' + "x" * 8192 + '"', "8192 characters"),
        ("a" * 8193, "8192 characters"),
    ],
)
def test_r16_a_hostile_filter_is_refused(text, word):
    """Depth, parts and length are bounded; there is no RecursionError."""
    with pytest.raises(FilterError, match=word):
        parse_filter(text)


def test_a_filter_at_the_limits_is_read_and_applied():
    """50 brackets, and a row of parts that stays within 200."""
    assert matches(parse_filter("(" * 50 + "title pr" + ")" * 50), JENSEN)
    assert matches(parse_filter(" or ".join(["a pr"] * 198 + ["title pr"])), JENSEN)


@given(st.text())
def test_equality_reads_back_and_matches_exactly_its_value(value):
    """Whatever quotes, backslashes, control or non-Latin characters it has; and it can be sent."""
    text = equality("externalId", value)
    found = parse_filter(text) if len(text) <= 8192 else None
    assert found is not None
    assert matches(found, {"externalId": value})
    assert not matches(found, {"externalId": value + "x"})
    text.encode()


@given(st.text(max_size=20), st.text(max_size=20))
def test_equality_matches_no_other_value(value, other):
    """No value can be written so that the filter means something else."""
    assert matches(parse_filter(equality("id", value)), {"id": other}) is (value == other)


@pytest.mark.parametrize(
    "value", ['bj"x', "back\\slash", "line\nfeed", "\x00", "Žižek", "日本", "\ud800", '" or title pr']
)
def test_equality_escapes(value):
    """A closing quote in a value does not close the string."""
    assert matches(parse_filter(equality("externalId", value)), {"externalId": value})
    assert not matches(parse_filter(equality("externalId", value)), {"title": "x"})


def test_equality_is_written_as_the_rfc_writes_it():
    """Letters stay letters; only what JSON must escape is escaped."""
    assert equality("userName", 'bj"x') == 'userName eq "bj\\"x"'
    assert equality("active", True) == "active eq true"
    assert equality('emails[type eq "work"].value', "é@x") == 'emails[type eq "work"].value eq "é@x"'


@given(st.text(alphabet='abc ()[]"\\.eqproandnt1-', max_size=60))
def test_any_text_is_a_filter_or_a_filter_error(text):
    """And what is a filter, is the same one in its canonical text, and can be applied."""
    try:
        found = parse_filter(text)
    except FilterError:
        return
    assert parse_filter(str(found)) == found
    matches(found, JENSEN)
