"""What is wrong with the rows, each at its field; the judge is the mapping room itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provisor.console.mapping.rows import KINDS, Plural, Row, counted
from provisor.directory.models import CustomAttribute
from provisor.mapping.problems import MappingRefused, Problem
from provisor.mapping.rule import CustomAttributeSpec, Rule, read_rules
from provisor.mapping.shape import RuleKind, read_shape
from provisor.mapping.soundness import problems_of
from provisor.mapping.source import canonical_source
from provisor.mapping.target import canonical_target
from provisor.mapping.vocabulary import Vocabulary, vocabulary

#: The end of a place: `users[3].source`.
_OF_A_RULE: Final = "]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Rows after the check. `problems` belong to no row; `sound` are the rules that can be used as they are."""

    rows: Sequence[Row]
    problems: tuple[str, ...]
    #: Rows that make a sound rule, each with it.
    pairs: tuple[tuple[Row, Rule], ...]

    @property
    def sound(self) -> tuple[Rule, ...]:
        return tuple(rule for _row, rule in self.pairs)

    @property
    def wrong(self) -> int:
        """How many rows hold an error."""
        return sum(bool(row.errors) for row in self.rows)

    @property
    def is_good(self) -> bool:
        return not self.wrong and not self.problems


def specs(declared: Iterable[CustomAttribute]) -> list[CustomAttributeSpec]:
    """The directory's declared attributes, as the mapping room reads them."""
    return [
        CustomAttributeSpec(schema=row.schema, name=row.name, type=row.type, multi_valued=row.multi_valued)
        for row in declared
    ]


def check(
    rows: Sequence[Row], plural: Plural, custom: Iterable[CustomAttributeSpec], *, lenient: bool = False
) -> Checked:
    """Put each error beside its field, with reason and hint.

    `lenient` is for somebody who is still typing: an empty field is not blamed, nor a rule that is not there yet.
    """
    kind, custom = KINDS[plural], tuple(custom)
    used = counted(rows)
    for row in rows:
        row.errors = {}
    outside: list[str] = []
    try:
        read_rules([row.document for row in used], kind, custom)
    except MappingRefused as refused:
        outside = [sentence for each in refused.problems if (sentence := _place(each, used, lenient=lenient))]
    words = vocabulary(kind, custom)
    pairs = tuple((row, rule) for row in used if (rule := _sound(row, words)))
    return Checked(rows=rows, problems=tuple(outside), pairs=pairs)


def _place(problem: Problem, used: Sequence[Row], *, lenient: bool) -> str:
    """Put a problem into its row; one of the whole mapping is returned."""
    start, bracket, key = problem.place.partition(_OF_A_RULE)
    sentence = f"{problem.reason} {problem.hint}".strip()
    if not bracket:
        return "" if lenient and any(row.target == "" for row in used) else sentence
    row = used[int(start.partition("[")[2])]
    name = row.field_of(key.lstrip("."))
    if not lenient or str(getattr(row, name)).strip():
        row.errors.setdefault(name, sentence)
    return ""


def _sound(row: Row, words: Vocabulary) -> Rule | None:
    """The rule in canonical spelling, if nothing is wrong with it by itself; a clash with another is."""
    rule = read_shape(row.document, "")
    if row.errors or not isinstance(rule, Rule) or any(problems_of(rule, "", words)):
        return None
    target = str(canonical_target(rule.target, words.kind))
    source = canonical_source(rule.source, words) if rule.kind is RuleKind.DIRECT else rule.source
    return replace(rule, target=target, source=source)
