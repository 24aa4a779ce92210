"""Plan for a resource that should be there: create it, or send what differs."""

from collections.abc import Iterator, Mapping
from typing import Any

from provisor.planning.operation import Act, Desired, Ending, Kind, Known, Operation, Plan, Switches
from provisor.scim.change import Change, element_of
from provisor.scim.path import MISSING
from provisor.scim.resource import same_value

#: `active` is life cycle, not update: it is sent even while updates are switched off.
LIFE_CYCLE = frozenset({"active"})

NOT_OURS = (
    "Left alone: the account was seen there, but nobody has linked it. Adopt it to have it kept in step."
)
NOT_CREATED = "Not created: the switch “create” is off for this kind of resource. Switch it on, or create it there by hand."
WAITING = "Everything is sent except {paths}: it refers to a user who has no account there yet, and follows as soon as there is one."


def plan_present(kind: Kind, desired: Desired, known: Known, switches: Switches) -> Plan:
    """Plan for a link in scope. Create looks up first, so that no account is made twice (R2)."""
    if known.observed_only:
        return Plan(ending=Ending.EXCLUDED, reason=NOT_OURS)
    if known.remote_id is None:
        return _plan_new(kind, desired, switches)
    changes = tuple(_differences(desired, known, switches))
    ending, reason = _rest(desired)
    if not changes:
        return Plan(ending=ending, reason=reason)
    operation = Operation(act=Act.UPDATE, kind=kind, changes=changes, values=desired.values)
    return Plan(ending=ending, operation=operation, reason=reason)


def _plan_new(kind: Kind, desired: Desired, switches: Switches) -> Plan:
    ending, reason = _rest(desired)
    if switches.create:
        create = Operation(act=Act.CREATE, kind=kind, values=desired.values)
        return Plan(ending=ending, operation=create, reason=reason)
    adopt = Operation(act=Act.ADOPT, kind=kind, values=desired.values, reason=NOT_CREATED)
    return Plan(ending=ending, operation=adopt, reason=reason)


def _rest(desired: Desired) -> tuple[Ending, str]:
    if desired.waiting:
        return Ending.WAITING, WAITING.format(paths=", ".join(desired.waiting))
    return Ending.IN_SYNC, ""


def _differences(desired: Desired, known: Known, switches: Switches) -> Iterator[Change]:
    """Yield what differs between desired and sent, and what is in doubt. Absence is a value (R4)."""
    sent = known.sent or {}
    doubt = desired.managed if known.deleted_in_doubt else known.doubt
    # what waits has no value yet: a former one, to an account that is gone, is removed meanwhile
    left_alone = desired.kept | desired.create_only | (frozenset(desired.waiting) - sent.keys())
    elements = {element_of(path) for path in sent}
    for path in sorted(desired.managed - left_alone):
        if not switches.update and path not in LIFE_CYCLE:
            continue
        want, have = desired.values.get(path, MISSING), sent.get(path, MISSING)
        if _differs(path, want, have) or path in doubt:
            yield Change(path=path, value=want, exists=element_of(path) in elements)


def _differs(path: str, want: Any, have: Any) -> bool:
    if want is MISSING or have is MISSING:
        return want is not have
    return not same_value(path, want, have)


def acknowledge(
    desired_values: Mapping[str, Any], sent: Mapping[str, Any] | None, changes: tuple[Change, ...]
) -> dict[str, Any]:
    """Return what is acknowledged once the changes are confirmed; paths nobody sent stay as they were."""
    after = dict(sent or {})
    for change in changes:
        if change.value is MISSING:
            after.pop(change.path, None)
        else:
            after[change.path] = desired_values.get(change.path, change.value)
    return after
