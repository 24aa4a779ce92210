"""One page to be photographed: where it is, who looks at it, and what is done on it before."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from playwright.sync_api import Page

Act = Callable[[Page], None]


class Where(StrEnum):
    """Whose pages they are."""

    COMPANY = "company"
    #: A Provisor in which nothing is but an owner.
    EMPTY = "empty"


class Who(StrEnum):
    """Who looks; the name of an account, save for `NOBODY`."""

    NOBODY = "nobody"
    OWNER = "owner"
    AUDITOR = "auditor"
    APPROVER = "approver"
    HELP_DESK = "help-desk"
    #: Looks after one application only.
    KEEPER = "keeper"
    #: Somebody of the directory, in the portal.
    MEMBER = "member"
    #: Has an authenticator app, for which a sign-in asks.
    GUARDED = "guarded"


@dataclass(frozen=True, slots=True)
class Picture:
    """One page; `act` is what is done on it before it is photographed."""

    name: str
    path: str
    act: Act | None = None
    who: Who = Who.OWNER
    where: Where = Where.COMPANY
