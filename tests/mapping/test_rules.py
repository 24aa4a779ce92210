"""Saving a mapping: everything that is wrong is named, with its place, and nothing else is refused."""

import pytest

from provisor.mapping.defaults import default_rules
from provisor.mapping.rule import MappingRefused, OnEmpty, RuleKind, read_rules
from provisor.scim.schemas import ENTERPRISE_SCHEMA, USER_SCHEMA
from tests.mapping.examples import CUSTOM, CUSTOM_SCHEMA, WORK, refusal, refusals, required


def title(**more):
    return {"target": "title", "source": "title", **more}


@pytest.mark.parametrize("kind", ["user", "group"])
def test_the_generic_mapping_is_accepted(kind):
    """What Provisor proposes can be saved as it is."""
    assert len(read_rules(default_rules(kind), kind)) == len(default_rules(kind))


def test_omitted_keys_take_their_defaults():
    """A rule of two keys is a direct one that clears."""
    rule = read_rules([*required(), title()], "user")[-1]
    assert (rule.kind, rule.on_empty, rule.value, rule.reference) == (
        RuleKind.DIRECT,
        OnEmpty.CLEAR,
        None,
        "",
    )


def test_targets_and_sources_are_spelled_as_the_schema_spells_them():
    """Names compare case-insensitively when saved, so that rendering can look them up exactly."""
    raw = {"target": f"{USER_SCHEMA}:NICKNAME", "source": 'EMAILS[type eq "work"].VALUE|name.givenname'}
    rule = read_rules([*required(), raw], "user")[-1]
    assert (rule.target, rule.source) == ("nickName", f"{WORK} | name.givenName")


@pytest.mark.parametrize("target", [rule["target"] for rule in required()])
def test_each_required_target_is_missed(target):
    """Without a rule for one of the six, the mapping is refused and the target named."""
    with pytest.raises(MappingRefused) as refused:
        read_rules([rule for rule in required() if rule["target"] != target], "user")
    (problem,) = refused.value.problems
    assert problem.place == "users"
    assert f'"{target}"' in problem.reason


def test_a_group_needs_its_display_name():
    """Groups have one required target."""
    with pytest.raises(MappingRefused, match="displayName"):
        read_rules([{"target": "externalId", "source": "id"}], "group")


