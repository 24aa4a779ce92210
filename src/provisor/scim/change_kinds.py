"""Kinds of change: an application may do one kind of PATCH operation and overlook another (rule R15)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from provisor.scim.change import Change
from provisor.scim.dialect import Dialect
from provisor.scim.known_attributes import as_boolean
from provisor.scim.path import MISSING, parse_path, read
from provisor.scim.resource import fold, same_value
from provisor.scim.schemas import ENTERPRISE_SCHEMA

#: Kinds whose operation looks otherwise in each form of PATCH; the others need a path in both.
FORMED: Final = frozenset({"value", "sub-attribute", "activation", "deactivation"})


def kind_of(change: Change) -> str:
    """Say which kind of change it is: value, sub-attribute, element, reference, activation, deactivation, removal."""
    kind = _kind_of(change.path, removes=change.value is MISSING)
    return "deactivation" if kind == "activation" and as_boolean(change.value) is False else kind


@lru_cache(maxsize=1024)
def _kind_of(text: str, *, removes: bool) -> str:
    path = parse_path(text)
    if path.filter is not None:
        return "element"
    if path.attribute == "manager" and path.schema == ENTERPRISE_SCHEMA:
        return "reference"
    if removes:
        return "removal"
    if path.attribute.lower() == "active":
        return "activation"
    return "sub-attribute" if path.sub_attribute else "value"


def takes_put(dialect: Dialect, kind: str, changes: Iterable[Change]) -> bool:
    """Whether the changes go by PUT: there is no PATCH, or it overlooks changes of one of these kinds."""
    if not dialect.patches(kind):
        return True
    overlooked = dialect.put_instead
    return bool(overlooked) and any(f"{kind} {kind_of(change)}" in overlooked for change in changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What reading back shows of a write."""

    #: Kinds of which at least one change is there that was not there before, or that cannot be seen at all.
    done: frozenset[str]
    #: Changes of kinds of which none was made, although the old values of these stand.
    overlooked: tuple[Change, ...]


def prove(
    changes: Iterable[Change],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    sent: Mapping[str, Any],
) -> Proof:
    """Compare what an application held with what it holds after a write that it answered with success.

    `before` is None where it was not read: then `sent`, what it had confirmed, stands for it. A value that came back
    otherwise than it was sent was normalised: done. One that was there already, or that the application confirmed
    earlier and does not hold, since it drops it, says nothing (engine.md, section 2).
    """
    done: set[str] = set()
    standing: dict[str, list[Change]] = {}
    for change in changes:
        old = sent.get(change.path, MISSING) if before is None else read(before, change.path)
        match _fate(change, old, read(after, change.path), sent):
            case "done":
                done.add(kind_of(change))
            case "stands":
                standing.setdefault(kind_of(change), []).append(change)
    overlooked = (change for kind, some in standing.items() if kind not in done for change in some)
    return Proof(done=frozenset(done), overlooked=tuple(overlooked))


def _fate(change: Change, old: Any, now: Any, sent: Mapping[str, Any]) -> str:
    """Say of one change whether it is done, or the old value stands, or that nothing can be told."""
    if _kind_of(change.path, removes=False) == "activation":
        return _fate_of_active(change, old, now)
    if same_value(change.path, old, change.value):
        return ""
    if not same_value(change.path, now, old):
        return "done"
    if _alike(now, change.value) or (is_empty(now) and not is_empty(sent.get(change.path, MISSING))):
        return ""
    return "stands"


def _fate_of_active(change: Change, old: Any, now: Any) -> str:
    wanted, there = as_boolean(change.value), as_boolean(now)
    if wanted is None or there is None:
        return "done"
    if there is not wanted:
        return "stands"
    return "" if as_boolean(old) is wanted else "done"


def holds(change: Change, resource: Mapping[str, Any]) -> bool:
    """Whether a resource has the value that the change wants."""
    return same_value(change.path, read(resource, change.path), change.value)


def is_empty(value: Any) -> bool:
    """Whether there is no value (RFC 7643, 2.5)."""
    return value is MISSING or value is None or value in ("", [], {})


def _alike(one: Any, other: Any) -> bool:
    return isinstance(one, str) and isinstance(other, str) and fold(one.strip()) == fold(other.strip())
