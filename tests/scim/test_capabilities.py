"""Facts about an application, their origins, and the dialect that follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.capabilities import (
    FACTS,
    UNKNOWN,
    Dialect,
    Fact,
    FactKind,
    Origin,
    Rate,
    fact_problem,
    from_discovery,
    resolve,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def fact(name, value, origin="probe"):
    return Fact(name=name, value=value, origin=origin, evidence="test")


def test_the_defaults_are_the_safe_side_of_the_rfc():
    """Without a fact: PATCH by paths, RFC removal of members, 100 members, no bulk, suspension on active=false."""
    dialect = resolve([])
    assert dialect == Dialect()
    assert (dialect.patch_form, dialect.member_remove_form, dialect.members_per_request) == (
        "paths",
        "filter",
        100,
    )
    assert (dialect.bulk, dialect.active_false_means, dialect.duplicate_status) == (False, "suspend", (409,))
    assert dialect.origin("patch_form") == "default"


def test_every_fact_has_a_description_and_a_default_of_its_own_kind():
    """A definition that contradicts itself would refuse its own default."""
    for name, definition in FACTS.items():
        assert definition.description.endswith(".")
        assert fact_problem(name, definition.default) == "", name


def test_r15_the_strongest_origin_wins_whatever_the_order():
    """Profile < probe < administrator, and each fact keeps its origin."""
    facts = [
        fact("page_size", 10, "administrator"),
        fact("page_size", 30, "profile"),
        fact("page_size", 20, "probe"),
        fact("groups", False, "profile"),
    ]
    for each in (facts, facts[::-1]):
        dialect = resolve(each)
        assert (dialect.page_size, dialect.origin("page_size")) == (10, Origin.ADMINISTRATOR)
        assert (dialect.groups, dialect.origin("groups")) == (False, Origin.PROFILE)


def test_r15_a_failed_probe_never_overwrites_a_fact():
    """An unknown value counts as absent, from whatever origin."""
    dialect = resolve([fact("patch_users", False, "profile"), fact("patch_users", UNKNOWN, "probe")])
    assert dialect.patch_users is False
    assert dialect.origin("patch_users") == "profile"


def test_a_stored_fact_of_another_version_does_not_stop_an_application():
    """Unknown names and wrong types count as absent."""
    assert (
        resolve([fact("no_such_fact", 1), fact("page_size", "many"), fact("paging", "spiral")]) == Dialect()
    )


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("page_sise", 1, "no fact"),
        ("page_size", True, "not of the type int"),
        ("page_size", -1, "not of the type int"),
        ("paging", "spiral", "none of index, cursor, none"),
        ("users", "yes", "not of the type bool"),
        ("filter_users", [1], "not of the type list"),
        ("rates", [{"match": "all"}], "not of the type list"),
        ("duplicate_status", "409", "not of the type list"),
        ("rate_per_second", "fast", "not of the type float"),
        ("member_type", None, "not of the type str"),
    ],
)
def test_a_fact_that_cannot_be_is_named(name, value, word):
    """The gate says what is wrong with it."""
    assert word in fact_problem(name, value)


def test_lists_and_rates_become_immutable_values():
    """The dialect can be shared between threads and compared."""
    dialect = resolve(
        [
            fact("rates", [{"match": "POST /Users", "per_second": 3, "burst": 20}]),
            fact("filter_users", ["userName"]),
        ]
    )
    assert dialect.rates == (Rate(match="POST /Users", per_second=3.0, burst=20),)
    assert isinstance(hash(dialect), int)
    assert dialect.filters("user", "USERNAME")
    assert not dialect.filters("user", "externalId")
    assert dialect.filters("group", "displayName")


def test_a_kind_is_asked_by_its_name():
    """The engine asks by kind, not by field."""
    dialect = resolve([fact("patch_groups", False), fact("put_groups", False), fact("groups", False)])
    assert (dialect.patches("user"), dialect.patches("group")) == (True, False)
    assert (dialect.puts("user"), dialect.puts("group")) == (True, False)
    assert (dialect.has("user"), dialect.has("group")) == (True, False)
    assert dialect.creates("group")
    assert dialect.deletes("user")


def test_the_origin_of_no_fact_is_an_error():
    """A misspelt name is a mistake of ours."""
    with pytest.raises(KeyError):
        Dialect().origin("no_such_fact")


def values_of(facts):
    return {each.name: each.value for each in facts}


def test_the_service_provider_configuration_becomes_facts():
    """The example of RFC 7643, 8.5, with the pagination of RFC 9865."""
    spc = {
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": 1000, "maxPayloadSize": 1048576},
        "filter": {"supported": True, "maxResults": 200},
        "changePassword": {"supported": True},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {"cursor": True, "index": True, "maxPageSize": 50},
    }
    facts = from_discovery(spc, None, None)
    assert values_of(facts) == {
        "patch_users": True,
        "patch_groups": True,
        "filter": True,
        "sort": True,
        "etag": True,
        "bulk": True,
        "bulk_operations": 1000,
        "bulk_payload": 1048576,
        "page_size": 50,
        "paging": "cursor",
    }
    assert {each.origin for each in facts} == {"probe"}
    assert all(fact_problem(each.name, each.value) == "" for each in facts)


def test_an_absurd_page_size_is_not_believed():
    """Atlassian announces 10,000 and returns 100."""
    assert values_of(from_discovery({"filter": {"maxResults": 10000}}, None, None)) == {"page_size": 1000}


def test_booleans_as_strings_are_read():
    """Some documents spell them."""
    assert values_of(from_discovery({"patch": {"supported": "False"}}, None, None)) == {
        "patch_users": False,
        "patch_groups": False,
    }


def test_r15_a_resource_type_that_is_not_listed_does_not_exist():
    """An unsupported resource type is never called; an empty list says nothing."""
    user = {"id": "User", "endpoint": "/Users", "schema": "urn:ietf:params:scim:schemas:core:2.0:User"}
    assert values_of(from_discovery(None, [user], None)) == {"users": True, "groups": False}
    assert values_of(from_discovery(None, [{"name": "Group"}, user], None)) == {"users": True, "groups": True}
    assert from_discovery(None, [], None) == []


def test_a_required_password_is_found_in_the_schema():
    """The target then gets a random value, with the POST only."""
    schema = {
        "id": "urn:ietf:params:scim:schemas:core:2.0:User",
        "attributes": [{"name": "password", "required": True}, {"name": "userName", "required": True}],
    }
    assert values_of(from_discovery(None, None, [schema])) == {"password_required": True}


@given(JSON, JSON, JSON)
def test_no_document_can_break_the_discovery(spc, resource_types, schemas):
    """Targets are hostile: what is not well-formed is no fact, and never an error (rule R16)."""
    for each in from_discovery(spc, resource_types, schemas):
        assert fact_problem(each.name, each.value) == ""


@given(st.dictionaries(st.sampled_from(["patch", "bulk", "filter", "pagination", "etag"]), JSON))
def test_no_configuration_can_break_the_discovery(spc):
    """The same, with the right names."""
    resolve(from_discovery(spc, None, None))


def test_kinds_follow_from_the_defaults():
    """The console draws its form from them."""
    assert FACTS["rate_per_second"].kind is FactKind.FLOAT
    assert FACTS["rates"].kind is FactKind.LIST
    assert FACTS["paging"].choices == ("index", "cursor", "none")
    assert FACTS["users"].kind is FactKind.BOOL
