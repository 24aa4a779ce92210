"""Checking resources against RFC 7643 and the declared custom attributes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.directory import attributes, users
from provisor.directory.attribute_definitions import CORE_USER
from provisor.directory.models import User
from provisor.directory.names import clean, fold
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.directory.schema import ResourceSchema, group_schema, normalise, user_schema
from provisor.scim.schemas import ENTERPRISE_SCHEMA, USER_SCHEMA

from .conftest import ADA

ACME = "urn:example:params:scim:schemas:extension:acme:2.0:User"
CORE = ResourceSchema(urn=USER_SCHEMA, name_attribute="userName", core=CORE_USER, extensions={})


def core(**given_attributes: object) -> dict:
    return normalise({"userName": "bob", **given_attributes}, CORE)


def test_names_come_out_canonical() -> None:
    """Attribute names and sub-attributes compare without case; the standard's spelling is kept."""
    document = normalise({"USERNAME": " bob ", "Name": {"GIVENNAME": "B"}, "active": "False"}, CORE)
    assert document == {
        "schemas": [USER_SCHEMA],
        "userName": "bob",
        "name": {"givenName": "B"},
        "active": False,
    }


def test_unassigned_null_and_empty_are_one() -> None:
    """RFC 7643, section 2.5; an empty text, and a complex value of nothing, say no more."""
    assert core(title=None, nickName="", emails=[], name={"givenName": None}, roles=[{}]) == core()


def test_what_the_directory_says_itself_is_dropped() -> None:
    """Read-only attributes and the password are accepted and not kept."""
    assert core(id="x", meta={}, groups=[{"value": "x"}], password="secret", schemas=["x"]) == core()


def test_equal_values_are_kept_once() -> None:
    """RFC 7643, section 2.4: no two equal values."""
    one = {"value": "a@b.c", "type": "work"}
    assert core(emails=[one, dict(one)])["emails"] == [one]


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("usrName", "x", 'Did you mean "userName"?'),
        ("name", {"givename": "x"}, 'Did you mean "name.givenName"?'),
        ("shoeSize", 42, "declare a custom attribute"),
        (ACME, {"x": 1}, "Declare it under custom attributes"),
        ("title", 7, 'must be text, and "7" is a number'),
        ("title", ["x"], "is a list"),
        ("title", "x" * 10_001, "may have 10,000 characters, and this has 10,001"),
        ("title", "a\x00b", "control character (U+0000) at position 2"),
        ("title", "a\ud800", "half a character (U+D800)"),
        ("active", "maybe", "must be true or false"),
        ("active", 1, "must be true or false"),
        ("name", "Bob", "must be an object"),
        ("emails", {"value": "a@b.c"}, "it must be a list"),
        ("emails", [{"value": "no address"}], "must be an e-mail address"),
        ("emails", [{"value": "a@b@c"}], "must be an e-mail address"),
        ("emails", [{"type": "work"}], "must be an e-mail address"),
        (
            "emails",
            [{"value": "a@b.c", "primary": True}, {"value": "d@b.c", "primary": True}],
            "more than one primary",
        ),
        ("emails", [{"value": f"{n}@b.c"} for n in range(1001)], "may have 1,000 values"),
        ("externalId", "x" * 501, "may have 500 characters"),
        ("userName", "", "is empty"),
        ("userName", "   ", "is empty"),
        ("userName", "x" * 256, "may have 255 characters"),
        ("userName", "\ufdfa" * 250, "may have 255 characters"),
        ("userName", "bob\u200b", "invisible character U+200B at position 4"),
        ("userName", "a\nb", "invisible character U+000A"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence(attribute: str, value: object, said: str) -> None:
    """What is wrong, where, and what to do."""
    with pytest.raises(DirectoryRefusal) as refused:
        core(**{attribute: value})
    assert said in refused.value.reason
    assert refused.value.kind is RefusalKind.INVALID


def test_the_place_of_a_wrong_value_is_its_path() -> None:
    """A list element has its number, an extension its URN."""
    with pytest.raises(DirectoryRefusal) as refused:
        core(emails=[{"value": "a@b.c"}, {"value": 7}])
    assert refused.value.field == "emails[1].value"


@pytest.mark.parametrize("resource", [None, [], "x", {}, {"title": "x"}])
def test_a_resource_without_a_name_is_refused(resource: object) -> None:
    """No user without a userName."""
    with pytest.raises(DirectoryRefusal):
        normalise(resource, CORE)


def test_a_name_twice_in_different_case_is_refused() -> None:
    """Nobody can say which one was meant."""
    with pytest.raises(DirectoryRefusal, match="given twice"):
        normalise({"userName": "a", "username": "b"}, CORE)


def test_a_document_has_a_size_limit() -> None:
    """256 KiB, however it is made up."""
    with pytest.raises(DirectoryRefusal, match="256 KiB is the most"):
        core(roles=[{"value": "x" * 9_000 + str(n)} for n in range(30)])


def test_line_breaks_and_scripts_are_text() -> None:
    """An address has lines, and people have names in every script."""
    assert core(addresses=[{"formatted": "a\r\nb"}])["addresses"] == [{"formatted": "a\r\nb"}]
    for name in (
        "Łukasz",
        "李小龍",
        "نیما\u200cی",
        "👩\u200d👩\u200d👧",
        "O'Brien",
        "=cmd|' /C calc'!A0",
        "<script>",
    ):
        assert clean(name, "userName") == name


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_a_refusal(text: str) -> None:
    """Never another exception; what passes has a key, and can be stored."""
    try:
        name = clean(text, "userName")
    except DirectoryRefusal:
        return
    assert fold(name) == fold(f" {name.upper().lower()} ") or name.upper().lower() != name
    name.encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([one.name for one in CORE_USER.values()]) | st.text(max_size=5), json_values
    )
)
def test_any_json_is_normalised_or_refused(resource: dict) -> None:
    """Never another exception; and what came out goes in again unchanged."""
    try:
        document = normalise({"userName": "bob", **resource}, CORE)
    except DirectoryRefusal:
        return
    assert normalise(document, CORE) == document


