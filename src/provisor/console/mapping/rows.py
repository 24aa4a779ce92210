"""The rows of the editor: rules as texts in fields, and back. A row keeps whatever was typed, right or wrong."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.http import QueryDict

from provisor.console.mapping.spelling import read_back, written
from provisor.mapping.target import REQUIRED, canonical_target
from provisor.mapping.vocabulary import Kind
from provisor.scim.path import PathError
from provisor.scim.schemas import ENTERPRISE_SCHEMA

Plural = Literal["users", "groups"]
KINDS: Final[Mapping[Plural, Kind]] = {"users": "user", "groups": "group"}
#: Empty rows that the address of the page may ask for: those that the person has added.
MOST_ADDED: Final = 50
_KEY: Final = re.compile(r"n?\d{1,4}")
_EXTENSION: Final = re.compile(r"(urn:[^\[]*):([^:]+)", re.IGNORECASE)


@dataclass(slots=True, kw_only=True)
class Row:
    """One rule as it stands in the editor. Texts are as typed; `errors` are sentences by the name of the field."""

    plural: Plural
    key: str
    target: str = ""
    kind: str = "direct"
    source: str = ""
    expression: str = ""
    value: str = ""
    default: str = ""
    apply: str = "always"
    on_empty: str = "clear"
    reference: bool = False
    #: It goes with the next save.
    gone: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    #: Sentences on what does not fit the attributes that the application lists; they hinder nothing.
    advice: tuple[str, ...] = ()
    #: Values that the application names for the target.
    values: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The beginning of the names of its fields."""
        return f"{self.plural}-{self.key}"

    @property
    def is_required(self) -> bool:
        """Whether no mapping can be saved without this target (design, section 6)."""
        kind = KINDS[self.plural]
        try:
            target = str(canonical_target(self.target, kind)).casefold()
        except PathError:
            return False
        return target in {str(canonical_target(each, kind)).casefold() for each in REQUIRED[kind]}

    @property
    def is_blank(self) -> bool:
        return not f"{self.target}{self.source}{self.expression}{self.value}".strip()

    @property
    def extension(self) -> str:
        """In short which attribute of which extension it is; "" for one of the core schema."""
        found = _EXTENSION.fullmatch(self.target.strip())
        if found is None:
            return ""
        schema, attribute = found.groups()
        words = (
            "enterprise" if schema.casefold() == ENTERPRISE_SCHEMA.casefold() else schema.rsplit(":", 2)[-2]
        )
        return f"{attribute} · {words}"

    @property
    def document(self) -> dict[str, Any]:
        """The rule as the services take it; what the chosen kind does not use is left out."""
        kind = KINDS[self.plural]
        constant = self.kind == "constant"
        on_empty = "clear" if constant else self.on_empty
        return {
            "target": self.target.strip(),
            "kind": self.kind,
            "source": {"direct": self.source, "expression": self.expression}.get(self.kind, "").strip(),
            "value": read_back(self.value, self.target, kind) if constant else None,
            "default": read_back(self.default, self.target, kind) if on_empty == "default" else None,
            "apply": self.apply,
            "on_empty": on_empty,
            "reference": "user" if self.reference and not constant else "",
        }

    def field_of(self, key: str) -> str:
        """The field that shows a key of the rule."""
        if key == "source":
            return "expression" if self.kind == "expression" else "source"
        return key if key in {"target", "value", "default", "on_empty", "apply", "reference"} else "target"


def rows_of(rules: Iterable[Any], plural: Plural, added: int = 0) -> list[Row]:
    """Rows of stored rules, and `added` empty ones behind them."""
    stored = [_row(rule, plural, str(index)) for index, rule in enumerate(rules) if isinstance(rule, dict)]
    return [*stored, *(Row(plural=plural, key=f"n{index}") for index in range(min(added, MOST_ADDED)))]


def _row(rule: Mapping[str, Any], plural: Plural, key: str) -> Row:
    kind, target = str(rule.get("kind", "direct")), str(rule.get("target", ""))
    source = str(rule.get("source", ""))
    return Row(
        plural=plural,
        key=key,
        target=target,
        kind=kind,
        source=source if kind == "direct" else "",
        expression=source if kind == "expression" else "",
        value=written(rule.get("value"), target, KINDS[plural]),
        default=written(rule.get("default"), target, KINDS[plural]),
        apply=str(rule.get("apply", "always")),
        on_empty=str(rule.get("on_empty", "clear")),
        reference=rule.get("reference") == "user",
    )


def rows_from(post: QueryDict, plural: Plural) -> list[Row]:
    """Rows as they were typed, in their order on the page."""
    keys = [key for key in post.getlist(f"{plural}-row") if _KEY.fullmatch(key)]
    return [_typed(post, plural, key) for key in dict.fromkeys(keys)]


def _typed(post: QueryDict, plural: Plural, key: str) -> Row:
    def text(name: str, otherwise: str = "") -> str:
        return str(post.get(f"{plural}-{key}-{name}", otherwise)).replace("\r\n", "\n")

    return Row(
        plural=plural, key=key, target=text("target"), kind=text("kind", "direct"), source=text("source"),
        expression=text("expression"), value=text("value"), default=text("default"), apply=text("apply", "always"),
        on_empty=text("on_empty", "clear"), reference=bool(text("reference")), gone=bool(text("gone")),
    )  # fmt: skip


def counted(rows: Iterable[Row]) -> list[Row]:
    """The rows that make rules: not removed, and not left empty."""
    return [row for row in rows if not row.is_blank and (not row.gone or row.is_required)]
