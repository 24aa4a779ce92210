"""A mapping against the attributes that the application itself lists: advice, never a refusal.

Applications list less than they take, and more: what they say of themselves is worth a sentence to whoever edits
the mapping, and no reason to keep a mapping from being saved that works.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

from provisor.mapping.paths import find_attribute, read_path
from provisor.mapping.problems import nearest
from provisor.mapping.shape import Apply, Rule, RuleKind
from provisor.mapping.source import alternatives
from provisor.mapping.vocabulary import UnknownAttribute, Vocabulary
from provisor.scim.announced_schema import AnnouncedAttribute, AnnouncedResource, sub_attribute_of
from provisor.scim.path import AttributePath, PathError, selection

#: Attributes of every resource, which no schema lists (RFC 7643, 3.1).
_COMMON: Final = frozenset({"id", "externalid", "meta", "schemas"})
#: Sent by other parts than the mapping: members by groups, a random password where one is demanded.
_SENT_OTHERWISE: Final = frozenset({*_COMMON, "members", "password"})
_TYPES: Final[dict[str, tuple[type, str]]] = {
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
    "complex": (dict, "an object"),
}


def announced(resource: AnnouncedResource, path: AttributePath) -> AnnouncedAttribute | None:
    """The attribute that a path writes, as the application lists it; None when it does not."""
    return resource.by_path.get(_bare(path).casefold())


def advice_on(rule: Rule, words: Vocabulary, resource: AnnouncedResource) -> Iterator[str]:
    """Sentences on one sound rule that does not fit what the application lists."""
    path = read_path(rule.target, words.kind)
    if not path.schema and path.attribute.casefold() in _COMMON:
        return
    whole, part = resource.by_path.get(path.parent.casefold()), announced(resource, path)
    if whole is None or (part is None and _lists_parts(whole, resource)):
        yield _unlisted(path, resource)
        return
    attribute = part or whole
    if attribute.is_read_only:
        yield f'"{attribute.path}" is read-only there: the application decides it, and drops or refuses what is sent.'
    elif attribute.mutability == "immutable" and rule.apply is not Apply.CREATE:
        yield (
            f'"{attribute.path}" is immutable there: it takes a value when the account is made, and no other later. '
            'Send it "on creation only".'
        )
    yield from _numbers(rule, path, whole, attribute, words)
    yield from _elements(path, whole, resource)
    if rule.kind is RuleKind.CONSTANT:
        yield from _constant(rule.value, attribute)


def missing_attributes(
    rules: Iterable[Rule], words: Vocabulary, resource: AnnouncedResource, sent: Collection[str] = ()
) -> list[str]:
    """Paths of attributes that the application requires and that no rule gives a value.

    `sent` names what is sent besides the rules. The sub-attributes of an attribute, and the attributes of an
    extension, count only where a rule writes something of it, or where it is required as a whole.
    """
    paths = [read_path(rule.target, words.kind) for rule in rules]
    given = {each.casefold() for path in paths for each in (_bare(path), path.parent)}
    written = {path.parent.casefold() for path in paths if not path.sub_attribute and path.filter is None}
    schemas = {path.schema.casefold() for path in paths} | {""}
    schemas |= {urn.casefold() for urn in resource.required_extensions}
    passed_over = _SENT_OTHERWISE | {name.casefold() for name in sent}
    return [
        each.path
        for each in resource.attributes
        if each.required
        and not each.is_read_only
        and _schema(each.path).casefold() in schemas
        and each.path.casefold() not in given
        and _top(each.path) not in passed_over | written
        and (not sub_attribute_of(each.path) or _top(each.path) in given)
    ]


def on_missing(path: str, words: Vocabulary) -> str:
    """What it means that a required attribute has no rule, in a sentence."""
    noun = "user" if words.kind == "user" else "group"
    return f'The application requires "{path}" of every {noun}, and no rule gives it a value: it may refuse new ones.'


def _unlisted(path: AttributePath, resource: AnnouncedResource) -> str:
    bare = _bare(path)
    match = nearest(bare, [each.path for each in resource.attributes])
    hint = f' Did you mean "{match}"?' if match and match.casefold() != bare.casefold() else ""
    more = " (or it is among those that were left out)" if resource.left_out else ""
    return f'The application does not list "{bare}"{more}: it may drop what is sent, or refuse it.{hint}'


def _lists_parts(whole: AnnouncedAttribute, resource: AnnouncedResource) -> bool:
    """Whether a sub-attribute that is not listed is missing: of a complex attribute some must be."""
    return whole.type != "complex" or whole.path.casefold() in resource.parts


def _numbers(
    rule: Rule,
    path: AttributePath,
    whole: AnnouncedAttribute,
    attribute: AnnouncedAttribute,
    words: Vocabulary,
) -> Iterator[str]:
    """One value against a list of them."""
    if path.filter is not None and not whole.multi_valued:
        yield f'"{whole.path}" has one value there, so a choice of an element in brackets finds nothing.'
    elif path.filter is None and path.sub_attribute and whole.multi_valued:
        yield f'"{whole.path}" is a list there, and the rule does not say which element it writes.'
    gives_list = _gives_list(rule, words)
    if gives_list is None or path.filter is not None or path.sub_attribute:
        return
    if attribute.multi_valued and not gives_list:
        yield f'"{attribute.path}" is a list there, and this rule gives one value.'
    if gives_list and not attribute.multi_valued:
        yield f'"{attribute.path}" has one value there, and this rule gives a list.'


def _gives_list(rule: Rule, words: Vocabulary) -> bool | None:
    """Whether what a rule renders is a list; None where only rendering would tell."""
    if rule.kind is RuleKind.CONSTANT:
        return isinstance(rule.value, list)
    if rule.kind is RuleKind.EXPRESSION:
        return None
    try:
        found = [find_attribute(read_path(each, words.kind), words) for each in alternatives(rule.source)]
    except (PathError, UnknownAttribute):
        return None
    return any(attribute.multi_valued for attribute in found)


def _elements(path: AttributePath, whole: AnnouncedAttribute, resource: AnnouncedResource) -> Iterator[str]:
    """The type of an element that the application does not have."""
    pairs = dict(selection(path.filter) or ()) if path.filter is not None else {}
    wanted = pairs.get("type")
    types = resource.by_path.get(f"{whole.path}.type".casefold())
    known = types.canonical_values if types else ()
    if isinstance(wanted, str) and known and wanted.casefold() not in map(str.casefold, known):
        yield f'"{whole.path}" has no type "{wanted}" there; its types are: {", ".join(known)}.'


def _constant(value: Any, attribute: AnnouncedAttribute) -> Iterator[str]:
    """A constant that is of another type, or none of the values that the application names."""
    wanted = _TYPES.get(attribute.type)
    for each in value if isinstance(value, list) else [value]:
        if wanted and type(each) is not wanted[0]:
            yield f'"{attribute.path}" needs {wanted[1]} there.'
            return
        if attribute.canonical_values and each not in attribute.canonical_values and isinstance(each, str):
            yield f'The values of "{attribute.path}" there are: {", ".join(attribute.canonical_values)}.'
            return


def _bare(path: AttributePath) -> str:
    """The path without its choice of an element."""
    return f"{path.parent}.{path.sub_attribute}" if path.sub_attribute else path.parent


def _top(path: str) -> str:
    """The folded path of the attribute that a path is, or is a part of."""
    part = sub_attribute_of(path)
    return (path[: -len(part) - 1] if part else path).casefold()


def _schema(path: str) -> str:
    """The extension of a path, "" for the core schema."""
    return path.rpartition(":")[0]
