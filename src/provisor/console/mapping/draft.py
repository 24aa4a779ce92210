"""The whole editor as it stands: rows and matching attributes of users and groups, from the database or as typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, QueryDict

from provisor.applications.models import Application
from provisor.console.mapping.checking import Checked, check, specs
from provisor.console.mapping.rows import KINDS, Plural, Row, counted, rows_from, rows_of
from provisor.directory.models import CustomAttribute
from provisor.mapping.paths import read_path
from provisor.mapping.rule import CustomAttributeSpec
from provisor.scim.path import PathError

#: Empty places behind the matching attributes that there are.
SPARE = 1


@dataclass(slots=True, kw_only=True)
class Part:
    """One tab of the editor. `matching` are texts, as typed; `matching_errors` by their place in it."""

    plural: Plural
    rows: Sequence[Row]
    matching: list[str]
    #: The person or group of the preview, as typed.
    subject: str
    checked: Checked
    matching_errors: dict[int, str]
    matching_problem: str = ""
    #: Sentences on attributes that the application requires and that no rule gives it.
    advice: tuple[str, ...] = ()

    @property
    def wrong(self) -> int:
        return (
            self.checked.wrong
            + len(self.checked.problems)
            + len(self.matching_errors)
            + bool(self.matching_problem)
        )

    @property
    def places(self) -> list[tuple[int, str, str]]:
        """The fields of the matching attributes: place, text, error."""
        texts = [*self.matching, *[""] * SPARE]
        return [(place, text, self.matching_errors.get(place, "")) for place, text in enumerate(texts)]

    @property
    def only_by_email(self) -> bool:
        """Nothing but an address would find an account, and an address never links by itself."""
        named = [_attribute(text, self.plural) for text in self.matching if text.strip()]
        return bool(named) and all(name == "emails" for name in named)


@dataclass(slots=True, kw_only=True)
class Draft:
    """What the editor shows. `edition` is the version of the application that the person has seen."""

    parts: Mapping[Plural, Part]
    shown: Plural
    edition: int
    #: The attributes that the directory declares, read with the draft.
    declared: Sequence[CustomAttribute]
    confirmed: str = ""

    @property
    def is_good(self) -> bool:
        return not any(part.wrong for part in self.parts.values())

    @property
    def changes(self) -> dict[str, Any]:
        """What the service is asked to change."""
        return {
            "mappings": {
                plural: [row.document for row in counted(part.rows)] for plural, part in self.parts.items()
            },
            "matching": {
                plural: [text.strip() for text in part.matching if text.strip()]
                for plural, part in self.parts.items()
            },
        }

    def show_what_is_wrong(self) -> None:
        """Turn to the first tab that holds an error."""
        if not self.parts[self.shown].wrong:
            self.shown = next((plural for plural, part in self.parts.items() if part.wrong), self.shown)


def stored(request: HttpRequest, application: Application) -> Draft:
    """What is stored, with as many empty rows as the page's address names (`?users=2`)."""
    declared = list(CustomAttribute.objects.all())
    custom = specs(declared)
    parts: dict[Plural, Part] = {}
    for plural in KINDS:
        rows = rows_of(application.mappings.get(plural, ()), plural, _number(request.GET.get(plural, "")))
        matching = [str(each) for each in application.matching.get(plural, ())]
        parts[plural] = _part(
            plural, rows, matching, request.GET.get(f"{plural}-subject", ""), custom, lenient=True
        )
    return Draft(
        parts=parts, shown=_plural(request.GET.get("kind")), edition=application.version, declared=declared
    )


def typed(post: QueryDict, *, lenient: bool = False) -> Draft:
    """What was typed, checked."""
    declared = list(CustomAttribute.objects.all())
    custom = specs(declared)
    parts = {
        plural: _part(
            plural, rows_from(post, plural), [str(each) for each in post.getlist(f"{plural}-matching")],
            post.get(f"{plural}-subject", ""), custom, lenient=lenient,
        )
        for plural in KINDS
    }  # fmt: skip
    return Draft(
        parts=parts,
        shown=_plural(post.get("kind")),
        edition=_number(post.get("edition", "")),
        declared=declared,
        confirmed=post.get("confirmed", ""),
    )


def _part(
    plural: Plural,
    rows: list[Row],
    matching: list[str],
    subject: str,
    custom: list[CustomAttributeSpec],
    *,
    lenient: bool,
) -> Part:
    while matching and not matching[-1].strip():
        matching.pop()
    checked = check(rows, plural, custom, lenient=lenient)
    return Part(
        plural=plural, rows=rows, matching=matching, subject=subject, checked=checked, matching_errors={}
    )


def _attribute(path: str, plural: Plural) -> str:
    try:
        return read_path(path, KINDS[plural]).attribute.casefold()
    except PathError:
        return path.casefold()


def _plural(text: str | None) -> Plural:
    return cast("Plural", text) if text in KINDS else "users"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - digits of a number that fits everywhere