def test_declared_attributes_are_checked_by_their_type(user) -> None:
    """Each type takes its own values; the URN and the names come out as declared."""
    for name, type_ in (("size", "integer"), ("since", "dateTime"), ("rate", "decimal"), ("badge", "string")):
        attributes.declare_attribute(ACME, name, type=type_, multi_valued=name == "badge", actor=ADA)
    given_values = {"SIZE": 42, "since": "2026-11-23T10:00:00Z", "rate": 1.5, "badge": ["a", "b", "a"]}
    document = user("bob", **{ACME.upper(): given_values}).resource
    assert document[ACME] == {"size": 42, "since": "2026-11-23T10:00:00Z", "rate": 1.5, "badge": ["a", "b"]}
    assert document["schemas"] == [USER_SCHEMA, ACME]
    for wrong in (
        {"size": "42"},
        {"size": 2**63},
        {"since": "today"},
        {"rate": float("nan")},
        {"badge": "a"},
        {"x": 1},
    ):
        with pytest.raises(DirectoryRefusal) as refused:
            user("eve", **{ACME: wrong})
        assert refused.value.field.startswith(f"{ACME}:")


def test_the_enterprise_manager_may_be_a_bare_id(db) -> None:
    """Microsoft Entra sends it so."""
    document = normalise({"userName": "b", ENTERPRISE_SCHEMA: {"manager": "x"}}, user_schema())
    assert document[ENTERPRISE_SCHEMA] == {"manager": {"value": "x"}}


def test_groups_have_custom_attributes_of_their_own(group) -> None:
    """A schema belongs to one resource type."""
    attributes.declare_attribute(ACME, "size", actor=ADA)
    urn = ACME.replace("User", "Group")
    attributes.declare_attribute(urn, "cost", resource_type="Group", actor=ADA)
    assert group("Sales", resource={urn: {"cost": "1"}}).resource[urn] == {"cost": "1"}
    assert set(group_schema().extensions) == {urn.lower()}
    with pytest.raises(DirectoryRefusal, match="belongs to User resources"):
        attributes.declare_attribute(ACME, "other", resource_type="Group", actor=ADA)


@pytest.mark.parametrize(
    ("schema", "name", "more"),
    [
        ("acme", "size", {}),
        ("urn:ietf:params:scim:schemas:core:2.0:User", "size", {}),
        (ENTERPRISE_SCHEMA, "size", {}),
        ("urn:acme:a__b", "size", {}),
        (ACME, "shoe size", {}),
        (ACME, "1st", {}),
        (ACME, "a__b", {}),
        (ACME, "Id", {}),
        (ACME, "", {}),
        (ACME, "size", {"description": "a\0b"}),
        (ACME, "size", {"type": "complex"}),
        (ACME, "size", {"resource_type": "Device"}),
    ],
)
def test_a_wrong_declaration_is_refused(db, schema: str, name: str, more: dict) -> None:
    """URNs of the standard stay as they are, and a name is one that a path can hold."""
    with pytest.raises(DirectoryRefusal):
        attributes.declare_attribute(schema, name, actor=ADA, **more)


def test_an_attribute_is_declared_once_and_removed_unused(user, watch) -> None:
    """While anybody has a value the declaration stays."""
    seen = watch()
    made = attributes.declare_attribute(ACME, "badge", actor=ADA)
    with pytest.raises(DirectoryRefusal) as refused:
        attributes.declare_attribute(ACME.upper(), "BADGE", actor=ADA)
    assert refused.value.kind is RefusalKind.DUPLICATE
    attributes.describe_attribute(made.id, "At the door", actor=ADA)
    bob = user("bob", **{ACME: {"badge": "7"}})
    assert list(attributes.holders_of(made)) == [User.objects.get(id=bob.id)]
    with pytest.raises(DirectoryRefusal, match="in 1 user,") as refused:
        attributes.remove_attribute(made.id, actor=ADA)
    assert refused.value.kind is RefusalKind.PROTECTED
    users.replace_user(bob.id, {"userName": "bob"}, actor=ADA)
    attributes.remove_attribute(made.id, actor=ADA)
    with pytest.raises(DirectoryRefusal, match="or it was removed"):
        attributes.remove_attribute(made.id, actor=ADA)
    own = [event for event in seen.events if event.startswith("attribute.")]
    assert own == ["attribute.declared", "attribute.described", "attribute.removed"]
