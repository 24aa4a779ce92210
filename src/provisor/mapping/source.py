"""Direct sources: one path, or several with `|` between, of which the first that is not empty counts.

`emails[type eq "work"].value | emails[primary eq true].value | emails.value` reads the work address, else the
primary one, else the first. Each is compiled into a closure; the source is the directory's own document, whose
names are spelled as the schema spells them, so that a plain look-up is enough.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from provisor.mapping.paths import read_path, spelled
from provisor.mapping.vocabulary import Kind, Vocabulary
from provisor.scim.path import MISSING, AttributePath, read
from provisor.scim.syntax import Comparison, Operator

#: Reads one value of a source; `MISSING` when there is none.
Reader = Callable[[Mapping[str, Any]], Any]

#: A quoted text, or a `|` outside of one.
_QUOTED_OR_BAR: Final = re.compile(r'"(?:\\.|[^"\\])*"|\|')


def is_empty(value: object) -> bool:
    """Nothing that could be sent: missing, null, an empty text, list or object. False and 0 are values."""
    return value is MISSING or value is None or value in ("", [], {})


def alternatives(source: str) -> tuple[str, ...]:
    """The paths of a direct source, in the order in which they are tried. Quoted `|` do not separate."""
    bars = [found.start() for found in _QUOTED_OR_BAR.finditer(source) if found.group() == "|"]
    starts, ends = [0, *(bar + 1 for bar in bars)], [*bars, len(source)]
    return tuple(source[start:end].strip() for start, end in zip(starts, ends, strict=True))


def canonical_source(source: str, vocabulary: Vocabulary) -> str:
    """Spell the paths of a direct source as the vocabulary does. Raises `PathError`."""
    paths = (spelled(read_path(each, vocabulary.kind), vocabulary) for each in alternatives(source))
    return " | ".join(map(str, paths))


def reader(source: str, kind: Kind) -> Reader:
    """Compile a direct source in canonical spelling. Raises `PathError`."""
    readers = [_one(read_path(each, kind)) for each in alternatives(source)]
    return readers[0] if len(readers) == 1 else _first_of(tuple(readers))


def _first_of(readers: tuple[Reader, ...]) -> Reader:
    def first(source: Mapping[str, Any]) -> Any:
        for each in readers:
            value = each(source)
            if not is_empty(value):
                return value
        return MISSING

    return first


def _one(path: AttributePath) -> Reader:
    within = _attribute(path)
    if path.filter is not None:
        return _element(path, within)
    return _part(within, path.sub_attribute) if path.sub_attribute else within


def _attribute(path: AttributePath) -> Reader:
    name, schema = path.attribute, path.schema

    def core(source: Mapping[str, Any]) -> Any:
        return source.get(name, MISSING)

    def extension(source: Mapping[str, Any]) -> Any:
        values = source.get(schema)
        return values.get(name, MISSING) if isinstance(values, dict) else MISSING

    return extension if schema else core


def _part(within: Reader, part: str) -> Reader:
    """Of a complex value its part; of a list the first element's part that is not empty."""

    def sub_attribute(source: Mapping[str, Any]) -> Any:
        value = within(source)
        if isinstance(value, dict):
            return value.get(part, MISSING)
        if isinstance(value, list):
            parts = (each.get(part, MISSING) for each in value if isinstance(each, dict))
            return next((each for each in parts if not is_empty(each)), MISSING)
        return MISSING

    return sub_attribute


def _element(path: AttributePath, within: Reader) -> Reader:
    """The first element that a filter selects. The usual filter, one `eq`, is compiled; others are read by scim."""
    condition = path.filter
    if not isinstance(condition, Comparison) or not _is_simple(condition):
        return lambda source: read(dict(source), path)
    name, wanted, part = condition.path.attribute, condition.value, path.sub_attribute
    folded = wanted.casefold() if isinstance(wanted, str) else wanted

    def selected(source: Mapping[str, Any]) -> Any:
        elements = within(source)
        for element in elements if isinstance(elements, list) else ():
            if isinstance(element, dict) and _equal(element.get(name), folded):
                return element.get(part, MISSING) if part else element
        return MISSING

    return selected


def _is_simple(condition: Comparison) -> bool:
    """One `type eq "..."` or `primary eq true`: exact on booleans, without regard to case on texts (RFC 7643, 2.1)."""
    within = condition.path
    plain = not within.schema and within.filter is None and not within.sub_attribute
    fits = condition.value is True or (
        isinstance(condition.value, str) and within.attribute in {"type", "display"}
    )
    return condition.operator is Operator.EQ and plain and fits


def _equal(value: object, folded: object) -> bool:
    return value.casefold() == folded if isinstance(value, str) else value is folded
