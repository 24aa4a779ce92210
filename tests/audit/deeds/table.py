"""The table of acts: for each function of a service, how it is done once in a world that has what it needs."""

from collections.abc import Callable

import pytest

from provisor.access.models import Account, Role
from provisor.audit.actor import Actor

#: Does the act, once what it needs is there.
Act = Callable[[], object]
#: Brings about what an act needs, and returns the act.
Preparation = Callable[[pytest.MonkeyPatch], Act]

ACTS: dict[str, Preparation] = {}
PASSWORD = "a long enough phrase"
#: Nothing listens there, and a connection is refused at once.
NOWHERE = "https://127.0.0.1:9/scim/v2"
OWNER = Actor(kind="command", id="owner", label="the owner")


def act(function: str) -> Callable[[Preparation], Preparation]:
    """Enter a preparation into the table, for the function of this name below `provisor`."""

    def enter(prepare: Preparation) -> Preparation:
        assert function not in ACTS, f"{function} stands in the table twice"
        ACTS[function] = prepare
        return prepare

    return enter


def account(email: str = "ada@example.com", role: str = Role.AUDITOR) -> Account:
    from provisor.access.accounts import create_account

    return create_account(email, PASSWORD, role, OWNER)
