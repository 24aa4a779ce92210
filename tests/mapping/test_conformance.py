"""A mapping against the attributes that an application lists: a sentence where they part, and never a refusal."""

from typing import Any

import pytest

from provisor.mapping.conformance import advice_on, missing_attributes, on_missing
from provisor.mapping.rule import Rule
from provisor.mapping.shape import read_shape
from provisor.mapping.vocabulary import Kind, vocabulary
from provisor.scim.announced_schema import AnnouncedAttribute, AnnouncedResource
from provisor.scim.schemas import ENTERPRISE_SCHEMA

BADGE = "urn:acme:scim:1.0:Badge"
LISTED = AnnouncedResource(
    attributes=(
        AnnouncedAttribute(path="userName", required=True),
        AnnouncedAttribute(path="title"),
        AnnouncedAttribute(path="nickNames", multi_valued=True),
        AnnouncedAttribute(path="active", type="boolean"),
        AnnouncedAttribute(path="userType", canonical_values=("Employee", "Contractor")),
        AnnouncedAttribute(path="locale", mutability="readOnly"),
        AnnouncedAttribute(path="region", mutability="immutable", required=True),
        AnnouncedAttribute(path="name", type="complex"),
        AnnouncedAttribute(path="name.givenName"),
        AnnouncedAttribute(path="name.familyName", required=True),
        AnnouncedAttribute(path="emails", type="complex", multi_valued=True, required=True),
        AnnouncedAttribute(path="emails.value", required=True),
        AnnouncedAttribute(path="emails.type", canonical_values=("work",)),
        AnnouncedAttribute(path="password", required=True),
        AnnouncedAttribute(path="id", required=True, mutability="readOnly"),
        AnnouncedAttribute(path="created", required=True, mutability="readOnly"),
        AnnouncedAttribute(path=f"{BADGE}:colour", required=True),
    )
)


def rule(target: str, source: str = "userName", **more: Any) -> Rule:
    found = read_shape({"target": target, "source": source, **more}, "")
    assert isinstance(found, Rule)
    return found


def advice(of: Rule, listed: AnnouncedResource = LISTED, kind: Kind = "user") -> str:
    return " ".join(advice_on(of, vocabulary(kind), listed))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (rule("titel"), 'does not list "titel": it may drop what is sent, or refuse it. Did you mean "title"?'),
        (rule("name.middleName"), 'does not list "name.middleName"'),
        (rule(f"{ENTERPRISE_SCHEMA}:department"), "does not list"),
        (rule("title.value"), 'does not list "title.value"'),
        (rule("locale"), '"locale" is read-only there'),
        (rule("region"), '"region" is immutable there'),
        (rule('title[type eq "work"].value'), "does not list"),
        (rule('emails[type eq "home"].value'), '"emails" has no type "home" there; its types are: work.'),
        (rule("nickNames"), '"nickNames" is a list there, and this rule gives one value.'),
        (rule("title", "emails"), '"title" has one value there, and this rule gives a list.'),
        (rule("title", "", kind="constant", value=["a"]), "this rule gives a list"),
        (rule("userType", "", kind="constant", value="Robot"), 'values of "userType" there are: Employee, Contractor.'),
        (rule("active", "", kind="constant", value="yes"), '"active" needs true or false there.'),
    ],
)  # fmt: skip
def test_what_does_not_fit_gets_a_sentence(given: Rule, said: str) -> None:
    assert said in advice(given)


@pytest.mark.parametrize(
    "given",
    [
        rule("userName"),
        rule("USERNAME"),
        rule("externalId"),
        rule("name.givenName"),
        rule('emails[type eq "work"].value'),
        rule('emails[type eq "WORK"].value'),
        rule("region", apply="create"),
        rule("nickNames", "", kind="constant", value=["a", "b"]),
        rule("title", "text['x']", kind="expression"),
        rule("userType", "", kind="constant", value="Employee"),
        rule("active", "", kind="constant", value=True),
        rule(f"{BADGE}:colour"),
        rule("urn:ietf:params:scim:schemas:core:2.0:User:title"),
    ],
)
def test_what_fits_gets_none(given: Rule) -> None:
    assert advice(given) == ""


def test_a_complex_attribute_without_listed_parts_may_have_any() -> None:
    listed = AnnouncedResource(attributes=(AnnouncedAttribute(path="name", type="complex"),))
    assert advice(rule("name.middleName"), listed) == ""


def missing(*targets: str, listed: AnnouncedResource = LISTED) -> list[str]:
    return missing_attributes([rule(each) for each in targets], vocabulary("user"), listed)


def test_required_attributes_without_a_rule_are_named_and_those_sent_otherwise_are_not() -> None:
    assert missing() == ["userName", "region", "emails"]
    assert missing("userName", "region", 'emails[type eq "work"].value') == []
    assert missing("userName", "region", 'emails[type eq "work"].display') == ["emails.value"]
    assert 'requires "region" of every user' in on_missing("region", vocabulary("user"))


def test_parts_count_where_the_whole_is_written_by_parts() -> None:
    assert "name.familyName" in missing("name.givenName")
    assert "name.familyName" not in missing("name.givenName", "name.familyName")
    assert "emails.value" not in missing("emails")


def test_an_extension_counts_where_it_is_used_or_required() -> None:
    assert f"{BADGE}:colour" not in missing("userName")
    assert f"{BADGE}:colour" in missing(f"{BADGE}:size")
    whole = AnnouncedResource(attributes=LISTED.attributes, required_extensions=(BADGE,))
    assert f"{BADGE}:colour" in missing("userName", listed=whole)


def test_roles_are_not_missed_while_their_switch_sends_them() -> None:
    listed = AnnouncedResource(attributes=(AnnouncedAttribute(path="roles", required=True),))
    assert missing_attributes([], vocabulary("user"), listed) == ["roles"]
    assert missing_attributes([], vocabulary("user"), listed, ["roles"]) == []
