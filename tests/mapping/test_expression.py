"""Expressions: refused with place and reason when saved, a problem in plain words when they fail."""

import pytest

from provisor.scim.schemas import ENTERPRISE_SCHEMA
from tests.mapping.examples import CUSTOM_SCHEMA, PERSON, expression, mapping, refusal


@pytest.mark.parametrize(
    ("source", "reason", "hint"),
    [
        ("usr.userName", 'Line 1, column 4: "usr.userName" is not known here.', 'Did you mean "user"?'),
        ("slugg('x')", 'Line 1, column 6: "slugg" is not known here.', 'Did you mean "slug"?'),
        ("user.userName +", "Line 1, column 16: the expression ends too early", ""),
        ("user.userName\n  + )", "Line 2, column 5: this is not a valid expression", ""),
        ("'a' + 1", "Line 1, column 5: the operation does not fit", "Convert a value first"),
        ("  ", "The rule has no source", ""),
        ("[" * 40 + "]" * 40, "nested more than 32 levels deep", "Split it up."),
        ("'" + "x" * 10_240 + "'", "10,242 characters, and 10,240 are allowed", "Shorten it"),
        ("user.active == true", 'gives true or false, and "title" needs a text', "string(...)"),
        ("timestamp('2020-01-01T00:00:00Z')", "gives a point in time", "string(...)"),
        ("application.nmae", 'no "nmae" here', "application.name"),
    ],
)
def test_a_faulty_expression_is_refused_with_place_and_reason(source, reason, hint):
    """Saving names the rule, the line and column where they are known, and what to do."""
    problem = refusal(expression(source))
    assert problem.place == "users[6].source"
    assert reason in problem.reason
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("source", "name", "hint"),
    [
        ("user.nmae", "nmae", '"name"'),
        ("user.username", "username", '"userName"'),
        ("user['nmae'].givenName", "nmae", '"name"'),
        ("user.name.givenname", "givenname", '"givenName"'),
        ("has(user.name.midleName) ? 'a' : 'b'", "midleName", '"middleName"'),
        ("user.emails[0].valeu", "valeu", '"value"'),
        ("user.emails.value", "value", 'text["emails.value"]'),
        ("user.emails.filter(e, e.typ == 'work')[0].value", "typ", '"type"'),
        ("user.emails.filter(e, e.type == 'work')[0].valeu", "valeu", '"value"'),
        ("joined(user.emails.map(e, e.vlaue), ',')", "vlaue", '"value"'),
        (f"user['{ENTERPRISE_SCHEMA}'].departmnet", "departmnet", '"department"'),
        (f"user['{CUSTOM_SCHEMA}'].bagde", "bagde", '"badge"'),
        ("text['nickNam']", "nickNam", '"nickName"'),
        ("text.titel", "titel", '"title"'),
        ("text['title | name.famName']", "famName", '"familyName"'),
        ("text['nickname']", "nickname", '"nickName"'),
        ("text['emails']", "emails", "emails.value"),
        ("text['emails[']", "emails[", "name.givenName"),
        ("text[user.title]", "text", 'text["nickName"]'),
        ("user.password", "password", ""),
    ],
)
def test_a_misspelt_field_is_refused_with_the_nearest_name(source, name, hint):
    """CEL cannot know the fields of a user, so references are checked against the directory's attributes."""
    problem = refusal(expression(source))
    assert f'"{name}"' in problem.reason
    assert hint in problem.hint


@pytest.mark.parametrize(
    "source",
    [
        "'user.nmae'",
        "user.userName // user.nmae",
        "user.emails.exists(e, e.type == 'work') ? 'a' : 'b'",
        "[{'user': 1}].map(x, string(x.user))[0]",
        "'x'.replace('user', 'y')",
        f"user['{CUSTOM_SCHEMA}'].skills[0]",
        "application.name + user.id",
        "user[application.name]",
    ],
)
def test_what_is_no_reference_to_an_attribute_is_let_through(source):
    """Texts, comments, own variables and computed names are not taken for misspelt attributes."""
    mapping(expression(source))


