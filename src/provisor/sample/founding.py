"""The company goes into the directory, and policies for its application beside it, through the services."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import Actor
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.users import create_users
from provisor.sample.company import OUTSIDE, Applicants, Company, Person, Team, layers

#: scim2-server collapses above about eight connections.
CONNECTIONS: Final = 4
#: People who are created between two calls of `told`.
_AT_ONCE: Final = 25

#: Is told how many people, groups or policies there are more; what it raises ends the founding.
Told = Callable[[int], None]


def _nobody(_more: int) -> None:
    """Nobody is told."""


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


def found_company(company: Company, actor: Actor, told: Told = _nobody) -> Roster:
    """Create all users, managers first, then all groups with their members."""
    roster = Roster(company=company)
    for layer in layers(company.people):
        for some in _parts(layer):
            hire(roster, some, actor)
            told(len(some))
    for team in company.teams:
        _found_team(roster, team, actor)
        told(1)
    return roster


def _parts(people: list[Person]) -> Iterator[list[Person]]:
    return (people[start : start + _AT_ONCE] for start in range(0, len(people), _AT_ONCE))


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


def granted_groups(company: Company) -> list[str]:
    """Every group but the one outside the company."""
    return [team.name for team in company.teams if team.name != OUTSIDE]


def grant(roster: Roster, application: Application, actor: Actor, told: Told = _nobody) -> int:
    """A policy for each of `granted_groups`; returns how many."""
    granted = granted_groups(roster.company)
    for name in granted:
        create_policy(
            name=f"{application.name} for {name}",
            application=application,
            group=roster.group_ids[name],
            actor=actor,
        )
        told(1)
    return len(granted)


def applicants_after(company: Company, chance: Any) -> Applicants:
    """People who are not in the company yet, numbered after those who are."""
    applicants = Applicants(chance, first_number=len(company.people) + 1)
    applicants.know(person.user_name for person in company.people)
    return applicants