@pytest.mark.parametrize(
    ("rule", "place", "reason", "hint"),
    [
        ("title", "", "JSON object", ""),
        (title(sorce="x"), ".sorce", 'no key "sorce"', '"source"'),
        (
            title(kind="copy"),
            ".kind",
            '"copy" is not a possible "kind"',
            '"direct", "constant", "expression"',
        ),
        (title(kind=["direct"]), ".kind", "is not a possible", ""),
        (title(on_empty="remove"), ".on_empty", '"remove"', '"clear", "keep", "default"'),
        (title(reference="group"), ".reference", '"group"', '"user"'),
        ({"target": "title", "source": 7}, ".source", "must be a text", ""),
        ({"target": "title", "source": "\ud800"}, ".source", "half a character", ""),
        ({"source": "title"}, ".target", "no target", ""),
        ({"target": "title"}, ".source", "no source", ""),
        ({"target": "title", "source": "titel"}, ".source", '"titel"', '"title"'),
        ({"target": "title", "source": "name.givnName"}, ".source", '"givnName"', '"givenName"'),
        ({"target": "title", "source": "quite other"}, ".source", "not an attribute path", "expression"),
        ({"target": "title", "source": "zzz"}, ".source", '"zzz"', "declare a custom attribute"),
        ({"target": "title", "source": "title | titel"}, ".source", '"titel"', '"title"'),
        ({"target": "title", "source": 'title"'}, ".source", "not an attribute path", ""),
        ({"target": "title", "source": "title |"}, ".source", "not an attribute path", ""),
        ({"target": "title", "source": "password"}, ".source", '"password"', ""),
        ({"target": "title", "source": "name"}, ".source", "is an object", "givenName"),
        (
            {"target": "title", "source": "emails"},
            ".source",
            "list of objects",
            'emails[type eq "work"].value',
        ),
        ({"target": "title", "source": "active"}, ".source", "true or false", "string(user.active)"),
        ({"target": "title", "source": 'title[type eq "x"]'}, ".source", "one value", "Leave out"),
        ({"target": "title", "source": f"{CUSTOM_SCHEMA}:bagde"}, ".source", '"bagde"', '"badge"'),
        ({"target": "title", "source": "urn:none:1.0:User:x"}, ".source", "no schema", ""),
        ({"target": "id", "source": "id"}, ".target", "gives its own ids", "Remove"),
        ({"target": "meta.created", "source": "title"}, ".target", "metadata", "Remove"),
        ({"target": f"{USER_SCHEMA}:Groups", "source": "title"}, ".target", "read-only", "Remove"),
        ({"target": "password", "kind": "constant", "value": "x"}, ".target", "never provisioned", "Remove"),
        ({"target": "members", "source": "title"}, ".target", "policies", "Remove"),
        ({"target": "emails[", "source": "title"}, ".target", "not an attribute path", "name.givenName"),
        ({"target": ENTERPRISE_SCHEMA, "source": "title"}, ".target", "", ""),
        ({"target": "titel", "source": "title"}, ".target", '"titel"', '"title"'),
        ({"target": "name.famName", "source": "title"}, ".target", '"famName"', '"familyName"'),
        ({"target": "phoneNumbers.value", "source": "title"}, ".target", "which element", '[type eq "work"]'),
        ({"target": 'phoneNumbers[type eq "work"]', "source": "title"}, ".target", "whole element", ".value"),
        (
            {"target": 'phoneNumbers[type sw "w"].value', "source": "title"},
            ".target",
            "does not say how",
            "eq",
        ),
        (title(kind="constant", value="x"), ".source", "no source", ""),
        ({"target": "title", "kind": "constant"}, ".value", "needs a value", ""),
        (
            {"target": "title", "kind": "constant", "value": 7},
            ".value",
            "needs a text, and 7",
            "Write a text.",
        ),
        ({"target": "roles", "kind": "constant", "value": ["x"]}, ".value", "a list of objects", ""),
        ({"target": "urn:a:b:c", "kind": "constant", "value": {1, 2}}, ".value", "", ""),
        ({"target": "urn:a:b:c", "kind": "constant", "value": "x" * 70_000}, ".value", "64 KiB", ""),
        (title(value="x"), ".value", 'does not use "value"', "constant"),
        (title(default="x"), ".default", "never used", "on_empty"),
        (title(on_empty="default"), ".default", "there is none", ""),
        (title(on_empty="default", default=7), ".default", "needs a text, and 7", ""),
        (
            {"target": "title", "kind": "constant", "value": "x", "on_empty": "default", "default": "y"},
            ".on_empty",
            "never empty",
            "",
        ),
        (
            {"target": "title", "kind": "constant", "value": "x", "reference": "user"},
            ".reference",
            "no reference",
            "",
        ),
        (title(reference="user", on_empty="default", default="x"), ".on_empty", "has no default", ""),
        ({"target": "roles", "source": "roles", "reference": "user"}, ".reference", "id of one user", ""),
    ],
)
def test_what_is_wrong_is_named_with_its_place(rule, place, reason, hint):
    """One faulty rule gives one problem: its place, the offending value, and what to do."""
    problem = refusal(rule)
    assert problem.place == f"users[6]{place}"
    assert reason in problem.reason
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"target": "active", "kind": "constant", "value": "true"}, "'true' is not that"),
        ({"target": "active", "source": "title"}, '"active" needs true or false'),
        ({"target": "active", "kind": "expression", "source": "user.title + 'x'"}, "gives a text"),
        (
            {"target": "userName", "kind": "expression", "source": "user.active == true"},
            "gives true or false",
        ),
        ({"target": "userName", "kind": "expression", "source": "[user.userName]"}, "gives a list"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(rule, reason):
    """`active` takes a boolean and `userName` a text, whatever the kind of the rule."""
    assert reason in refusal(rule).reason


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("title", "title"),
        ("title", "TITLE"),
        ("title", f"{USER_SCHEMA}:title"),
        ('phoneNumbers[type eq "work"].value', 'phoneNumbers[Type eq "work"].Value'),
    ],
)
def test_two_rules_for_one_target_are_refused(first, second):
    """However the second is spelled, it is the same attribute; the message names the first."""
    problem = refusal({"target": first, "source": "title"}, {"target": second, "source": "title"})
    assert problem.place == "users[7].target"
    assert "users[6]" in problem.reason


@pytest.mark.parametrize("order", [1, -1])
def test_a_whole_and_its_part_are_not_both_targets(order):
    """A rule for a list and one for an element of it would overwrite each other."""
    rules = [
        {"target": "phoneNumbers", "source": "phoneNumbers"},
        {"target": 'phoneNumbers[type eq "work"].value', "source": "title"},
    ]
    assert "already written" in refusal(*rules[::order]).reason


@pytest.mark.parametrize(
    "rule",
    [
        {"target": "urn:acme:2.0:User:anything", "source": "title"},
        {"target": "acmeLevel", "source": "title"},
        {"target": "phoneNumbers", "source": "phoneNumbers"},
        {"target": 'addresses[type eq "work"].locality', "source": 'addresses[type eq "work"].locality'},
        {"target": 'roles[primary eq true and type eq "x"].value', "source": "title"},
        {"target": "title", "source": f"{CUSTOM_SCHEMA}:badge"},
        {"target": "urn:acme:2.0:User:floor", "source": f"{CUSTOM_SCHEMA}:floor"},
        {"target": "title", "source": 'emails[display eq "a|b"].value | title'},
    ],
)
def test_what_may_be_right_is_not_refused(rule):
    """Applications have attributes of their own; sources may be custom."""
    assert refusals(rule) == ()


def test_all_problems_are_reported_at_once():
    """The administrator corrects a mapping once, not once per problem."""
    problems = refusals({"target": "id", "source": "id"}, {"target": "title", "source": "titel"}, "x")
    assert [problem.place for problem in problems] == ["users[8]", "users[6].target", "users[7].source"]


@pytest.mark.parametrize("raw", [None, {}, "x", [{}] * 201])
def test_what_is_no_list_of_rules_is_refused(raw):
    """The whole is checked before its parts."""
    with pytest.raises(MappingRefused):
        read_rules(raw, "user", CUSTOM)
