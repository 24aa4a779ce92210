"""What a plan is made of: pure values, shown to a person or performed by a pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

from provisor.scim.change import Change

Kind = Literal["user", "group"]


class Act(StrEnum):
    """What an operation does to the resource in the application."""

    #: Look the resource up; link it if it is there, else POST it.
    CREATE = "create"
    #: Look the resource up and link it; never POST (the create switch is off).
    ADOPT = "adopt"
    #: PATCH, or GET and PUT, of what differs.
    UPDATE = "update"
    #: Set `active` to false.
    DEACTIVATE = "deactivate"
    #: DELETE the resource.
    DELETE = "delete"
    #: Look up what a write without an outcome may have created, and take it away again.
    FIND_AND_DEPROVISION = "find_and_deprovision"
    ADD_MEMBERS = "add_members"
    REMOVE_MEMBERS = "remove_members"


#: Operations that take something away from somebody; the brake counts them.
DESTRUCTIVE = frozenset({Act.DEACTIVATE, Act.DELETE, Act.FIND_AND_DEPROVISION, Act.REMOVE_MEMBERS})


class Ending(StrEnum):
    """Where a link stands when nothing is left to send; the words of design section 5."""

    IN_SYNC = "in_sync"
    WAITING = "waiting"
    MISSING = "missing"
    RELEASED = "released"
    EXCLUDED = "excluded"
    FAILED = "failed"
    #: The brake holds a part of it until a person decides.
    HELD = "held"
    #: The link itself goes: there is nothing in the application that it stands for.
    GONE = "gone"


class Cause(StrEnum):
    """Why somebody leaves; a later one is stronger."""

    NONE = ""
    UNASSIGNED = "unassigned"
    DISABLED = "disabled"
    DELETED = "deleted"
    #: Deactivated for one of the causes above, and for longer than the application keeps such accounts.
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a link knows of its resource in the application."""

    remote_id: str | None = None
    #: Values that the application confirmed, by path; None when nothing is known yet.
    sent: Mapping[str, Any] | None = None
    #: Paths whose last write has no outcome: sent again, even where they look equal.
    doubt: frozenset[str] = frozenset()
    #: A POST without an outcome: look up before anything else.
    created_in_doubt: bool = False
    #: A DELETE without an outcome.
    deleted_in_doubt: bool = False
    #: It was seen, and belongs to nobody: never touched (R9).
    observed_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What the resource should be now, as the mapping rendered it."""

    values: Mapping[str, Any]
    managed: frozenset[str]
    #: Empty at the source, and the rule says to keep what the application has.
    kept: frozenset[str] = frozenset()
    #: Sent with the POST only.
    create_only: frozenset[str] = frozenset()
    #: References to a user who has no account there yet.
    waiting: tuple[str, ...] = ()

    @property
    def absent(self) -> frozenset[str]:
        """The attributes that are to have no value."""
        return _absent(self.managed, frozenset(self.values), self.kept, self.create_only, self.waiting)


@lru_cache(maxsize=1024)
def _absent(
    managed: frozenset[str],
    given: frozenset[str],
    kept: frozenset[str],
    create_only: frozenset[str],
    waiting: tuple[str, ...],
) -> frozenset[str]:
    """Most resources of an application have values for the same attributes, so this is asked for each and found once."""
    return managed - given - kept - create_only - frozenset(waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Which kinds of operation the administrator allows for one kind of resource."""

    create: bool = True
    update: bool = True
    delete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing to do to one resource."""

    act: Act
    kind: Kind
    changes: tuple[Change, ...] = ()
    #: The whole resource, for a POST.
    values: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def paths(self) -> frozenset[str]:
        """The attributes that it writes; of a creation none, since it writes all."""
        return frozenset(change.path for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do for one link (nothing, when `operation` is None) and where it stands afterwards."""

    ending: Ending
    operation: Operation | None = None
    reason: str = ""
