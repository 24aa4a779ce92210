"""The shape of each part of an application's settings, as data, and how a document is checked against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from provisor.applications.refusals import Problems, pointer

_LONGEST_TEXT: Final = 1000
_MOST_ENTRIES: Final = 10_000


class Shape(Protocol):
    """Something that a value can be checked against; what does not fit is reported with its place."""

    def check(self, value: object, place: str, problems: Problems) -> None: ...


@dataclass(frozen=True, slots=True)
class Switch:
    """True or false, nothing that merely looks like it."""

    def check(self, value: object, place: str, problems: Problems) -> None:
        if not isinstance(value, bool):
            problems.add(place, f'"{value}" is neither on nor off.', "Use true or false.")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def check(self, value: object, place: str, problems: Problems) -> None:
        if value not in self.words:
            problems.add(place, f'"{value}" cannot be chosen here.', f"Use one of: {', '.join(self.words)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number between two bounds, both included; `whole` allows no fraction, `empty` allows null."""

    least: float
    most: float
    whole: bool = True
    empty: bool = False

    def check(self, value: object, place: str, problems: Problems) -> None:
        if value is None and self.empty:
            return
        types = (int,) if self.whole else (int, float)
        fits = isinstance(value, types) and not isinstance(value, bool)
        if not fits or not self.least <= value <= self.most:  # type: ignore[operator]  # `fits` has narrowed it
            what = "a whole number" if self.whole else "a number"
            problems.add(
                place, f'"{value}" does not fit here.', f"Use {what} from {self.least:g} to {self.most:g}."
            )


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts, each once."""

    what: str

    def check(self, value: object, place: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add(place, "This is not a list.", f"Give a list of {self.what}, which may be empty.")
            return
        if len(value) > _MOST_ENTRIES:
            problems.add(
                place, f"The list has {len(value)} entries.", f"At most {_MOST_ENTRIES} are possible."
            )
            return
        seen: set[str] = set()
        for position, item in enumerate(value):
            self._check_item(item, pointer(place, position), seen, problems)

    def _check_item(self, item: object, place: str, seen: set[str], problems: Problems) -> None:
        if not isinstance(item, str) or not item.strip() or len(item) > _LONGEST_TEXT:
            problems.add(place, "This is not a text of 1 to 1,000 characters.", f"Give {self.what}.")
        elif item in seen:
            problems.add(place, f'"{item}" is in the list twice.', "Leave one of them out.")
        else:
            seen.add(item)


@dataclass(frozen=True, slots=True)
class Members:
    """An object with exactly these members, each of which may be left out of what is checked."""

    known: Mapping[str, Shape]

    def check(self, value: object, place: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(place, "This is not an object.", f"Give an object with: {', '.join(self.known)}.")
            return
        for name, item in value.items():
            if name in self.known:
                self.known[name].check(item, pointer(place, name), problems)
            else:
                problems.unknown_name(place, name, self.known)


_SWITCH: Final = Switch()
_ACTION: Final = Choice(("deactivate", "delete", "keep"))

FEATURES: Final = Members(
    {
        "users": Members({"create": _SWITCH, "update": _SWITCH, "delete": _SWITCH}),
        "groups": Members({"create": _SWITCH, "update": _SWITCH, "delete": _SWITCH, "membership": _SWITCH}),
        "roles": _SWITCH,
        "entitlements": _SWITCH,
    }
)
DEPROVISION: Final = Members({"unassigned": _ACTION, "disabled": _ACTION, "deleted": _ACTION})
LIMITS: Final = Members(
    {
        #: Requests per second over everything.
        "rate": Number(least=0.001, most=10_000, whole=False, empty=True),
        #: Requests under way at a time.
        "concurrency": Number(least=1, most=256, empty=True),
        "members_per_request": Number(least=1, most=100_000, empty=True),
        #: Whether many writes go in one request, where the application takes that and the backlog pays for it.
        "bulk": Choice(("auto", "off")),
    }
)
BRAKE: Final = Members(
    {"count": Number(least=0, most=10_000_000), "percent": Number(least=0, most=100, whole=False)}
)
DRIFT: Final = Members(
    {
        #: Hours between two scans; null: only when somebody asks for one.
        "every": Number(least=1, most=8760, empty=True),
        #: What becomes of a difference that a scan finds.
        "on_difference": Choice(("report", "correct")),
        #: What becomes of an account that nobody knew and that is surely somebody's who is in scope.
        "on_match": Choice(("report", "adopt")),
    }
)
MATCHING: Final = Members({"users": Texts("attribute paths"), "groups": Texts("attribute paths")})
MODE: Final = Choice(("observe", "enforce"))
DELETE_AFTER_DAYS: Final = Number(least=1, most=3650, empty=True)
EXCLUSIONS: Final = Texts("user names, user ids or SCIM filters")

#: What the generic profile starts from (design, section 7).
DEFAULT_FEATURES: Final[Mapping[str, Any]] = {
    "users": {"create": True, "update": True, "delete": True},
    "groups": {"create": True, "update": True, "delete": True, "membership": True},
    "roles": False,
    "entitlements": False,
}
DEFAULT_DEPROVISION: Final = {"unassigned": "deactivate", "disabled": "deactivate", "deleted": "delete"}
DEFAULT_MATCHING: Final = {"users": ["userName"], "groups": ["displayName"]}
DEFAULT_LIMITS: Final = {"rate": None, "concurrency": None, "members_per_request": None, "bulk": "auto"}
DEFAULT_BRAKE: Final = {"count": 5, "percent": 5}
DEFAULT_DRIFT: Final = {"every": None, "on_difference": "report", "on_match": "report"}


def merged(base: Any, changes: Any) -> Any:
    """Lay changes over a document: objects member by member, everything else as a whole.

    Unlike RFC 7396 a null is a value and not a removal: in `limits` it leaves a limit to the profile.
    """
    if not isinstance(base, Mapping) or not isinstance(changes, Mapping):
        return changes
    return dict(base) | {name: merged(base.get(name), value) for name, value in changes.items()}
