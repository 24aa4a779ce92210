"""The company goes into the directory, and an application and its policies beside it, through the services."""

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import Actor
from provisor.cli.demo.company import OUTSIDE, Applicants, Company, Person, Team, layers
from provisor.cli.demo.target import Target
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.users import create_users

APPLICATION: Final = "scim2-server"
#: scim2-server collapses above about eight connections.
_CONNECTIONS: Final = 4


@dataclass(slots=True, kw_only=True)
class Roster:
    """Who and what is in the directory, with ids; kept up to date by the story."""

    company: Company
    people: dict[str, Person] = field(default_factory=dict)
    user_ids: dict[str, UUID] = field(default_factory=dict)
    group_ids: dict[str, UUID] = field(default_factory=dict)

    def resource(self, person: Person) -> dict[str, Any]:
        """The resource with the manager's id in it."""
        return person.resource(str(self.user_ids[person.manager]) if person.manager else "")


def found_company(company: Company, actor: Actor) -> Roster:
    """Create all users, managers first, then all groups with their members."""
    roster = Roster(company=company)
    for layer in layers(company.people):
        hire(roster, layer, actor)
    for team in company.teams:
        _found_team(roster, team, actor)
    return roster


def hire(roster: Roster, people: list[Person], actor: Actor) -> None:
    """Create these users; their managers are there already."""
    outcome = create_users([roster.resource(person) for person in people], actor=actor)
    for _, refusal in outcome.refused:
        raise refusal
    for index, person in enumerate(people):
        roster.people[person.user_name] = person
        roster.user_ids[person.user_name] = outcome.created[index]


def _found_team(roster: Roster, team: Team, actor: Actor) -> None:
    group = create_group(team.name, actor=actor)
    roster.group_ids[team.name] = group.id
    if team.parent:
        nest(roster.group_ids[team.parent], group.id, actor=actor)
    add_members(group.id, [roster.user_ids[name] for name in team.members], actor=actor)


def add_application(target: Target, actor: Actor) -> Application:
    """Create the application for the server that was started."""
    return create_application(
        name=APPLICATION,
        base_url=target.base_url,
        auth={"method": "bearer", "token": target.token},
        limits={"concurrency": _CONNECTIONS},
        actor=actor,
    )


def grant(roster: Roster, application: Application, actor: Actor) -> int:
    """A policy for every group but the one outside the company; returns how many."""
    granted = [name for name in roster.group_ids if name != OUTSIDE]
    for name in granted:
        create_policy(
            name=f"{application.name} for {name}",
            application=application,
            group=roster.group_ids[name],
            actor=actor,
        )
    return len(granted)


def applicants_after(company: Company, chance: Any) -> Applicants:
    """People who are not in the company yet, numbered after those who are."""
    applicants = Applicants(chance, first_number=len(company.people) + 1)
    applicants.know(person.user_name for person in company.people)
    return applicants
