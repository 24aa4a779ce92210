"""Claims by rules: the same rules as a mapping, with names of claims."""

from typing import Any

import pytest

from provisor.mapping.claims import DEFAULT_CLAIMS, RESERVED, read_claims, render_claims
from provisor.mapping.problems import MappingRefused

ADA = {
    "userName": "ada",
    "displayName": "Ada King",
    "name": {"givenName": "Ada", "familyName": "King"},
    "emails": [{"value": "home@example.com", "type": "home"}, {"value": "ada@example.com", "type": "work"}],
}


def test_the_default_claims_name_the_person_and_never_say_that_an_address_was_verified():
    """OpenID Connect Core 1.0, section 5.1."""
    rules = read_claims([dict(each) for each in DEFAULT_CLAIMS])
    assert render_claims(rules, ADA) == {
        "name": "Ada King",
        "given_name": "Ada",
        "family_name": "King",
        "preferred_username": "ada",
        "email": "ada@example.com",
    }


def test_expressions_constants_and_defaults_are_those_of_a_mapping():
    """Lists and booleans stay what they are; an empty value is left out."""
    rules = read_claims(
        [
            {"claim": "groups", "kind": "groups"},
            {"claim": "tenant", "kind": "constant", "value": "acme"},
            {"claim": "verified", "kind": "constant", "value": True},
            {"claim": "title", "source": "TITLE", "on_empty": "default", "default": "Staff"},
            {"claim": "nick", "source": "nickName"},
            {"claim": "app", "kind": "expression", "source": "application.name"},
        ]
    )
    assert render_claims(rules, ADA, groups=("Sales", "Staff"), application_name="Wiki") == {
        "groups": ["Sales", "Staff"], "tenant": "acme", "verified": True, "title": "Staff", "app": "Wiki",
    }  # fmt: skip
    assert next(rule for rule in rules if rule["claim"] == "title")["source"] == "title"


def test_a_claim_that_fails_for_somebody_is_left_out_and_the_others_are_there():
    """What cannot be rendered is no reason to claim something else."""
    rules = read_claims(
        [
            {"claim": "bad", "kind": "expression", "source": "user.nickName"},
            {"claim": "name", "source": "displayName"},
        ]
    )
    assert render_claims(rules, ADA) == {"name": "Ada King"}


@pytest.mark.parametrize(
    "rule",
    [
        *({"claim": name, "source": "userName"} for name in sorted(RESERVED)),
        {"claim": "a b", "source": "userName"},
        {"claim": "", "source": "userName"},
        {"source": "userName"},
        {"claim": "x"},
        {"claim": "x", "source": "nothing.there[", "kind": "direct"},
        {"claim": "x", "source": "user.(", "kind": "expression"},
        {"claim": "x", "source": "userName", "on_empty": "keep"},
        {"claim": "x", "source": "userName", "apply": "create"},
        "userName",
        None,
    ],
)
def test_what_cannot_be_claimed_is_refused_with_its_place(rule: Any):
    """Who signed in, where and when is said by Provisor alone: no rule may overwrite it."""
    with pytest.raises(MappingRefused) as refused:
        read_claims([rule])
    assert all(problem.place.startswith("claims[0]") for problem in refused.value.problems)


def test_a_claim_is_there_once():
    """Two rules for one name are a mistake."""
    with pytest.raises(MappingRefused, match="twice"):
        read_claims([{"claim": "name", "source": "userName"}, {"claim": "name", "source": "displayName"}])
    with pytest.raises(MappingRefused):
        read_claims([{"claim": f"c{number}", "source": "userName"} for number in range(51)])
