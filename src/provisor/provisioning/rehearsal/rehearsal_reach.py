"""What a rehearsal says: what a change would do in each application, in numbers and first names."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many of each. What would happen without the change too is not counted."""

    #: Accounts that are made, or linked where a look-up finds them there already.
    creates: int = 0
    #: Accounts and groups that are looked for and linked, and never made: the switch "create" is off.
    adopts: int = 0
    updates: int = 0
    deactivates: int = 0
    #: Accounts that are gone afterwards: in some applications setting one inactive does that.
    deletes: int = 0
    #: Accounts that stay as they are although their person leaves: the table of causes or a switch says so.
    keeps: int = 0
    #: Deactivated accounts that become active again.
    reactivates: int = 0
    #: Made, or linked where they are there already.
    groups_created: int = 0
    groups_updated: int = 0
    groups_deleted: int = 0
    #: Groups that are no longer kept in step, and stay in the application.
    groups_unlinked: int = 0
    members_added: int = 0
    members_removed: int = 0
    #: Removals of accounts, memberships and groups that the brake would stop; they are counted nowhere else.
    held: int = 0
    #: How many of `held` are memberships.
    members_held: int = 0
    #: Protected: nothing is sent for them.
    excluded: int = 0
    #: Nothing can be sent for them: the mapping does not render them, or the application cannot do it.
    failed: int = 0
    #: Accounts that the change may reach, whatever becomes of them: too many to be planned one by one. They are counted
    #: nowhere else.
    reached: int = 0

    @property
    def does_nothing(self) -> bool:
        """Tell whether the change makes no difference there."""
        return not any(getattr(self, name) for name in COUNTS)


COUNTS = tuple(field.name for field in fields(Counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One user or group that is counted. For a membership: the user, and the name of the group."""

    kind: Literal["user", "group"]
    local_id: UUID
    name: str
    #: None when the link would only come with the change.
    link_id: int | None
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach(Counts):
    """What the change would do in one application."""

    application_id: UUID
    name: str
    #: `observe` or `enforce`.
    mode: str
    paused: bool
    #: Why nothing could be planned for it, or empty: a pass would not begin either.
    problem: str = ""
    #: Links that the change makes a pass look at, and how many of them were planned: all, or none where the accounts
    #: were too many.
    touched: int
    planned: int
    #: The first names of each count in alphabetical order, by the name of its field.
    names: Mapping[str, tuple[Named, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a change would do. Applications that it does not touch are left out."""

    reaches: tuple[Reach, ...]
    totals: Counts
    touched: int
    planned: int
    #: What the change returned; rows in it were rolled back.
    returned: object = None


def rehearsal_of(reaches: tuple[Reach, ...], returned: object) -> Rehearsal:
    """Add up the applications."""
    totals = Counts(**{name: sum(getattr(reach, name) for reach in reaches) for name in COUNTS})
    return Rehearsal(
        reaches=reaches,
        totals=totals,
        touched=sum(reach.touched for reach in reaches),
        planned=sum(reach.planned for reach in reaches),
        returned=returned,
    )
