"""A company in the directory, and what people do in it, all through the services as any face would."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from provisor.applications.applications import create_application
from provisor.applications.policies import create_policy
from provisor.audit.actor import Actor
from provisor.directory.bulk import create_users
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import Group, User
from provisor.directory.users import replace_user

ACTOR = Actor(kind="command", id="test", label="a test")
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TEAMS = ("Engineering", "Sales", "Support")


class Company:
    """One application, a group that holds everybody, and teams inside it; all of them are pushed."""

    def __init__(self, base_url: str, token: str) -> None:
        self.application = create_application(
            name="Target", profile="generic", base_url=base_url, auth={"method": "bearer", "token": token},
            brake={"count": 1000, "percent": 100}, actor=ACTOR,
        )  # fmt: skip
        self.staff = create_group("Staff", actor=ACTOR)
        self.teams = {name: create_group(name, actor=ACTOR) for name in TEAMS}
        for team in self.teams.values():
            nest(self.staff.id, team.id, actor=ACTOR)

    def employ(self, count: int) -> list[UUID]:
        """Create so many users, spread over the teams."""
        outcome = create_users([person(number) for number in range(count)], actor=ACTOR)
        assert not outcome.refused
        users = [outcome.created[number] for number in range(count)]
        for number, team in enumerate(self.teams.values()):
            add_members(team.id, users[number :: len(self.teams)], actor=ACTOR)
        return users

    def grant(self, groups: Iterable[Group] | None = None) -> None:
        """Grant the application to these groups, or to all."""
        for group in groups or (self.staff, *self.teams.values()):
            create_policy(
                name=f"Target for {group.display_name}",
                application=self.application.id,
                group=group.id,
                actor=ACTOR,
            )


def person(number: int, **attributes: Any) -> dict[str, Any]:
    """A believable user, the same for the same number."""
    name = f"person{number:05}"
    return {
        "userName": name,
        "name": {"givenName": f"Given{number}", "familyName": f"Ångström-{number}"},
        "displayName": f"Given{number} Ångström-{number}",
        "title": f"Title {number % 17}",
        "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
        "active": True,
        ENTERPRISE: {"department": f"Department {number % 11}", "employeeNumber": f"{number}"},
        **attributes,
    }


def document_of(user: User) -> dict[str, Any]:
    """A copy of a user's resource, to be changed and put back."""
    document: dict[str, Any] = {**user.resource}
    return document


def change(user: UUID, **attributes: Any) -> None:
    """Give a user other attributes; None removes one."""
    document = {**document_of(User.objects.get(pk=user)), **attributes}
    replace_user(user, {name: value for name, value in document.items() if value is not None}, actor=ACTOR)
