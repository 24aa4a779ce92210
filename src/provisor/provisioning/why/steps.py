"""The steps of an explanation, as the faces show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mend(StrEnum):
    """What a person can do about a step; the subjects of the step say to what."""

    NONE = ""
    ADD_USER = "add-user"
    ACTIVATE = "activate"
    ADD_POLICY = "add-policy"
    ADD_TO_GROUP = "add-to-group"
    RESUME = "resume"
    ENFORCE = "enforce"
    #: The application refuses, misbehaves or cannot be reached.
    RECONNECT = "reconnect"
    RETRY = "retry"
    DECIDE = "decide"
    RELEASE = "release"
    #: It is protected by the application's exclusions, or a person set it aside.
    INCLUDE = "include"
    #: The policy's filter keeps the user out.
    CHANGE_FILTER = "change-filter"
    #: Nothing is wrong yet: the engine has still to look at the latest changes.
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a step is about. `kind` is user, group, policy, application, link, attempt or entry (of the journal)."""

    kind: str
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One link of the chain: a sentence, and who made it so, and when, as far as that is known."""

    text: str
    at: datetime | None = None
    actor: str = ""
    #: The verb for `actor` and `at`, such as "added"; may be empty.
    did: str = ""
    subjects: tuple[Subject, ...] = ()
    #: The chain is broken here: what is said is why there is no account.
    missing: bool = False
    mend: Mend = Mend.NONE
    #: Steps with the same number above zero are one way from a membership to a policy.
    way: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole chain. `granted`: some policy brings the user there; `has_account`: one is there as far as is known."""

    steps: Sequence[Step]
    granted: bool
    has_account: bool
