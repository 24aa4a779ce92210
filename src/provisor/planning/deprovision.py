"""What the table of causes comes to in one application: a verb may be missing there, or mean something else (R8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from provisor.planning.operation import Cause, Switches
from provisor.scim.capabilities import Dialect

Action = Literal["deactivate", "delete", "keep"]

#: engine.md section 6; what an administrator has not set. What has expired was deactivated first, and is deleted now.
DEFAULT_ACTIONS: dict[Cause, Action] = {
    Cause.UNASSIGNED: "deactivate",
    Cause.DISABLED: "deactivate",
    Cause.DELETED: "delete",
    Cause.EXPIRED: "delete",
}

SWITCHED_OFF = (
    "Kept: the switch “delete users” is off, so nothing is sent when a user is disabled or deleted."
)
NOT_DELETED_LATER = (
    "Kept deactivated: the switch “delete users” is off, so what was deactivated is not deleted later."
)
KEPT = "Kept: the table of causes says “keep” for a user who is {cause}."
DEACTIVATED = "Deactivated: the user is {cause}."
LEFT = "Deactivated: the user is {cause}. In this application an inactive account leaves the organisation."
NO_DELETE = "Deactivated instead of deleted: the application has no DELETE for users."
DELETE_DEACTIVATES = (
    "Deactivated instead of deleted: a DELETE only deactivates an account in this application."
)
DELETE_UNLINKS = "Deactivated instead of deleted: a DELETE only unlinks an account in this application, and it may stay open."
DELETED = "The user is {cause}."
LAPSED = "The account has been deactivated for as many days as the application keeps such accounts."
FOR_GOOD = " A deletion cannot be undone in this application."
INACTIVE_IS_DELETED = (
    "The user is {cause}. This application cannot deactivate: it deletes an account that is set inactive."
)
IMPOSSIBLE = (
    "Not deactivated: the application takes neither PATCH nor PUT for users, so the account is still open. Set the "
    "table of causes to “delete”, or take the account away there by hand."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprovision:
    """What is done for a cause, and why it is that."""

    #: What is sent: active=false, DELETE, or nothing (because it is to be kept, or cannot be taken away).
    sends: Literal["deactivate", "delete", "keep", "impossible"]
    reason: str
    #: The account is gone afterwards, whichever of the two is sent.
    deletes: bool = False
    #: An account that is inactive already is left as it is.
    spares_inactive: bool = True


def deprovision(
    cause: Cause, actions: Mapping[str, str], switches: Switches, dialect: Dialect
) -> Deprovision:
    """Return what a cause comes to; `actions` maps a cause to deactivate, delete or keep."""
    if cause is not Cause.UNASSIGNED and not switches.delete:
        return Deprovision(sends="keep", reason=NOT_DELETED_LATER if cause is Cause.EXPIRED else SWITCHED_OFF)
    action = actions.get(cause, DEFAULT_ACTIONS[cause])
    if action == "keep":
        return Deprovision(sends="keep", reason=KEPT.format(cause=cause.value))
    if action == "delete":
        return _deletion(cause, dialect)
    if dialect.active_false_means == "delete" and not _instead_of_delete(dialect):
        reason = INACTIVE_IS_DELETED.format(cause=cause.value)
        return Deprovision(sends="delete", reason=reason, deletes=True)
    template = LEFT if dialect.active_false_means == "leave" else DEACTIVATED
    return _deactivation(template.format(cause=cause.value), cause, dialect)


def _deletion(cause: Cause, dialect: Dialect) -> Deprovision:
    instead = _instead_of_delete(dialect)
    if instead:
        return _deactivation(instead, cause, dialect)
    reason = LAPSED if cause is Cause.EXPIRED else DELETED.format(cause=cause.value)
    if dialect.delete_means == "irreversible":
        reason += FOR_GOOD
    return Deprovision(sends="delete", reason=reason, deletes=True, spares_inactive=False)


def _deactivation(reason: str, cause: Cause, dialect: Dialect) -> Deprovision:
    if not (dialect.patches("user") or dialect.puts("user")):
        return Deprovision(sends="impossible", reason=IMPOSSIBLE)
    if dialect.active_false_means == "delete":
        reason = INACTIVE_IS_DELETED.format(cause=cause.value)
        return Deprovision(sends="deactivate", reason=reason, deletes=True)
    return Deprovision(sends="deactivate", reason=reason)


def _instead_of_delete(dialect: Dialect) -> str:
    """Say why a DELETE is not what was meant; empty where it is. Irreversible is for a person to choose."""
    if not dialect.delete_users:
        return NO_DELETE
    return {"deactivate": DELETE_DEACTIVATES, "unlink": DELETE_UNLINKS}.get(dialect.delete_means, "")
