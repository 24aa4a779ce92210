"""What an application lists in /Schemas: read as RFC 7643 has it, and survived whatever it holds."""

import json
import random
from typing import Any

import pytest

from provisor.scim.announced_schema import (
    LONGEST_PATH,
    MOST_ATTRIBUTES,
    MOST_VALUES,
    AnnouncedAttribute,
    AnnouncedResource,
    from_document,
    read_announced_schema,
)
from provisor.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA

OWN = "urn:acme:scim:1.0:Badge"


def schema(urn: object, *attributes: object) -> dict[str, Any]:
    return {"id": urn, "attributes": list(attributes)}


def users_of(schemas: object, types: object = None) -> AnnouncedResource:
    found = read_announced_schema(schemas, types)
    assert found is not None
    assert found.users is not None
    return found.users


def test_attributes_parts_and_extensions_have_the_paths_that_a_mapping_names() -> None:
    emails = {
        "name": "emails",
        "type": "complex",
        "multiValued": True,
        "subAttributes": [{"name": "value"}, {"name": "type", "canonicalValues": ["work", "home"]}],
    }
    users = users_of(
        [
            schema(USER_SCHEMA, {"name": "userName", "required": True}, emails),
            schema(ENTERPRISE_SCHEMA, {"name": "department", "mutability": "readOnly"}),
            schema(OWN, {"name": "colour", "type": "INTEGER"}),
        ],
        [{"name": "User", "schemaExtensions": [{"schema": OWN, "required": True}]}],
    )
    assert users.by_path["username"] == AnnouncedAttribute(path="userName", required=True)
    assert users.by_path["emails"].multi_valued
    assert users.by_path["emails.type"].canonical_values == ("work", "home")
    assert users.by_path[f"{ENTERPRISE_SCHEMA}:department".casefold()].is_read_only
    assert users.by_path[f"{OWN}:colour".casefold()].type == "integer"
    assert users.required_extensions == (OWN,)
    assert [part.path for part in users.parts["emails"]] == ["emails.value", "emails.type"]


def test_what_is_stored_is_read_again_as_it_was() -> None:
    read = read_announced_schema(
        [
            schema(USER_SCHEMA, {"name": "title", "canonicalValues": ["Dr."]}),
            schema(GROUP_SCHEMA, {"name": "displayName"}),
        ],
        None,
    )
    assert read is not None
    assert from_document(json.loads(json.dumps(read.as_document()))) == read


@pytest.mark.parametrize(
    "schemas",
    [
        None,
        [],
        "<html>",
        {"Resources": []},
        [None, 7, "x", []],
        [{"id": USER_SCHEMA}],
        [{"id": USER_SCHEMA, "attributes": "many"}],
        [{"id": USER_SCHEMA, "attributes": [{"name": None}, {"name": ["x"]}, {}, None]}],
        [{"id": ["x"], "attributes": [{"name": "title"}]}],
    ],
)
def test_what_holds_nothing_usable_is_no_knowledge(schemas: object) -> None:
    assert read_announced_schema(schemas, schemas) is None


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "ti\x00tle", "ti\ntle", "título", "a.b", 'x[y eq "z"]', "x" * 400, "<script>", "a:b", "\ud800"],
)  # fmt: skip
def test_a_name_that_no_path_could_hold_is_left_out_and_its_neighbour_is_not(name: str) -> None:
    users = users_of([schema(USER_SCHEMA, {"name": name}, {"name": "title"})])
    assert [each.path for each in users.attributes] == ["title"]


def test_of_attributes_and_schemas_that_are_there_twice_the_first_counts() -> None:
    users = users_of(
        [
            schema(USER_SCHEMA, {"name": "title", "required": "true"}, {"name": "TITLE"}),
            schema(USER_SCHEMA.upper(), {"name": "locale"}),
        ]
    )
    assert users.attributes == (AnnouncedAttribute(path="title", required=True),)


def test_words_of_the_wrong_type_mean_what_the_rfc_says_of_what_is_left_out() -> None:
    users = users_of(
        [
            schema(
                USER_SCHEMA,
                {
                    "name": "title",
                    "type": 7,
                    "mutability": {},
                    "multiValued": [],
                    "required": 1,
                    "canonicalValues": {"a": "b"},
                },
            )
        ]
    )
    assert users.attributes == (AnnouncedAttribute(path="title"),)


def test_a_part_of_what_is_read_only_is_read_only() -> None:
    users = users_of(
        [schema(USER_SCHEMA, {"name": "x", "mutability": "readonly", "subAttributes": [{"name": "y"}]})]
    )
    assert [each.is_read_only for each in users.attributes] == [True, True]


def test_a_huge_list_is_cut_and_what_was_cut_is_counted() -> None:
    values = [f"\x1b[31m{n}" if n % 2 else "v" * 99 + str(n) for n in range(5000)]
    many = [{"name": f"a{n}", "canonicalValues": values} for n in range(50_000)]
    users = users_of([schema(USER_SCHEMA, *many)])
    assert (len(users.attributes), users.left_out) == (MOST_ATTRIBUTES, 50_000 - MOST_ATTRIBUTES)
    assert all(len(each.canonical_values) <= MOST_VALUES for each in users.attributes)
    assert len(json.dumps(read_announced_schema([schema(USER_SCHEMA, *many)], None).as_document())) < 300_000  # type: ignore[union-attr]  # read above


def test_any_json_is_read_or_passed_over_and_never_raises() -> None:
    chance = random.Random(7)
    texts = ["id", "name", "attributes", "subAttributes", "User", USER_SCHEMA, OWN, "true", "\x00", "urn:a:b"]

    def anything(depth: int) -> Any:
        if depth == 0 or chance.random() < 0.2:
            return chance.choice([None, True, 7, -1.5, "", *texts])
        if chance.random() < 0.5:
            return [anything(depth - 1) for _ in range(chance.randrange(4))]
        return {chance.choice(texts): anything(depth - 1) for _ in range(chance.randrange(5))}

    for _ in range(3000):
        schemas, types = anything(6), anything(5)
        found = read_announced_schema([*schemas] if isinstance(schemas, list) else [schemas], types)
        if found is not None:
            assert from_document(found.as_document()) == found
            resources = [each for each in (found.users, found.groups) if each]
            assert all(
                len(a.path) <= LONGEST_PATH and a.path.isprintable() for r in resources for a in r.attributes
            )
