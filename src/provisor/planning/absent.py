"""Plan for a resource that should not be there any more: the table of causes and the switches (R8)."""

from collections.abc import Mapping
from typing import Literal

from provisor.planning.operation import Act, Cause, Ending, Kind, Known, Operation, Plan, Switches
from provisor.scim.capabilities import Dialect
from provisor.scim.change import Change

Action = Literal["deactivate", "delete", "keep"]

#: engine.md section 6; what an administrator has not set.
DEFAULT_ACTIONS: dict[Cause, Action] = {
    Cause.UNASSIGNED: "deactivate",
    Cause.DISABLED: "deactivate",
    Cause.DELETED: "delete",
}

NOT_OURS = (
    "Left alone: this account was seen in the application, but Provisor neither created nor adopted it."
)
SWITCHED_OFF = (
    "Kept: the switch “delete users” is off, so nothing is sent when a user is disabled or deleted."
)
KEPT = "Kept: the table of causes says “keep” for a user who is {cause}."
DEACTIVATED = "Deactivated: the user is {cause}."
NO_DELETE = "Deactivated instead of deleted: the application has no DELETE for users."
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
    if cause is not Cause.UNASSIGNED and not switches.delete:
        return Plan(ending=Ending.RELEASED, reason=SWITCHED_OFF)
    action = actions.get(cause, DEFAULT_ACTIONS[cause])
    if action == "keep":
        return Plan(ending=Ending.RELEASED, reason=KEPT.format(cause=cause.value))
    if action == "delete" and dialect.delete_users:
        delete = Operation(act=Act.DELETE, kind="user", reason=f"The user is {cause.value}.")
        return Plan(ending=Ending.GONE, operation=delete)
    reason = NO_DELETE if action == "delete" else DEACTIVATED.format(cause=cause.value)
    return plan_deactivation(known, reason)


def plan_deactivation(known: Known, reason: str) -> Plan:
    """Plan to set `active` to false, unless the application has confirmed that already."""
    sent = known.sent or {}
    if sent.get("active") is False and "active" not in known.doubt and not known.deleted_in_doubt:
        return Plan(ending=Ending.RELEASED, reason=reason)
    change = Change(path="active", value=False, exists="active" in sent)
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
