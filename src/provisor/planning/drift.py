"""Drift of one resource: what it holds now beside what was sent and what was seen of it before (engine.md, section 2).

A target that lower-cases, reorders, drops or adds values in its first answer has normalised them: that is no drift.
Only a later change of the observed value is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from provisor.scim.path import MISSING
from provisor.scim.resource import fold, same_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of a resource. Values by path; an absent path has no value."""

    #: What the application confirmed.
    sent: Mapping[str, Any]
    #: What it returned otherwise than it was sent, in its last answer; None where no answer showed anything.
    observed: Mapping[str, Any] | None
    #: What the last scan saw otherwise than sent, as `path: [sent then, seen then]`; None before the first scan.
    baseline: Mapping[str, Any] | None
    #: Something was written since the last scan.
    written_since: bool = False


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
        if _is_drift(memory, path, sent, there):
            drifted.append(Difference(path=path, sent=sent, now=there))
            # what was seen before stays the measure until this is settled
            if memory.baseline is not None and path in memory.baseline:
                baseline[path] = memory.baseline[path]
        else:
            baseline[path] = [_plain(sent), _plain(there)]
    return Compared(differences=tuple(drifted), baseline=baseline)


def _is_drift(memory: Memory, path: str, sent: Any, there: Any) -> bool:
    """Whether a value that differs from what was sent was brought about by somebody else."""
    before = (memory.baseline or {}).get(path)
    answered = memory.observed.get(path, sent) if memory.observed is not None else None
    if before is not None and same_value(path, before[0], sent):
        newer = memory.written_since and answered is not None
        return not (same_value(path, before[1], there) or (newer and same_value(path, answered, there)))
    if answered is not None and sent is not MISSING:
        return not same_value(path, answered, there)
    if memory.baseline is not None and not memory.written_since:
        # the last scan saw it as it was sent
        return True
    # Nothing has shown yet what the application makes of this value.
    return sent is not MISSING and there is not MISSING and not _is_normalised(sent, there)


def _is_normalised(sent: Any, there: Any) -> bool:
    """Whether a value is the same but for case, white space or the form of letters and numbers."""
    if isinstance(sent, str) and isinstance(there, str):
        return _squeezed(sent) == _squeezed(there)
    return type(sent) is not type(there)


def _squeezed(text: str) -> str:
    return "".join(character for character in fold(text) if character.isalnum())


def _plain(value: Any) -> Any:
    return None if value is MISSING else value
