"""Rendering: values as they are, absence as a value, references that wait."""

import pytest

from provisor.mapping.defaults import MANAGER, default_rules
from provisor.mapping.render import compile_mapping
from provisor.mapping.rule import read_rules
from provisor.scim.schemas import ENTERPRISE_SCHEMA
from tests.mapping.examples import CUSTOM_SCHEMA, PERSON, WORK, mapping


def title(**more):
    return {"target": "title", "source": "title", **more}


def test_the_required_targets_are_rendered():
    """Texts and the boolean come out as they are in the directory."""
    rendered = mapping().render(PERSON, {})
    assert rendered.values == {
        "userName": "bjensen",
        "name.givenName": "Barbara",
        "name.familyName": "Jensen",
        WORK: "bjensen@example.com",
        "displayName": "Babs Jensen",
        "active": True,
    }
    assert rendered.values["active"] is True
    assert (rendered.problems, rendered.waiting, rendered.kept) == ((), (), frozenset())


@pytest.mark.parametrize(
    ("emails", "chosen"),
    [
        ([{"value": "h", "type": "home", "primary": True}, {"value": "w", "type": "work"}], "w"),
        ([{"value": "h", "type": "home"}, {"value": "p", "type": "other", "primary": True}], "p"),
        ([{"value": "h", "type": "home"}, {"value": "o", "type": "other"}], "h"),
        ([{"value": "", "type": "work"}, {"value": "o"}], "o"),
        ([{"value": "w", "type": "Work"}], "w"),
        ([{"type": "home"}], None),
        ([], None),
    ],
)
def test_the_generic_mapping_takes_the_work_address_else_the_primary_else_the_first(emails, chosen):
    """The rule is a direct source with alternatives, which an administrator can read."""
    assert mapping().render({**PERSON, "emails": emails}, {}).values.get(WORK) == chosen


@pytest.mark.parametrize("empty", ["", None, [], {}])
@pytest.mark.parametrize("kind", ["direct", "expression"])
def test_r04_an_empty_value_clears_keeps_or_takes_the_default(empty, kind):
    """Absence is a value: cleared is in no place, kept is named, a default is rendered."""
    source = {"direct": "title", "expression": "user.title"}[kind]
    person = {**PERSON, "title": empty}
    cleared = mapping(title(kind=kind, source=source)).render(person, {})
    kept = mapping(title(kind=kind, source=source, on_empty="keep")).render(person, {})
    filled = mapping(title(kind=kind, source=source, on_empty="default", default="Staff")).render(person, {})
    assert ("title" in cleared.values, cleared.kept, cleared.problems) == (False, frozenset(), ())
    assert ("title" in kept.values, kept.kept) == (False, {"title"})
    assert filled.values["title"] == "Staff"


def test_r04_a_missing_attribute_is_empty_for_a_direct_rule():
    """A direct source that is not there is no problem."""
    person = {key: value for key, value in PERSON.items() if key != "title"}
    assert "title" not in mapping(title()).render(person, {}).values
    assert mapping(title(on_empty="keep")).render(person, {}).kept == {"title"}


def test_r04_false_and_zero_are_values():
    """Only nothing is empty: `active` false is what disables an account."""
    floor = {"target": "urn:a:b:floor", "source": f"{CUSTOM_SCHEMA}:floor"}
    person = {**PERSON, "active": False, CUSTOM_SCHEMA: {"floor": 0}}
    values = mapping(floor).render(person, {}).values
    assert (values["active"], values["urn:a:b:floor"]) == (False, 0)


@pytest.mark.parametrize("text", ["Zoe\u0308", "Zoë", " x ", "\ufb01", "مها"])
def test_texts_are_rendered_without_a_silent_change(text):
    """Neither normal form nor white space is touched by a direct rule or an expression."""
    expression = {"target": "nickName", "kind": "expression", "source": "user.title"}
    values = mapping(title(), expression).render({**PERSON, "title": text}, {}).values
    assert values["title"] == values["nickName"] == text


def test_whole_lists_of_objects_keep_their_order():
    """A multi-valued attribute can be mapped as a whole."""
    rule = {"target": "phoneNumbers", "source": "phoneNumbers"}
    assert mapping(rule).render(PERSON, {}).values["phoneNumbers"] == PERSON["phoneNumbers"]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('phoneNumbers[type eq "mobile"].value', "+1 2"),
        ('phoneNumbers[type eq "fax"].value', None),
        ('phoneNumbers[type eq "fax" or value eq "+1 2"].type', "mobile"),
        (f"{ENTERPRISE_SCHEMA}:department", "Tours"),
        (f"{ENTERPRISE_SCHEMA}:manager.value", "boss"),
        ("nickName | name.givenName", "Barbara"),
    ],
)
def test_direct_sources_of_each_form(source, value):
    """Filtered sub-attributes, extensions and alternatives are read."""
    assert mapping(title(source=source)).render(PERSON, {}).values.get("title") == value


def test_a_constant_is_the_same_for_all():
    """A constant needs nothing of the source."""
    assert mapping({"target": "locale", "kind": "constant", "value": "en"}).render({}, {}).values == {
        "locale": "en"
    }


def test_what_is_sent_only_on_creation_is_named():
    """The planner leaves these paths out of updates."""
    made = mapping(title(apply="create"))
    assert made.render(PERSON, {}).create_only == {"title"}
    assert "title" in made.managed


@pytest.mark.parametrize(
    ("references", "value", "waiting"),
    [({"boss": "remote-9"}, "remote-9", ()), ({"boss": None}, None, (MANAGER,)), ({}, None, ())],
)
def test_a_reference_becomes_the_remote_id_waits_or_is_empty(references, value, waiting):
    """A manager without an account yet is waited for; one who is no directory user is nothing."""
    rendered = compile_mapping(read_rules(default_rules("user"), "user"), "user").render(PERSON, references)
    assert rendered.values.get(MANAGER) == value
    assert rendered.waiting == waiting


def test_a_reference_that_is_kept_when_empty():
    """The rule for empty values also holds for a manager who is no directory user."""
    rule = {"target": MANAGER, "source": MANAGER, "reference": "user", "on_empty": "keep"}
    assert mapping(rule).render(PERSON, {}).kept == {MANAGER}


@pytest.mark.parametrize("value", [7, True, ["x"], {"value": "x"}])
def test_a_value_of_the_wrong_type_is_a_problem_and_not_sent(value):
    """The directory checks its documents; what slips through is not passed on."""
    rendered = mapping(title()).render({**PERSON, "title": value}, {})
    assert [problem.place for problem in rendered.problems] == ["title"]
    assert "title" not in rendered.values


def test_a_group_is_rendered_by_the_generic_mapping():
    """A group has its name and its id as externalId; members are not the mapping's business."""
    rules = read_rules(default_rules("group"), "group")
    rendered = compile_mapping(rules, "group").render({"id": "g1", "displayName": "Tours"}, {})
    assert rendered.values == {"displayName": "Tours", "externalId": "g1"}


def test_a_group_expression_reads_the_group():
    """In the groups' mapping the variable is `group`."""
    raw = [
        {
            "target": "displayName",
            "kind": "expression",
            "source": "application.name + '-' + slug(group.displayName)",
        }
    ]
    made = compile_mapping(read_rules(raw, "group"), "group", application_name="wiki")
    assert made.render({"displayName": "Tour Guides"}, {}).values == {"displayName": "wiki-tour-guides"}
