"""A random company and its applications, all made through the services."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.directory.bulk import create_users
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import Group
from tests.crash.company import ACTOR, TEAMS, person
from tests.simulation.dialects import Drawn, draw_dialect
from tests.simulation.network import Network
from tests.simulation.world import World

TOKEN = "tok"
STAFF = "Staff"
#: Requests per second that an application without surprises allows.
RATE = 10
_SCHEMAS = ["urn:ietf:params:scim:schemas:core:2.0:User"]


@dataclass(slots=True)
class Installed:
    """An application with the network to its target."""

    application: Application
    network: Network
    drawn: Drawn


def found() -> None:
    """Make the groups that every company has; each seed begins with a copy of them."""
    staff = create_group(STAFF, actor=ACTOR)
    for name in TEAMS:
        nest(staff.id, create_group(name, actor=ACTOR).id, actor=ACTOR)


class Company:
    """Teams inside a staff group, people in the teams, one or two applications granted to some of the groups."""

    def __init__(self, world: World, *, size: int | None = None, like: Drawn | None = None) -> None:
        """Drawn at random, unless a size is given, and a dialect: then it is one application without surprises."""
        self._world, self._like = world, like
        chance = world.random
        self.size = _size(world) if size is None else size
        founded = {group.display_name: group for group in Group.objects.all()}
        self.staff = founded[STAFF]
        self.teams = {name: founded[name] for name in TEAMS}
        self.users = self._employ()
        count = 1 if like else chance.choice((1, 1, 1, 2))
        self.installed = [self._install(number) for number in range(count)]

    def _employ(self) -> list[UUID]:
        if not self.size:
            return []
        outcome = create_users([person(number) for number in range(self.size)], actor=ACTOR)
        users = [outcome.created[number] for number in range(self.size)]
        for number, team in enumerate(self.teams.values()):
            if users[number :: len(self.teams)]:
                add_members(team.id, users[number :: len(self.teams)], actor=ACTOR)
        return users

    def _install(self, number: int) -> Installed:
        drawn = self._like or draw_dialect(self._world)
        network = Network(self._world, number, drawn.options)
        if not self._like and self._world.random.random() < 0.1:
            network.latency = (0.01, self._world.random.choice((0.5, 8.0, 20.0)))
        application = create_application(
            name=f"Target {number}", profile="generic", base_url=network.base_url,
            auth={"method": "bearer", "token": TOKEN}, actor=ACTOR, **self._settings(),
        )  # fmt: skip
        installed = Installed(application, network, drawn)
        self._populate(installed)
        for group in self._granted():
            self.grant(application, group)
        return installed

    def _settings(self) -> dict[str, Any]:
        chance = self._world.random
        loose = {"count": 10_000, "percent": 100}
        if self._like:
            return {"brake": loose, "limits": {"rate": RATE}}
        return {
            "brake": chance.choice((loose, loose, {"count": 5, "percent": 5}, {"count": 2, "percent": 20}))
        }

    def _granted(self) -> list[Group]:
        groups = [self.staff, *self.teams.values()]
        count = self._world.random.randint(1, len(groups))
        return self._world.random.sample(groups, count)

    def grant(self, application: Application, group: Group) -> None:
        create_policy(
            name=f"{application.name} for {group.display_name}", application=application.id, group=group.id,
            actor=ACTOR,
        )  # fmt: skip

    def _populate(self, installed: Installed) -> None:
        """Accounts that are there before Provisor: some of our people's, some of strangers."""
        chance = self._world.random
        resources = installed.network.target.resources
        for number in range(chance.choice((0, 0, 2))):
            resources.create(
                "Users",
                {"schemas": _SCHEMAS, "userName": f"stranger{number}", "active": True, "title": "Stays"},
            )
        for number in range(min(self.size, chance.choice((0, 0, 3)))):
            resources.create(
                "Users",
                {"schemas": _SCHEMAS, "userName": f"person{number:05}", "active": chance.random() < 0.5},
            )


def _size(world: World) -> int:
    chance = world.random
    kind = chance.random()
    if kind < 0.55:
        return chance.randint(0, 8)
    if kind < 0.9:
        return chance.randint(6, 25)
    return chance.randint(20, 90) if kind < 0.995 else chance.randint(100, 500)
