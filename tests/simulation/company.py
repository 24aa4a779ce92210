"""A random company and its applications, all made through the services."""

import random
from dataclasses import dataclass
from typing import Any

from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.directory.bulk import create_users
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import Group
from tests.crash.company import ACTOR, TEAMS, person
from tests.simulation.dialects import Drawn, draw_dialect
from tests.simulation.network import Network, address_of
from tests.simulation.world import World

TOKEN = "tok"
STAFF = "Staff"
#: Requests per second that an application without surprises allows.
RATE = 10
SCHEMAS = ["urn:ietf:params:scim:schemas:core:2.0:User"]


@dataclass(slots=True)
class Installed:
    """An application with the network to its target."""

    application: Application
    network: Network
    drawn: Drawn


def found(size: int) -> None:
    """Make the teams of a company, and the people in them."""
    staff, *teams = [create_group(name, actor=ACTOR) for name in (STAFF, *TEAMS)]
    for team in teams:
        nest(staff.id, team.id, actor=ACTOR)
    if size:
        _employ(size, teams)


class Applications:
    """What a company that was founded brings its people to; seeds with the same applications begin with copies."""

    def __init__(self, chance: random.Random, *, plain: bool) -> None:
        """`plain` is one application without surprises."""
        self._chance, self._plain = chance, plain
        groups = [Group.objects.get(display_name=name) for name in (STAFF, *TEAMS)]
        for number in range(1 if plain else chance.choice((1, 1, 1, 1, 2))):
            self._install(number, groups)

    def _install(self, number: int, groups: list[Group]) -> None:
        application = create_application(
            name=f"Target {number}", profile="generic", base_url=address_of(number),
            auth={"method": "bearer", "token": TOKEN}, actor=ACTOR, **self._settings(),
        )  # fmt: skip
        for group in self._chance.sample(groups, self._chance.randint(1, len(groups))):
            grant(application, group)

    def _settings(self) -> dict[str, Any]:
        loose = {"count": 10_000, "percent": 100}
        if self._plain:
            return {"brake": loose, "limits": {"rate": RATE}}
        brakes = (loose, loose, {"count": 5, "percent": 5}, {"count": 2, "percent": 20})
        return {
            "brake": self._chance.choice(brakes),
            "limits": {"concurrency": self._chance.choice((None, None, 1, 1, 3))},
            "drift": self._chance.choice(({}, {}, self._drift())),
        }

    def _drift(self) -> dict[str, Any]:
        chance = self._chance
        return {
            "every": chance.choice((None, 12, 24)),
            "on_difference": chance.choice(("report", "correct", "correct")),
            "on_match": chance.choice(("report", "adopt")),
        }


def _employ(size: int, teams: list[Group]) -> None:
    outcome = create_users([person(number) for number in range(size)], actor=ACTOR)
    users = [outcome.created[number] for number in range(size)]
    for number, team in enumerate(teams):
        if users[number :: len(teams)]:
            add_members(team.id, users[number :: len(teams)], actor=ACTOR)


def grant(application: Application, group: Group) -> None:
    """Let everybody in the group into the application."""
    create_policy(
        name=f"{application.name} for {group.display_name}", application=application.id, group=group.id, actor=ACTOR
    )  # fmt: skip


class Company:
    """Teams inside a staff group, people in the teams, one or two applications granted to some of the groups."""

    def __init__(self, world: World, size: int, *, like: Drawn | None = None) -> None:
        """A company of `size` people that was founded; `like` is the dialect of its applications, if not drawn."""
        self._world, self._like, self.size = world, like, size
        founded = {group.display_name: group for group in Group.objects.all()}
        self.staff = founded[STAFF]
        self.teams = {name: founded[name] for name in TEAMS}
        applications = Application.objects.order_by("name")
        self.installed = [self._installed(number, each) for number, each in enumerate(applications)]

    def _installed(self, number: int, application: Application) -> Installed:
        drawn = self._like or draw_dialect(self._world)
        network = Network(self._world, number, drawn.options)
        if not self._like and self._world.random.random() < 0.1:
            network.latency = (0.01, self._world.random.choice((0.5, 8.0, 20.0)))
        installed = Installed(application, network, drawn)
        self._populate(installed)
        return installed

    def _populate(self, installed: Installed) -> None:
        """Accounts that are there before Provisor: some of our people's, some of strangers."""
        chance = self._world.random
        resources = installed.network.target.resources
        for number in range(chance.choice((0, 0, 2))):
            resources.create(
                "Users",
                {"schemas": SCHEMAS, "userName": f"stranger{number}", "active": True, "title": "Stays"},
            )
        for number in range(min(self.size, chance.choice((0, 0, 3)))):
            resources.create(
                "Users",
                {"schemas": SCHEMAS, "userName": f"person{number:05}", "active": chance.random() < 0.5},
            )


def draw_size(world: World) -> int:
    """Small counterexamples live in small companies, so most are; a fixed share is large."""
    chance = world.random
    kind = chance.random()
    if kind < 0.7:
        return chance.randint(0, 6)
    if kind < 0.94:
        return chance.choice((7, 8, 10, 12, 15, 20, 25))
    return chance.choice((35, 50, 70, 90)) if kind < 0.995 else chance.choice((120, 200, 350, 500))
