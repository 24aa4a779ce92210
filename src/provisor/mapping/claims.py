"""Claims about a person for single sign-on, by rules like those of a mapping: direct, constant or expression.

A rule is `{claim, kind, source, value, default, on_empty}` as in a mapping, with the name of a claim in place of a target.
`on_empty` is `clear` (the claim is left out) or `default`. One kind more, `groups`, gives the names of the person's groups.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from provisor.mapping.problems import MappingRefused, Problem
from provisor.mapping.render import compile_mapping
from provisor.mapping.shape import OnEmpty, Rule, RuleKind, read_shape
from provisor.mapping.soundness import problems_of
from provisor.mapping.source import canonical_source
from provisor.mapping.vocabulary import CustomAttributeSpec, Vocabulary, vocabulary

#: What a claim is called while it is read as a target: an attribute of a schema that no RFC knows takes any value.
_SCHEMA: Final = "urn:ietf:params:scim:schemas:extension:provisor:2.0:Claim"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
#: Claims that say who signed in, where and when (OpenID Connect Core 1.0, sections 2 and 3.1.3.6; RFC 7519).
RESERVED: Final = frozenset(
    {
        "sub", "iss", "aud", "exp", "iat", "nbf", "jti", "nonce", "azp", "acr", "amr", "auth_time", "at_hash",
        "c_hash", "sid", "client_id", "scope",
    }
)  # fmt: skip
_MOST: Final = 50
_KEYS: Final = ("claim", "kind", "source", "value", "default", "on_empty")
_GROUPS: Final = "groups"
_GROUPS_VALUE: Final = ["groups"]
_LISTED: Final = ", ".join(_KEYS)

#: What an application gets unless it is told otherwise (OpenID Connect Core 1.0, section 5.1). Whether an address was
#: verified is not claimed: nobody here has.
DEFAULT_CLAIMS: Final[tuple[Mapping[str, Any], ...]] = (
    {"claim": "name", "source": "displayName"},
    {"claim": "given_name", "source": "name.givenName"},
    {"claim": "family_name", "source": "name.familyName"},
    {"claim": "preferred_username", "source": "userName"},
    {
        "claim": "email",
        "source": 'emails[primary eq true].value | emails[type eq "work"].value | emails.value',
    },
)


def read_claims(raw: object, custom: Iterable[CustomAttributeSpec] = ()) -> list[dict[str, Any]]:
    """Check rules for claims, and return them in canonical form. Raises `MappingRefused` with every problem found."""
    if not isinstance(raw, list) or len(raw) > _MOST:
        raise MappingRefused([Problem(place="claims", reason=f"Claims are a list of at most {_MOST} rules.")])
    words = vocabulary("user", custom)
    places = [f"claims[{index}]" for index in range(len(raw))]
    found = [_read(each, place, words) for each, place in zip(raw, places, strict=True)]
    problems = [problem for each in found if not isinstance(each, Rule) for problem in each]
    rules = [each for each in found if isinstance(each, Rule)]
    problems += _twice(rules)
    if problems:
        raise MappingRefused(problems)
    return [_document(rule, words) for rule in rules]


def render_claims(
    rules: Iterable[Mapping[str, Any]],
    source: Mapping[str, Any],
    *,
    groups: Iterable[str] = (),
    application_name: str = "",
) -> dict[str, Any]:
    """The claims about a user by rules that `read_claims` has accepted. One that cannot be rendered is left out."""
    rules = list(rules)
    shapes = [read_shape(_as_target(each), "") for each in rules if each.get("kind") != _GROUPS]
    known = [shape for shape in shapes if isinstance(shape, Rule)]
    rendered = compile_mapping(known, "user", application_name=application_name).render(source, {})
    named = {each["claim"]: list(groups) for each in rules if each.get("kind") == _GROUPS}
    return {_claim_of(target): value for target, value in rendered.values.items()} | named


def _read(raw: object, place: str, words: Vocabulary) -> Rule | list[Problem]:
    wrong = list(_wrong_name(raw, place))
    if wrong or not isinstance(raw, dict):
        return wrong
    if raw.get("kind") == _GROUPS:
        # Read as a constant, which it is for one person: the names come when it is rendered.
        raw = {"claim": raw["claim"], "kind": str(RuleKind.CONSTANT), "value": _GROUPS_VALUE}
    shape = read_shape(_as_target(raw), place)
    if not isinstance(shape, Rule):
        return list(shape)
    return list(problems_of(shape, place, words)) or shape


def _wrong_name(raw: object, place: str) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        yield Problem(
            place=place, reason="A claim is an object.", hint='At least {"claim": ..., "source": ...}.'
        )
        return
    name = raw.get("claim")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        reason = f'"{name}" cannot be the name of a claim.'
        yield Problem(
            place=f"{place}.claim",
            reason=reason,
            hint="Use letters, digits and _, a letter first, at most 64.",
        )
    elif name in RESERVED:
        yield Problem(
            place=f"{place}.claim",
            reason=f'"{name}" says who signed in, where and when. Provisor sets it.',
            hint="Choose another name.",
        )
    for key in raw.keys() - set(_KEYS):
        yield Problem(place=f"{place}.{key}", reason=f'A claim has no "{key}".', hint=f"It has {_LISTED}.")
    if raw.get("on_empty") == OnEmpty.KEEP:
        yield Problem(
            place=f"{place}.on_empty", reason="A claim keeps nothing.", hint='Use "clear" or "default".'
        )


def _twice(rules: Iterable[Rule]) -> Iterator[Problem]:
    for name, count in Counter(_claim_of(rule.target) for rule in rules).items():
        if count > 1:
            yield Problem(
                place="claims", reason=f'The claim "{name}" is there twice.', hint="Remove one of the two."
            )


def _as_target(raw: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in raw.items() if key != "claim"}
    return {**rest, "target": f"{_SCHEMA}:{raw.get('claim')}"}


def _claim_of(target: str) -> str:
    return target.rpartition(":")[2]


def _document(rule: Rule, words: Vocabulary) -> dict[str, Any]:
    """The rule as it is stored: only what says something."""
    if rule.value is _GROUPS_VALUE:
        return {"claim": _claim_of(rule.target), "kind": _GROUPS}
    direct = rule.kind is RuleKind.DIRECT
    source = canonical_source(rule.source, words) if direct else rule.source
    said = {"kind": str(rule.kind), "source": source, "value": rule.value, "default": rule.default}
    kept = {key: value for key, value in said.items() if value not in (None, "")}
    empty = {} if rule.on_empty is OnEmpty.CLEAR else {"on_empty": str(rule.on_empty)}
    return {"claim": _claim_of(rule.target), **kept, **empty}
