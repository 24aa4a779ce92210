"""What an answer to a write says of the application's own way with values (engine.md, section 2).

A request speaks for the paths that it wrote, and for no others: another value there is what the application makes of
ours. What an answer shows of the rest may be somebody else's doing; it is kept as it was remembered, so that the next
scan finds it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from provisor.planning.drift import UNKNOWN, Memory
from provisor.planning.operation import Desired
from provisor.scim.path import MISSING, read
from provisor.scim.resource import same_value

#: What an answer has beside that which was sent, and nobody maps.
_OWN: Final = frozenset({"id", "meta", "schemas", "groups"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What is remembered of the answers of an application for one resource."""

    #: See `Memory.observed`.
    values: dict[str, Any] | None = None
    #: Paths that were written, and no answer has shown them since.
    unshown: frozenset[str] = frozenset()


def observe_whole(
    desired: Desired | None,
    sent: Mapping[str, Any],
    answer: Mapping[str, Any] | None,
    body: Mapping[str, Any] | None = None,
) -> Observed:
    """Return what is observed where everything was written, or read. `body` is what was sent as a whole."""
    if answer is None:
        return Observed()
    absent = desired.absent if desired is not None else frozenset()
    values: dict[str, Any] = dict.fromkeys(absent)
    if body is not None and _holds(answer, body) and answer.keys() - body.keys() <= _OWN:
        return Observed(values=values)
    values |= {path: _plain(read(answer, path)) for path in absent}
    return Observed(values=values | (differing(answer, sent, body) or {}))


def observe_part(
    desired: Desired | None,
    memory: Memory,
    sent: Mapping[str, Any],
    answer: Mapping[str, Any] | None,
    written: Collection[str],
) -> Observed:
    """Return what is observed after some paths were written.

    `memory` is how the resource was remembered before, `sent` what is acknowledged now.
    """
    absent = desired.absent if desired is not None else frozenset()
    memory = _with_what_a_scan_saw(memory, absent)
    values = {path: value for path, value in (memory.observed or {}).items() if path not in written}
    if answer is None:
        if memory.observed is None:
            return Observed()
        return Observed(values=values, unshown=memory.unshown | frozenset(written))
    unknown: set[str] = set()
    for path in (*sent, *(absent - sent.keys())):
        value, there = sent.get(path, MISSING), read(answer, path)
        if same_value(path, there, value):
            if value is MISSING:
                values.setdefault(path, None)
        elif path in written or not memory.has_drifted(path, there):
            values[path] = _plain(there)
        elif memory.answered(path) is UNKNOWN:
            unknown.add(path)
    return Observed(values=values, unshown=frozenset(unknown))


def just_read(desired: Desired | None, held: dict[str, Any]) -> Memory:
    """Return the memory of a resource that was read just now: what it holds is known, and nothing is otherwise."""
    absent = desired.absent if desired is not None else frozenset()
    return Memory(sent=held, observed=dict.fromkeys(absent - held.keys()), baseline=None)


def _plain(value: Any) -> Any:
    return None if value is MISSING else value


def _with_what_a_scan_saw(memory: Memory, absent: Collection[str]) -> Memory:
    """What no answer has shown, the last scan has, unless something was written since."""
    if memory.baseline is None or memory.written_since or not (memory.observed is None or memory.unshown):
        return memory
    then_and_now = memory.baseline.items()
    seen = {
        path: now
        for path, (then, now) in then_and_now
        if same_value(path, then, memory.sent.get(path, MISSING))
    }
    if memory.observed is None:
        return replace(memory, observed={**dict.fromkeys(absent), **seen})
    still = frozenset(path for path in memory.unshown if path in memory.baseline and path not in seen)
    values = {path: value for path, value in memory.observed.items() if path not in memory.unshown}
    for path in memory.unshown - still:
        # what stands in no baseline was as it was sent
        if path in seen or path not in memory.sent:
            values[path] = seen.get(path)
    return replace(memory, observed=values, unshown=still)


def differing(
    answer: Mapping[str, Any] | None, sent: Mapping[str, Any], body: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return what the application returned otherwise than it was sent: normalised, dropped, its own.

    None where no answer showed anything. `body` is what was sent as a whole: when the answer holds it unchanged,
    nothing needs to be compared singly.
    """
    if answer is None:
        return None
    if body is not None and _holds(answer, body):
        return {}
    returned = ((path, read(answer, path), value) for path, value in sent.items())
    return {
        path: None if there is MISSING else there
        for path, there, value in returned
        if there is MISSING or not same_value(path, there, value)
    }


def _holds(answer: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    for name, value in body.items():  # noqa: SIM110 - a generator takes twice as long, for every account
        if answer.get(name) != value and name != "schemas":
            return False
    return True
