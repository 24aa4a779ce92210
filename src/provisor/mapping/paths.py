"""Paths of a mapping: read, spelled as the schema spells them, and looked up."""

from dataclasses import replace

from provisor.mapping.vocabulary import CORE_SCHEMA, Attribute, Kind, Type, UnknownAttribute, Vocabulary
from provisor.scim.path import AttributePath, PathError, parse_path


def read_path(text: str, kind: Kind) -> AttributePath:
    """Parse a path; the URN of the core schema of `kind` is left out. Raises `PathError`."""
    path = parse_path(text.strip())
    if path.schema.casefold() == CORE_SCHEMA[kind].casefold():
        path = replace(path, schema="")
    if not path.attribute:
        raise PathError("A schema is no attribute; the name of one of its attributes must follow.", len(text))
    return path


def find_attribute(path: AttributePath, vocabulary: Vocabulary) -> Attribute:
    """Return the (sub-)attribute that a path names, as it comes out when read.

    A sub-attribute of a multi-valued attribute is read from one element, so it counts as single-valued.
    Raises `UnknownAttribute`.
    """
    attribute = vocabulary.attribute(path.schema, path.attribute)
    if path.filter is not None and not attribute.multi_valued:
        raise UnknownAttribute(
            f'"{attribute.name}" has one value, so there is nothing to choose with a filter in brackets.',
            "Leave out the brackets.",
        )
    if path.sub_attribute:
        return vocabulary.part(attribute, path.sub_attribute)
    return replace(attribute, multi_valued=False) if path.filter is not None else attribute


def spelled(path: AttributePath, vocabulary: Vocabulary) -> AttributePath:
    """Spell the names of a path as the vocabulary does; what it does not know stays as it is."""
    try:
        attribute = vocabulary.attribute(path.schema, path.attribute)
        part = vocabulary.part(attribute, path.sub_attribute).name if path.sub_attribute else ""
    except UnknownAttribute:
        return path
    return replace(path, schema=vocabulary.urn(path.schema), attribute=attribute.name, sub_attribute=part)


def described(attribute: Attribute) -> str:
    """Say in words what a value of this attribute is."""
    words = {
        Type.STRING: "a text",
        Type.BOOLEAN: "true or false",
        Type.INTEGER: "a whole number",
        Type.DECIMAL: "a number",
        Type.COMPLEX: "an object",
        Type.ANY: "a value",
    }
    if attribute.multi_valued:
        return "a list of objects" if attribute.parts else "a list"
    return words[attribute.type]
