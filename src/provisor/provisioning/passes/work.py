"""The values that travel through a pass: a due link, the work planned for it, and its outcome."""

from dataclasses import dataclass
from typing import Any

from provisor.planning.drift import NOTHING, Memory
from provisor.planning.operation import Desired, Kind, Known, Plan
from provisor.provisioning.keys import Key
from provisor.provisioning.passes.phases import Phase


@dataclass(slots=True, kw_only=True)
class DueLink:
    """A link as it was claimed, with the directory's data of the same snapshot."""

    id: int
    kind: Kind
    local_id: Key
    remote_id: str | None
    origin: str
    in_scope: bool
    cause: str
    generation: int
    phase: Phase
    sent: dict[str, Any] | None
    doubt: dict[str, Any]
    verified: bool
    etag: str
    attempts: int
    entry_id: int | None
    #: userName of the user or displayName of the group, for people.
    name: str
    #: The directory's document, ready for the mapping; None when it is gone.
    source: dict[str, Any] | None
    #: What the manager's id in the directory is called in the application.
    references: dict[str, str | None]
    #: What is remembered of the resource, as the claim found it.
    memory: Memory = NOTHING

    @property
    def known(self) -> Known:
        return Known(
            remote_id=self.remote_id,
            sent=self.sent,
            doubt=frozenset(self.doubt.get("paths", ())),
            created_in_doubt=bool(self.doubt.get("create")),
            # everything is in doubt when a DELETE has no outcome, or a person wants it all asserted again
            deleted_in_doubt=bool(self.doubt.get("delete") or self.doubt.get("all")),
            observed_only=self.origin == "observed",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member to add or remove: the row that remembers it, and its remote id."""

    row: int
    remote_id: str
    #: A former remote id that goes away with the addition of the new one.
    replaces: str | None = None
    doubt: bool = False
    #: For applications that want a name beside each member.
    display: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A member of a new group whose account is to be made together with it: the row that remembers it, and the user."""

    row: int
    user: Key
    display: str = ""


@dataclass(slots=True, kw_only=True)
class Work:
    """One link with the plan that a pass carries out for it."""

    link: DueLink
    plan: Plan
    desired: Desired | None = None
    additions: tuple[Member, ...] = ()
    removals: tuple[Member, ...] = ()
    #: Members who are created at the same time, so that one bulk request may hold them and the group.
    newcomers: tuple[Newcomer, ...] = ()
    #: It was looked up since it was taken, and is not there.
    absent: bool = False
    #: The attributes by which the application is searched for it.
    matching: tuple[str, ...] = ()
    #: A POST was handed to the client: without an answer, it may be there now.
    posted: bool = False
    #: Nothing now, but there is a later phase for it.
    next_phase: Phase | None = None

    @property
    def sends(self) -> bool:
        return self.plan.operation is not None or bool(self.additions or self.removals)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of one work. `confirmed` says that the application answered with success."""

    work: Work
    confirmed: bool
    state: str
    reason: str = ""
    remote_id: str | None = None
    origin: str = ""
    sent: dict[str, Any] | None = None
    observed: dict[str, Any] | None = None
    unshown: frozenset[str] = frozenset()
    etag: str = ""
    #: What a write without an outcome may have changed; kept until it is settled.
    doubt: dict[str, Any] | None = None
    #: Back-off in milliseconds.
    wait: int = 0
    #: Whether the failure counts against the link (it does not while the whole application is away).
    counts: bool = True
    #: The link goes.
    gone: bool = False
    next_phase: Phase | None = None
    #: The remote id is new to the link: others may have waited for it.
    linked: bool = False
    #: "opened" or "closed" when the account went live or ceased to be.
    access: str = ""
    #: It took an account away: the brake counts it.
    departed: bool = False


@dataclass(slots=True, kw_only=True)
class MemberProgress:
    """One chunk of a group's members that the application confirmed, or whose outcome is in doubt."""

    added: tuple[Member, ...] = ()
    removed: tuple[Member, ...] = ()
    doubted: tuple[Member, ...] = ()
