"""Properties of rendering that hold for any document."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.mapping.source import is_empty, reader
from provisor.mapping.target import REQUIRED
from provisor.scim.path import parse_path, read
from tests.mapping.examples import CUSTOM_SCHEMA, PERSON, WORK, expression, mapping

#: Any JSON document, also with half surrogate pairs, U+0000 and numbers of any size.
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from([*PERSON, "nickName", "value", "type", "roles"]) | TEXTS
DOCUMENTS = st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=3), max_size=6)
REFERENCES = st.dictionaries(TEXTS, st.none() | TEXTS, max_size=2)

MIXED = mapping(
    expression("user.nickName", "nickName", on_empty="keep"),
    expression("firstNonEmpty([text['title | emails.value'], text['name.givenName']])", "title"),
    expression("user.emails.filter(e, e.type == 'work')", "roles"),
    expression("user.displayName.lower() + user['locale']", "userType", on_empty="default", default="d"),
    {"target": "externalId", "source": "id", "on_empty": "default", "default": "none", "apply": "create"},
    {"target": "profileUrl", "source": "profileUrl", "reference": "user"},
    {"target": "phoneNumbers", "source": "phoneNumbers", "on_empty": "keep"},
    {"target": "urn:a:b:c", "source": f"{CUSTOM_SCHEMA}:skills"},
)
SOURCES = [WORK, "emails.value", "name.givenName", "title", "emails", f"{CUSTOM_SCHEMA}:badge"]


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, REFERENCES)
def test_rendering_never_raises_and_puts_each_path_in_one_place(document, references):
    """Whatever the source: a path is a value, kept, waiting or a problem, or in none of them and so cleared."""
    rendered = MIXED.render(document, references)
    places = [
        *rendered.values,
        *rendered.kept,
        *rendered.waiting,
        *(each.place for each in rendered.problems),
    ]
    assert len(places) == len(set(places))
    assert set(places) <= MIXED.managed
    assert not any(is_empty(value) for value in rendered.values.values())
    assert rendered.create_only == {"externalId"}


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS)
def test_rendering_changes_nothing_in_the_source_and_is_repeatable(document):
    """Rendering is pure: the same source gives the same result, and is left as it was."""
    before = json.dumps(document, sort_keys=True)
    first = MIXED.render(document, {})
    assert json.dumps(document, sort_keys=True) == before
    assert repr(MIXED.render(document, {})) == repr(first)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*PERSON]), JSON | st.sampled_from(list(PERSON.values())), max_size=6))
def test_compiled_sources_read_what_paths_read(document):
    """The closures are an optimisation of scim's `read`; of a list without a filter they take the first value."""
    for source in SOURCES:
        value = read(document, parse_path(source))
        if source == "emails.value" and isinstance(value, list) and isinstance(document.get("emails"), list):
            value = next((each for each in value if not is_empty(each)), None)
        compiled = reader(source, "user")(document)
        assert (is_empty(value) and is_empty(compiled)) or repr(compiled) == repr(value)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=50))
def test_any_text_survives_direct_rules_and_expressions_unchanged(text):
    """No normal form, no trimming, no escaping on the way."""
    made = mapping({"target": "title", "source": "title"}, expression("user.title", "nickName"))
    values = made.render({**PERSON, "title": text}, {}).values
    assert values["title"] == values["nickName"] == text


@given(st.sampled_from(REQUIRED["user"]), st.sampled_from(["clear", "keep"]))
def test_an_empty_document_has_no_values(target, on_empty):
    """Absence everywhere: nothing is invented."""
    made = mapping(
        {"target": target, "source": "active" if target == "active" else "title", "on_empty": on_empty}
    )
    rendered = made.render({}, {})
    assert rendered.values == {}
    assert rendered.kept == (frozenset({target}) if on_empty == "keep" else frozenset())
