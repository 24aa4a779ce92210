"""A large company in an empty installation: people, groups, applications, policies, links, by the services and the fold."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import transaction

from bench.console.size import Size
from bench.people import ENTERPRISE, user_body
from provisor.applications.applications import create_application, pause
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.attributes import declare_attribute
from provisor.directory.bulk import create_users
from provisor.directory.everyone import everyone
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import Pending
from provisor.identifiers import uuid7
from provisor.notices.channels import add_email
from provisor.provisioning.fold.fold import fold

#: Of so many people one is disabled, and one in so many is the manager of those who come after.
_DISABLED, _REPORTS = 50, 12
#: Groups that the person who is in many of them is in.
_MANY = 120
_SCHEMA = "urn:example:params:scim:schemas:extension:bench:2.0:User"
_APPLICATIONS = (
    "Slack", "GitHub", "Jira", "Zoom", "Salesforce", "Datadog", "Notion", "Figma", "Snowflake", "Databricks",
    "PagerDuty", "Sentry", "GitLab", "Miro", "Webex", "Wiki", "Terraform", "Cloudflare", "Payroll", "Library",
)  # fmt: skip


def found(size: Size) -> None:
    """Fill the directory, grant the applications, fold. One transaction for each part."""
    with transaction.atomic():
        people = _people(size.users)
        groups = _groups(size.groups)
        _join(people, groups)
        _attributes()
        add_email("operations@example.com", ["leaver", "held"], actor=SYSTEM)
    # Nothing is granted yet, so there is nothing that the fold would find.
    Pending.objects.all().delete()
    with transaction.atomic():
        applications = _applications(size.applications)
        _grant(applications, groups, size.links_per_user)
    fold(int(time.time() * 1000))


def _people(count: int) -> list[UUID]:
    ids = [uuid7() for _ in range(count)]
    outcome = create_users([_person(number, ids) for number in range(count)], actor=SYSTEM, ids=ids)
    if outcome.refused:
        raise RuntimeError(f"The directory refused {len(outcome.refused)} people: {outcome.refused[0][1]}")
    return ids


def _person(number: int, ids: Sequence[UUID]) -> dict[str, Any]:
    body = user_body(number)
    body["active"] = number % _DISABLED != _DISABLED - 1
    if number:
        body[ENTERPRISE]["manager"] = {"value": str(ids[number // _REPORTS])}
    return body


@dataclass(frozen=True, slots=True)
class Groups:
    """Three layers, each inside the one before, and groups of few people across all of them."""

    divisions: list[UUID]
    departments: list[UUID]
    teams: list[UUID]
    across: list[UUID]


def _groups(count: int) -> Groups:
    divisions, departments = max(2, count // 100), max(4, count // 10)
    across = max(2, count // 10)
    teams = max(departments, count - divisions - departments - across)
    made = Groups(
        _named("Division", divisions),
        _named("Department", departments),
        _named("Team", teams),
        _named("Project", across),
    )
    for parents, children in pairwise((made.divisions, made.departments, made.teams)):
        for place, child in enumerate(children):
            nest(parents[place % len(parents)], child, actor=SYSTEM)
    return made


def _named(word: str, count: int) -> list[UUID]:
    return [create_group(f"{word} {number:04d}", actor=SYSTEM).id for number in range(count)]


def _join(people: Sequence[UUID], groups: Groups) -> None:
    """Everybody is in one team and in one group across; the first across holds a third, one person is in many."""
    teams, across = groups.teams, groups.across
    for place, team in enumerate(teams):
        add_members(team, people[place :: len(teams)], actor=SYSTEM)
    add_members(across[0], people[::3], actor=SYSTEM)
    for place, group in enumerate(across[1:]):
        add_members(group, people[place :: len(across) - 1], actor=SYSTEM)
    for team in teams[1:_MANY]:
        add_members(team, people[:1], actor=SYSTEM)


def _attributes() -> None:
    for number in range(12):
        declare_attribute(_SCHEMA, f"field{number}", actor=SYSTEM, description="One of the bench's own.")


def _applications(count: int) -> list[Application]:
    """The last is only observed, the one before it is paused; the others are written to."""
    made = [
        create_application(
            actor=SYSTEM,
            name=_APPLICATIONS[number] if number < len(_APPLICATIONS) else f"Application {number:03d}",
            base_url=f"https://application{number}.example/scim/v2",
            auth={"method": "bearer", "token": "bench"},
            mode="observe" if number == count - 1 else "enforce",
        )
        for number in range(count)
    ]
    if count > 2:
        pause(made[-2].id, actor=SYSTEM)
    return made


def _grant(applications: Sequence[Application], groups: Groups, links_per_user: int) -> None:
    """The first application for everyone and with every department as a group; the others for divisions."""
    _policy(applications[0], everyone().id, "everyone")
    for number, group in enumerate(groups.departments):
        _policy(applications[0], group, f"department {number}")
    for application, group, number in _divided(applications[1:], groups.divisions, links_per_user - 1):
        _policy(application, group, f"division {number}")


def _divided(
    applications: Sequence[Application], divisions: Sequence[UUID], layers: int
) -> Iterator[tuple[Application, UUID, int]]:
    for layer in range(min(layers, len(applications))):
        for number, division in enumerate(divisions):
            yield applications[(number + layer) % len(applications)], division, number


def _policy(application: Application, group: UUID, name: str) -> None:
    create_policy(
        actor=SYSTEM, name=f"{application.name} for {name}", application=application.id, group=group
    )
