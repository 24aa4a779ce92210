"""One person and one mapping, as the tests of this room use them."""

from typing import Any

from provisor.mapping.defaults import default_rules
from provisor.mapping.render import Mapping, compile_mapping
from provisor.mapping.rule import CustomAttributeSpec, MappingRefused, Problem, read_rules
from provisor.scim.schemas import ENTERPRISE_SCHEMA

CUSTOM_SCHEMA = "urn:example:params:scim:schemas:extension:acme:2.0:User"
CUSTOM = (
    CustomAttributeSpec(schema=CUSTOM_SCHEMA, name="badge"),
    CustomAttributeSpec(schema=CUSTOM_SCHEMA, name="floor", type="integer"),
    CustomAttributeSpec(schema=CUSTOM_SCHEMA, name="skills", multi_valued=True),
)
WORK = 'emails[type eq "work"].value'

PERSON: dict[str, Any] = {
    "id": "0190a7d0-0000-7000-8000-000000000001",
    "userName": "bjensen",
    "name": {"givenName": "Barbara", "familyName": "Jensen"},
    "displayName": "Babs Jensen",
    "active": True,
    "title": "Tour Guide",
    "emails": [
        {"value": "babs@home.example", "type": "home", "primary": True},
        {"value": "bjensen@example.com", "type": "work"},
    ],
    "phoneNumbers": [{"value": "+1 1", "type": "work"}, {"value": "+1 2", "type": "mobile"}],
    ENTERPRISE_SCHEMA: {"department": "Tours", "manager": {"value": "boss"}},
    CUSTOM_SCHEMA: {"badge": "B-7", "floor": 3, "skills": ["maps", "bells"]},
}


def required() -> list[dict[str, Any]]:
    """The rules of the six required targets."""
    return default_rules("user")[:6]


def expression(source: str, target: str = "title", **more: Any) -> dict[str, Any]:
    return {"target": target, "kind": "expression", "source": source, **more}


def mapping(*rules: dict[str, Any]) -> Mapping:
    """The required rules and these, compiled. A rule for a required target takes its place."""
    targets = {rule["target"] for rule in rules}
    base = [rule for rule in required() if rule["target"] not in targets]
    return compile_mapping(read_rules([*base, *rules], "user", CUSTOM), "user", application_name="Wiki")


def refusals(*rules: Any) -> tuple[Problem, ...]:
    """What is wrong with the required rules and these."""
    targets = {rule.get("target") for rule in rules if isinstance(rule, dict)}
    base = [rule for rule in required() if rule["target"] not in targets]
    try:
        read_rules([*base, *rules], "user", CUSTOM)
    except MappingRefused as refused:
        return refused.problems
    return ()


def refusal(*rules: Any) -> Problem:
    """The one thing that is wrong."""
    problems = refusals(*rules)
    assert len(problems) == 1, problems
    return problems[0]
