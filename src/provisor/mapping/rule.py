"""Mappings as an administrator saves them: read, checked as a whole, and spelled canonically."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from provisor.mapping.paths import read_path
from provisor.mapping.problems import MappingRefused, Problem
from provisor.mapping.shape import Apply, OnEmpty, Reference, Rule, RuleKind, read_shape
from provisor.mapping.soundness import problems_of
from provisor.mapping.source import canonical_source
from provisor.mapping.target import REQUIRED, canonical_target
from provisor.mapping.vocabulary import CustomAttributeSpec, Kind, Vocabulary, vocabulary
from provisor.scim.path import PathError

__all__ = [
    "Apply",
    "CustomAttributeSpec",
    "MappingRefused",
    "OnEmpty",
    "Problem",
    "Reference",
    "Rule",
    "RuleKind",
    "read_rules",
]

#: More rules than any schema has attributes.
_MOST_RULES: Final = 200


def read_rules(
    raw: object,
    kind: Kind,
    custom: Iterable[CustomAttributeSpec] = (),
) -> tuple[Rule, ...]:
    """Read a mapping from its JSON, a list of rules, and check all of it.

    `custom` are the directory's declared attributes. Raises `MappingRefused` with every problem found; the place
    of each is like `users[3].source`.
    """
    if not isinstance(raw, list | tuple):
        raise MappingRefused([Problem(place=f"{kind}s", reason="A mapping is a list of rules.")])
    if len(raw) > _MOST_RULES:
        reason = f"The mapping has {len(raw):,} rules, and {_MOST_RULES} are allowed."
        raise MappingRefused([Problem(place=f"{kind}s", reason=reason)])
    words = vocabulary(kind, custom)
    shapes = [(f"{kind}s[{index}]", read_shape(each, f"{kind}s[{index}]")) for index, each in enumerate(raw)]
    rules = [(place, shape) for place, shape in shapes if isinstance(shape, Rule)]
    problems = [problem for _, shape in shapes if not isinstance(shape, Rule) for problem in shape]
    for place, rule in rules:
        problems.extend(problems_of(rule, place, words))
    problems.extend(_problems_together(rules, kind))
    if problems:
        raise MappingRefused(problems)
    return tuple(_canonical(rule, words) for _, rule in rules)


def _canonical(rule: Rule, words: Vocabulary) -> Rule:
    target = str(canonical_target(rule.target, words.kind))
    source = canonical_source(rule.source, words) if rule.kind is RuleKind.DIRECT else rule.source
    return replace(rule, target=target, source=source)


def _problems_together(rules: Sequence[tuple[str, Rule]], kind: Kind) -> Iterator[Problem]:
    """Find targets that are written twice, or not at all though every application needs them."""
    seen: dict[str, str] = {}
    for place, rule in rules:
        try:
            path = canonical_target(rule.target, kind)
        except PathError:
            continue
        target = str(path)
        clash = _clash(target.casefold(), path.parent.casefold(), seen)
        if clash:
            reason = f'"{target}" is already written by the rule {clash}.'
            yield Problem(place=f"{place}.target", reason=reason, hint="Remove one of the two.")
        seen.setdefault(target.casefold(), place)
    yield from _missing(seen, kind)


def _clash(target: str, parent: str, seen: dict[str, str]) -> str:
    """The place of a rule that writes the same, the whole of which this is a part, or a part of this whole."""
    if target in seen or parent in seen:
        return seen.get(target) or seen[parent]
    parts = (place for other, place in seen.items() if other.startswith((f"{target}.", f"{target}[")))
    return next(parts, "")


def _missing(seen: dict[str, str], kind: Kind) -> Iterator[Problem]:
    for target in REQUIRED[kind]:
        if str(read_path(target, kind)).casefold() not in seen:
            reason = f'The required target "{target}" has no rule.'
            yield Problem(
                place=f"{kind}s", reason=reason, hint="Add one: applications refuse a resource without it."
            )
