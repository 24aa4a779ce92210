"""Drift of one resource: what it holds now beside what was sent and what was seen of it before (engine.md, section 2).

A target that lower-cases, reorders, drops or adds values in its first answer has normalised them: that is no drift.
Only a later change of the observed value is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisor.scim.known_attributes import as_boolean
from provisor.scim.path import MISSING
from provisor.scim.resource import fold, same_value


class _Unknown:
    """The mark for what no answer has shown."""


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of a resource. Values by path; an absent path has no value."""

    #: What the application confirmed.
    sent: Mapping[str, Any]
    #: What it returned otherwise than it was sent (None: no value), and `None` for what was to have no value and had
    #: none; None as a whole where no answer showed anything.
    observed: dict[str, Any] | None
    #: What the last scan saw otherwise than sent, as `path: [sent then, seen then]`; None before the first scan.
    baseline: Mapping[str, Any] | None
    #: Something was written since the last scan.
    written_since: bool = False
    #: Paths that were written, and no answer has shown them since.
    unshown: frozenset[str] = frozenset()

    def answered(self, path: str) -> Any:
        """Return what the application made of the value that it was sent; `UNKNOWN` where nothing has shown it."""
        if self.observed is None or path in self.unshown:
            return UNKNOWN
        # what was never sent is known only where an answer has shown it, or that it is not there
        value = self.observed.get(path, self.sent.get(path, UNKNOWN))
        return MISSING if value is None else value

    def has_drifted(self, path: str, there: Any) -> bool:
        """Whether a value that differs from what was sent was brought about by somebody else."""
        sent, before, answered = (
            self.sent.get(path, MISSING),
            (self.baseline or {}).get(path),
            self.answered(path),
        )
        rewritten = self.written_since and path in self.unshown
        if before is not None and not rewritten and same_value(path, before[0], sent):
            newer = self.written_since and answered is not UNKNOWN
            return not (same_value(path, before[1], there) or (newer and same_value(path, answered, there)))
        if answered is not UNKNOWN:
            return not same_value(path, answered, there)
        if self.baseline is not None and not self.written_since:
            # the last scan saw it as it was sent
            return True
        # Nothing has shown yet what the application makes of this value.
        return sent is not MISSING and there is not MISSING and not _is_normalised(sent, there)


#: Of what was never sent nothing is remembered.
NOTHING: Final = Memory(sent={}, observed=None, baseline=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute with another value. `MISSING` where a side has none."""

    path: str
    sent: Any
    now: Any

    @property
    def vanished(self) -> bool:
        """Whether the value is just not shown: a list may show less than the resource."""
        return self.now is MISSING and self.sent is not MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a look at a resource says: the drift, and the baseline for the next look."""

    differences: tuple[Difference, ...]
    baseline: dict[str, Any]


def compare(memory: Memory, now: Mapping[str, Any], paths: Iterable[str]) -> Compared:
    """Compare the values that a resource has now, by path, with what is remembered of it."""
    drifted: list[Difference] = []
    baseline: dict[str, Any] = {}
    for path in sorted(paths):
        sent, there = memory.sent.get(path, MISSING), now.get(path, MISSING)
        if same_value(path, sent, there):
            continue
        if memory.has_drifted(path, there):
            drifted.append(Difference(path=path, sent=sent, now=there))
            # what was seen before stays the measure until this is settled
            if memory.baseline is not None and path in memory.baseline:
                baseline[path] = memory.baseline[path]
        else:
            baseline[path] = [_plain(sent), _plain(there)]
    return Compared(differences=tuple(drifted), baseline=baseline)


def _is_normalised(sent: Any, there: Any) -> bool:
    """Whether a value is the same but for case, white space or the form of letters and numbers."""
    open_, is_open = as_boolean(sent), as_boolean(there)
    if open_ is not None and is_open is not None:
        return open_ is is_open
    if isinstance(sent, str) and isinstance(there, str):
        return _squeezed(sent) == _squeezed(there)
    return type(sent) is not type(there)


def _squeezed(text: str) -> str:
    return "".join(character for character in fold(text) if character.isalnum())


def _plain(value: Any) -> Any:
    return None if value is MISSING else value
