"""What is wrong with a mapping, in words for the administrator who wrote it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

#: How alike two names must be for the one to be offered as a correction of the other (0 to 1).
_ALIKE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where, what and, where we know it, how to put it right.

    `place` is a key of the configuration when saving (`users[3].source`) and the target path when rendering.
    """

    place: str
    reason: str
    hint: str = ""


class MappingRefused(ValueError):  # noqa: N818 - named by what happened, as in the design
    """A mapping that cannot be saved. `problems` holds everything that is wrong, not only the first thing."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.place}: {problem.reason}" for problem in self.problems))


def nearest(name: str, known: Iterable[str], *, alike: float = _ALIKE) -> str:
    """Return the known name that `name` was most likely meant to be, or "" if none is near."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    matches = get_close_matches(name.casefold(), by_folded, n=1, cutoff=alike)
    return by_folded[matches[0]] if matches else ""


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return a hint with the nearest known name, or `otherwise` when nothing is near."""
    match = nearest(name, known)
    return f'Did you mean "{match}"?' if match else otherwise