@pytest.mark.parametrize(
    ("target", "source", "value"),
    [
        ("title", "user.userName.upperAscii()", "BJENSEN"),
        ("active", "user.title == 'Tour Guide' && user.active", True),
        ("title", "application.name + ' ' + user.name.givenName", "Wiki Barbara"),
        ("title", f"user['{ENTERPRISE_SCHEMA}'].department", "Tours"),
        ("title", f"string(user['{CUSTOM_SCHEMA}'].floor)", "3"),
        ("title", "text['nickName'] + text['name.givenName | title'].upperAscii()", "BARBARA"),
        ("title", "text.active", "true"),
        ("title", f"text['{CUSTOM_SCHEMA}:floor']", "3"),
        ("title", "has(user.nickName) ? user.nickName : user.userName", "bjensen"),
        (
            "phoneNumbers",
            "user.phoneNumbers.filter(p, p.type == 'mobile')",
            [{"value": "+1 2", "type": "mobile"}],
        ),
        (
            "roles",
            "[{'value': slug(user.title), 'primary': true}]",
            [{"value": "tour-guide", "primary": True}],
        ),
    ],
)
def test_an_expression_gives_its_value(target, source, value):
    """Texts, booleans and lists of objects come out as JSON has them."""
    rendered = mapping(expression(source, target)).render(PERSON, {})
    assert rendered.problems == ()
    assert rendered.values[target] == value
    assert type(rendered.values[target]) is type(value)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("user.nickName", 'There is no "nickName" here.'),
        ("user.emails[7].value", "element 7 (counted from 0) of a list of 2"),
        ("user.emails.filter(e, e.type == 'x')[0].value", "element 0 (counted from 0) of a list of 0"),
        ("string(1 / 0)", "divide by zero"),
        ("user.userName + dyn(1)", "does not fit the values that it meets"),
        ("user.active", "The value True is not a text"),
        ("user.emails", "is not a text"),
        ("dyn(timestamp('2020-01-01T00:00:00Z'))", "no text, number, true, false, list or object"),
        ("dyn(b'x')", "no text, number, true, false, list or object"),
        ("'x'.matches('(') ? 'a' : 'b'", "invalid regular expression"),
        ("dyn(0.0 / 0.0)", "infinite or undefined"),
        ("dyn({1: 2})", "no text, number, true, false, list or object"),
        ("user.userName ? 'a' : 'b'", "does not fit the values that it meets"),
    ],
)
def test_an_expression_that_fails_is_a_problem_of_its_path(source, reason):
    """An error value becomes a sentence; the path is in no other place; the other rules are rendered."""
    rendered = mapping(expression(source), expression("user.displayName", "nickName")).render(PERSON, {})
    (problem,) = rendered.problems
    assert problem.place == "title"
    assert reason in problem.reason
    assert "title" not in rendered.values
    assert rendered.values["nickName"] == "Babs Jensen"
    assert rendered.values["userName"] == "bjensen"


def test_a_loop_beyond_the_budget_is_a_problem():
    """The library's exception for an exceeded budget does not leave render, nor spoil other expressions."""
    ten = "[0,1,2,3,4,5,6,7,8,9]"
    loops = f"string({ten}.all(a, {ten}.all(b, {ten}.all(c, {ten}.all(d, {ten}.all(e, e >= 0))))))"
    rendered = mapping(expression(loops), expression("user.id", "nickName")).render(PERSON, {})
    assert [problem.reason for problem in rendered.problems] == [
        "The expression loops more than about 10,000 times."
    ]
    assert rendered.values["nickName"] == PERSON["id"]


def test_doubling_inside_map_is_refused_before_it_can_fill_the_memory():
    """CEL's budget counts steps and not bytes; thirty doublings of a text would be a thousand million times it."""
    assert "fill the memory" in refusal(expression("['x']" + ".map(a, a + a)" * 20 + "[0]")).reason


def test_a_result_beyond_the_cap_is_a_problem():
    """64 KiB is the largest value that an expression may give."""
    source = " + ".join(["user.userName"] * 20)
    (problem,) = mapping(expression(source)).render({**PERSON, "userName": "x" * 10_000}, {}).problems
    assert "200,000 bytes, and 65,536 are allowed" in problem.reason


@pytest.mark.parametrize("value", ["x\0y", "\ud800", 2**70])
def test_data_that_the_library_would_bend_is_a_problem(value):
    """A text with U+0000 would be cut in silence: such data is refused, and only where an expression reads it."""
    reading = expression("user.nickName", "nickName")
    (problem,) = mapping(reading).render({**PERSON, "nickName": value}, {}).problems
    assert problem.place == "nickName"
    assert "directory" in problem.hint
    assert (
        mapping(reading).render({**PERSON, "nickName": "\\u0000", "title": value}, {}).values["nickName"]
        == "\\u0000"
    )


def test_expressions_that_only_fit_singly_are_still_evaluated():
    """All expressions run as one list; when that is too long to compile, each runs by itself."""
    long = "'" + "x" * 10_000 + "'"
    rules = [expression(f"{long} == '' ? '' : 'v{index}'", f"urn:x:y:a{index}") for index in range(12)]
    rendered = mapping(*rules).render(PERSON, {})
    assert [rendered.values[f"urn:x:y:a{index}"] for index in range(12)] == [
        f"v{index}" for index in range(12)
    ]
    deep = "(" * 30 + "'d'" + ")" * 30
    assert mapping(expression(deep)).render(PERSON, {}).values["title"] == "d"
