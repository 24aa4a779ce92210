"""Rendering: from a directory user or group to the values that an application should hold."""

from collections.abc import Iterable
from collections.abc import Mapping as Mapped
from dataclasses import dataclass
from typing import Any, Final

from provisor.mapping.explanations import ExpressionFailed
from provisor.mapping.expression import activation, compile_together
from provisor.mapping.paths import described, read_path
from provisor.mapping.problems import Problem
from provisor.mapping.shape import Apply, OnEmpty, Reference, Rule, RuleKind
from provisor.mapping.source import Reader, is_empty, reader
from provisor.mapping.target import TYPES_OF, accepts, target_attribute
from provisor.mapping.vocabulary import Attribute, Kind
from provisor.scim.path import MISSING

_WAITING: Final = object()
_EMPTY: Final[tuple[Any, ...]] = ("", [], {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What one resource of an application should be.

    `values` by target path (shared with the source: not to be changed); `kept` are paths whose remote value stays
    because the source is empty; `create_only` paths are sent with the POST alone; `waiting` paths refer to a user
    whose id there is not known yet; `problems` name the path that could not be rendered. A path is in one place
    only, `create_only` apart; in none of them means that the remote value is to be cleared.
    """

    values: dict[str, Any]
    kept: frozenset[str]
    create_only: frozenset[str]
    waiting: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What a rule does with the value that it has read."""

    target: str
    attribute: Attribute
    on_empty: OnEmpty
    default: Any
    is_reference: bool


#: A direct rule, ready to run: what it does, how it reads, the types that need no closer look, and its target.
_Row = tuple[_Step, Reader, frozenset[type], str]


class Mapping:
    """Rules, compiled. Rendering is pure: it reads no clock and keeps no state. Safe to share between threads."""

    def __init__(self, rules: Iterable[Rule], kind: Kind, application_name: str = "") -> None:
        rules = tuple(rules)
        self.kind = kind
        self.managed: frozenset[str] = frozenset(rule.target for rule in rules)
        self._application_name = application_name
        self.create_only: frozenset[str] = frozenset(
            rule.target for rule in rules if rule.apply is Apply.CREATE
        )
        self._constants = {rule.target: rule.value for rule in rules if rule.kind is RuleKind.CONSTANT}
        direct = [rule for rule in rules if rule.kind is RuleKind.DIRECT]
        self._rows = tuple(_row(rule, kind) for rule in direct)
        computed = [rule for rule in rules if rule.kind is RuleKind.EXPRESSION]
        self._computed = tuple(_step(rule, kind) for rule in computed)
        self._programs = compile_together([rule.source for rule in computed], kind)
        self._texts = tuple((path, reader(path, kind)) for path in self._programs.texts)

    def render(self, source: Mapped[str, Any], references: Mapped[str, str | None]) -> Rendered:
        """Render a directory resource. Never raises for any JSON document: what cannot be rendered is a problem.

        `references` gives the id in the application of each directory user that is linked there, None for one
        who will be.
        """
        outcome = _Outcome(self._constants.copy())
        values = outcome.values
        for step, read, types, target in self._rows:
            value = read(source)
            if value and type(value) in types:
                values[target] = value
            else:
                outcome.settle(step, value, references)
        if self._computed:
            self._evaluate(source, references, outcome)
        return Rendered(
            values=values,
            kept=frozenset(outcome.kept) if outcome.kept else _NOTHING,
            create_only=self.create_only,
            waiting=tuple(outcome.waiting),
            problems=tuple(outcome.problems),
        )

    def _evaluate(
        self, source: Mapped[str, Any], references: Mapped[str, str | None], outcome: "_Outcome"
    ) -> None:
        try:
            texts = _texts(self._texts, source)
            bound = activation(self.kind, self._read_part(source), texts, self._application_name)
        except ExpressionFailed as failure:
            for step in self._computed:
                outcome.fail(step.target, failure.reason, failure.hint)
            return
        for step, value in zip(self._computed, self._programs.evaluate(bound), strict=True):
            if type(value) is ExpressionFailed:
                outcome.fail(step.target, value.reason, value.hint)
            else:
                outcome.settle(step, value, references)

    def _read_part(self, source: Mapped[str, Any]) -> dict[str, Any]:
        """The part of the source that expressions read: binding costs time by the attribute."""
        if self._programs.roots is None:
            return dict(source)
        return {name: source[name] for name in self._programs.roots if name in source}


_NOTHING: Final[frozenset[str]] = frozenset()


class _Outcome:
    """What becomes of the values of one resource while it is rendered."""

    __slots__ = ("kept", "problems", "values", "waiting")

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.kept: list[str] = []
        self.waiting: list[str] = []
        self.problems: list[Problem] = []

    def settle(self, step: _Step, value: Any, references: Mapped[str, str | None]) -> None:
        """Put a value where it belongs, or do with an empty one what the rule says."""
        if step.is_reference:
            value = _referred(value, references)
            if value is _WAITING:
                self.waiting.append(step.target)
                return
        if value is MISSING or value is None or value in _EMPTY:
            self._settle_empty(step)
        elif accepts(step.attribute, value):
            self.values[step.target] = value
        else:
            needed = described(step.attribute)
            self.fail(
                step.target, f"The value {value!r:.60} is not {needed}, which this attribute needs.", ""
            )

    def fail(self, target: str, reason: str, hint: str) -> None:
        self.problems.append(Problem(place=target, reason=reason, hint=hint))

    def _settle_empty(self, step: _Step) -> None:
        if step.on_empty is OnEmpty.KEEP:
            self.kept.append(step.target)
        elif step.on_empty is OnEmpty.DEFAULT:
            self.values[step.target] = step.default


def _texts(readers: tuple[tuple[str, Reader], ...], source: Mapped[str, Any]) -> dict[str, str]:
    """What `text["..."]` gives: "" for an empty value; a value that has no text is left out, which fails."""
    found = ((path, read(source)) for path, read in readers)
    return {
        path: value if type(value) is str else _as_text(value) for path, value in found if _has_text(value)
    }


def _has_text(value: object) -> bool:
    return not isinstance(value, list | dict | float) or is_empty(value)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if is_empty(value) else str(value)


def _referred(value: Any, references: Mapped[str, str | None]) -> Any:
    """The id in the application of the directory user with this id; one that is no directory user is empty."""
    if type(value) is not str:
        return value
    remote = references.get(value, MISSING)
    return _WAITING if remote is None else remote


def _step(rule: Rule, kind: Kind) -> _Step:
    return _Step(
        target=rule.target,
        attribute=target_attribute(read_path(rule.target, kind), kind),
        on_empty=rule.on_empty,
        default=rule.default,
        is_reference=rule.reference is Reference.USER,
    )


def _row(rule: Rule, kind: Kind) -> _Row:
    step = _step(rule, kind)
    looked_at = step.is_reference or step.attribute.multi_valued
    types = frozenset() if looked_at else TYPES_OF[step.attribute.type]
    return step, reader(rule.source, kind), types, rule.target


def compile_mapping(rules: Iterable[Rule], kind: Kind, *, application_name: str = "") -> Mapping:
    """Compile rules that `read_rules` has accepted. `application_name` is what expressions call application.name."""
    return Mapping(rules, kind, application_name)
