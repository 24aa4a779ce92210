"""Targets: which attributes of an application's resource a rule may write, and what their values must be."""

from typing import Any, Final

from provisor.mapping.paths import read_path, spelled
from provisor.mapping.problems import nearest
from provisor.mapping.vocabulary import Attribute, Kind, Type, UnknownAttribute, vocabulary
from provisor.scim.path import AttributePath, PathError, selection

#: A mapping without these cannot be saved.
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "user": (
        "userName",
        "name.givenName",
        "name.familyName",
        'emails[type eq "work"].value',
        "displayName",
        "active",
    ),
    "group": ("displayName",),
}
_FORBIDDEN: Final = {
    "id": "The application gives its own ids; Provisor only remembers them.",
    "meta": "The application writes its own metadata.",
    "schemas": "The list of schemas follows from the attributes that are sent.",
    "groups": "A user's groups are read-only (RFC 7643, 4.1.2); memberships are sent with the groups.",
    "members": "Memberships follow from the policies and the switches, not from the mapping.",
    "password": "Passwords are never provisioned (the IPSIE profile forbids it).",
}
#: A misspelling is only assumed of names this alike: applications may have attributes that no RFC knows.
_MISSPELT: Final = 0.8


class TargetRefused(ValueError):  # noqa: N818 - named by what happened
    """A target that no rule may write. `reason` and `hint` are sentences."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"{reason} {hint}".strip())
        self.reason = reason
        self.hint = hint


def read_target(text: str, kind: Kind) -> AttributePath:
    """Read a target in canonical spelling. Raises `TargetRefused`."""
    try:
        path = read_path(text, kind)
    except PathError as error:
        reason = f'"{text}" is not an attribute path: {error.reason} (character {error.position + 1})'
        raise TargetRefused(
            reason, 'Write it like name.givenName or emails[type eq "work"].value.'
        ) from error
    _refuse_forbidden(path)
    path = spelled(path, vocabulary(kind))
    _refuse_ambiguous(path, kind)
    _refuse_misspelt(path, kind)
    return path


def canonical_target(text: str, kind: Kind) -> AttributePath:
    """Spell an accepted target as the schema does. Raises `PathError`."""
    return spelled(read_path(text, kind), vocabulary(kind))


def target_attribute(path: AttributePath, kind: Kind) -> Attribute:
    """What the value of a target must be; `Type.ANY` where the RFC does not say."""
    try:
        attribute = vocabulary(kind).attribute(path.schema, path.attribute)
        return vocabulary(kind).part(attribute, path.sub_attribute) if path.sub_attribute else attribute
    except UnknownAttribute:
        return Attribute(name=str(path), type=Type.ANY)


def _refuse_forbidden(path: AttributePath) -> None:
    reason = _FORBIDDEN.get(path.attribute.casefold()) if not path.schema else None
    if reason:
        raise TargetRefused(f'"{path}" cannot be a target. {reason}', "Remove this rule.")


def _refuse_ambiguous(path: AttributePath, kind: Kind) -> None:
    """Refuse what could mean several elements, or a whole element without saying which of its values."""
    attribute = target_attribute(AttributePath(path.schema, path.attribute), kind)
    if path.filter is None:
        if attribute.multi_valued and path.sub_attribute:
            fixed = f'{path.parent}[type eq "work"].{path.sub_attribute}'
            reason = f'"{path}" does not say which element of the list "{path.attribute}" is meant.'
            raise TargetRefused(reason, f"Name it, for example {fixed}.")
        return
    if not path.sub_attribute:
        reason = f'"{path}" is a whole element; a rule writes one of its values.'
        raise TargetRefused(reason, f"Add the sub-attribute, for example {path}.value.")
    if attribute.type is not Type.ANY and not attribute.multi_valued:
        raise TargetRefused(f'"{attribute.name}" is not a list, so a filter in brackets has no meaning.')
    if selection(path.filter) is None:
        reason = f'The filter in "{path}" does not say how to make the element when it is missing.'
        raise TargetRefused(
            reason, 'Use comparisons with eq alone, for example emails[type eq "work"].value.'
        )


def _refuse_misspelt(path: AttributePath, kind: Kind) -> None:
    """Refuse a core name that is a typing error away from one of the RFC; other unknown names may be right."""
    words = vocabulary(kind)
    if path.schema and path.schema.casefold() not in words.urns:
        return
    try:
        attribute = words.attribute(path.schema, path.attribute)
        if path.sub_attribute:
            words.part(attribute, path.sub_attribute)
    except UnknownAttribute as unknown:
        attribute_names = [each.name for each in words.schemas[path.schema.casefold()].values()]
        if "sub-attribute" in unknown.reason or nearest(path.attribute, attribute_names, alike=_MISSPELT):
            raise TargetRefused(unknown.reason, unknown.hint) from unknown


def accepts(attribute: Attribute, value: Any) -> bool:
    """Whether a value that is not empty has the type that the attribute needs."""
    if attribute.multi_valued:
        return type(value) is list and (not attribute.parts or all(type(each) is dict for each in value))
    return type(value) in TYPES_OF[attribute.type]


#: The Python types of JSON values that each type takes. A boolean is no number here.
TYPES_OF: Final[dict[Type, frozenset[type]]] = {
    Type.STRING: frozenset({str}),
    Type.BOOLEAN: frozenset({bool}),
    Type.INTEGER: frozenset({int}),
    Type.DECIMAL: frozenset({int, float}),
    Type.COMPLEX: frozenset({dict}),
    Type.ANY: frozenset({str, bool, int, float, dict, list}),
}
