"""An installation in a test: the directory, one application against a real server, and the engine's acts by hand."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import Actor
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members
from provisor.directory.models import Group, User
from provisor.directory.users import create_user
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.models import Attempt, Link
from provisor.provisioning.passes.one_pass import OnePass
from provisor.provisioning.store import Store
from provisor.provisioning.surroundings import Surroundings

ACTOR = Actor(kind="command", id="test", label="a test")


def now() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Installation:
    """Acts of people, and passes of the engine, one after the other."""

    base_url: str
    token: str = "tok"
    fields: dict[str, Any] = field(default_factory=dict)
    application: Application = field(init=False)

    def __post_init__(self) -> None:
        self.application = create_application(
            name="Target", profile="generic", base_url=self.base_url,
            auth={"method": "bearer", "token": self.token}, actor=ACTOR, **self.fields,
        )  # fmt: skip

    def user(self, name: str, **attributes: Any) -> User:
        resource = {
            "userName": name,
            "name": {"givenName": name.title(), "familyName": "Example"},
            "displayName": f"{name.title()} Example",
            "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
            "active": True,
        }
        return create_user({**resource, **attributes}, actor=ACTOR)

    def group(self, name: str, *members: User) -> Group:
        group = create_group(name, actor=ACTOR)
        if members:
            add_members(group.id, [member.id for member in members], actor=ACTOR)
        return group

    def users(self, *names: str) -> list[User]:
        return [self.user(name) for name in names]

    def granted(self, name: str, *members: User, **policy: Any) -> Group:
        """A group whose members get the application."""
        group = self.group(name, *members)
        self.policy(group, **policy)
        return group

    def policy(self, group: Group, **fields: Any) -> None:
        create_policy(
            name=f"{self.application.name} for {group.display_name}", application=self.application.id, group=group.id,
            actor=ACTOR, **fields,
        )  # fmt: skip

    def fold(self) -> None:
        fold(now())

    def run(self, passes: int = 1, *, later: int = 0) -> None:
        """Fold, then run passes; `later` shifts the engine's clock by milliseconds, past any back-off."""
        for _ in range(passes):
            self.fold()
            asyncio.run(one_pass(self.application.id, lambda: now() + later))

    def link(self, of: User | Group) -> Link:
        return Link.objects.get(application=self.application, local_id=of.id)

    def states(self) -> dict[str, int]:
        states: dict[str, int] = {}
        for state in Link.objects.filter(application=self.application).values_list("state", flat=True):
            states[state] = states.get(state, 0) + 1
        return states

    def writes(self) -> int:
        """How many requests that write have left so far."""
        return Attempt.objects.filter(application=self.application).exclude(method="GET").count()

    def requests(self) -> int:
        return Attempt.objects.filter(application=self.application).count()


async def one_pass(application_id: UUID, clock: Callable[[], int]) -> None:
    """Run one pass as the engine would."""
    store = Store()
    one = OnePass(application_id, store, around=Surroundings(now=clock))
    try:
        one.start(done=lambda: None)
        await one.ended()
    finally:
        await asyncio.to_thread(store.close)


def eventually(condition: Any, seconds: float = 20.0) -> bool:
    """Wait for something that another thread does; generous, since nothing is measured."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False
