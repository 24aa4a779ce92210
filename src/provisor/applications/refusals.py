"""Why a configuration was not taken: all problems at once, each with its place, its reason and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from provisor.mapping.problems import did_you_mean


class RefusalKind(StrEnum):
    """What sort of refusal it is; the faces turn it into a status."""

    #: A value cannot be used as it is.
    INVALID = "invalid"
    #: Another live row has this name, or grants this already.
    DUPLICATE = "duplicate"
    #: There is no such application, policy, group or profile.
    MISSING = "missing"
    #: Somebody else changed the row since it was read (`If-Match`).
    CONFLICT = "conflict"
    #: The state of the row does not allow this now.
    PROTECTED = "protected"
    #: Only an owner may do it.
    RESERVED = "reserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong. `place` is a JSON Pointer (RFC 6901); "" is the document as a whole."""

    place: str
    reason: str
    hint: str = ""


class ConfigurationRefusal(Exception):  # noqa: N818 - a word of the house, as DirectoryRefusal is
    """Nothing was written. Values of secrets are never in it."""

    def __init__(self, problems: Iterable[Problem], kind: RefusalKind = RefusalKind.INVALID) -> None:
        self.problems = tuple(problems)
        self.kind = kind
        super().__init__(" ".join(problem.reason for problem in self.problems))

    @classmethod
    def of(cls, kind: RefusalKind, reason: str, hint: str = "", *, place: str = "") -> Self:
        return cls((Problem(place=place, reason=reason, hint=hint),), kind)


class Problems:
    """Collects what is wrong, so that the reader sees everything in one answer."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def found(self) -> tuple[Problem, ...]:
        return tuple(self._found)

    def add(self, place: str, reason: str, hint: str = "") -> None:
        self._found.append(Problem(place=place, reason=reason, hint=hint))

    def unknown_name(self, place: str, name: str, known: Iterable[str]) -> None:
        """Report a name that nobody knows, with the nearest one that is known."""
        names = sorted(known)
        hint = did_you_mean(name, names, f"Known are: {', '.join(names)}.")
        self.add(pointer(place, name), f'There is no "{name}" here.', hint)

    def refuse_if_any(self) -> None:
        """Raise a ConfigurationRefusal of all problems, if there is one."""
        if self._found:
            raise ConfigurationRefusal(self._found)


def pointer(place: str, *steps: str | int) -> str:
    """Append steps to a JSON Pointer, escaped as RFC 6901 section 3 says."""
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return "/".join((place, *escaped))
