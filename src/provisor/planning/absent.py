"""Plan for a resource that should not be there any more: the table of causes and the switches (R8)."""

from collections.abc import Mapping

from provisor.planning.deprovision import deprovision
from provisor.planning.operation import Act, Cause, Ending, Kind, Known, Operation, Plan, Switches
from provisor.scim.capabilities import Dialect
from provisor.scim.change import Change
from provisor.scim.known_attributes import as_boolean

NOT_OURS = (
    "Left alone: this account was seen in the application, but Provisor neither created nor adopted it."
)
GROUP_KEPT = "Unlinked and kept: no policy pushes this group any more. Its members there stay as they are."
GROUP_SWITCHED_OFF = "Kept: the switch “delete groups” is off."


def plan_absent_user(
    cause: Cause, known: Known, actions: Mapping[str, str], switches: Switches, dialect: Dialect
) -> Plan:
    """Plan for a user's link out of scope; `actions` maps a cause to deactivate, delete or keep."""
    if known.remote_id is None:
        return _plan_unlinked(known)
    if known.observed_only:
        return Plan(ending=Ending.RELEASED, reason=NOT_OURS)
    decided = deprovision(cause, actions, switches, dialect)
    if decided.sends == "keep" or (decided.spares_inactive and _is_inactive(known)):
        return Plan(ending=Ending.RELEASED, reason=decided.reason)
    if decided.sends == "impossible":
        return Plan(ending=Ending.FAILED, reason=decided.reason)
    if decided.sends == "delete":
        delete = Operation(act=Act.DELETE, kind="user", reason=decided.reason)
        return Plan(ending=Ending.GONE, operation=delete)
    return _plan_deactivation(known, decided.reason)


def _is_inactive(known: Known) -> bool:
    """Whether the application has confirmed that already."""
    inactive = as_boolean((known.sent or {}).get("active")) is False
    return inactive and "active" not in known.doubt and not known.deleted_in_doubt


def _plan_deactivation(known: Known, reason: str) -> Plan:
    change = Change(path="active", value=False, exists="active" in (known.sent or {}))
    deactivate = Operation(act=Act.DEACTIVATE, kind="user", changes=(change,), reason=reason)
    return Plan(ending=Ending.RELEASED, operation=deactivate, reason=reason)


def plan_absent_group(cause: Cause, known: Known, switches: Switches, dialect: Dialect) -> Plan:
    """Plan for a group's link out of scope: only its deletion in the directory deletes it."""
    if known.remote_id is None:
        return _plan_unlinked(known, kind="group")
    if known.observed_only:
        return Plan(ending=Ending.RELEASED, reason=NOT_OURS)
    if cause is not Cause.DELETED:
        return Plan(ending=Ending.RELEASED, reason=GROUP_KEPT)
    if not switches.delete or not dialect.delete_groups:
        return Plan(ending=Ending.RELEASED, reason=GROUP_SWITCHED_OFF)
    delete = Operation(act=Act.DELETE, kind="group", reason="The group was deleted in the directory.")
    return Plan(ending=Ending.GONE, operation=delete)


def _plan_unlinked(known: Known, kind: Kind = "user") -> Plan:
    """Nothing is known to be there, unless a POST has no outcome: then a leaver may be inside."""
    if not known.created_in_doubt:
        return Plan(ending=Ending.GONE)
    find = Operation(
        act=Act.FIND_AND_DEPROVISION, kind=kind, reason="A create without an outcome is looked up."
    )
    return Plan(ending=Ending.GONE, operation=find)
