"""A directory of a few people with applications that they reach, by the services themselves."""

from typing import Any

from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import Actor
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members
from provisor.directory.models import Group, User
from provisor.directory.users import create_user
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.models import Link

BO = Actor(kind="account", id="bo", label="bo@example.com")
HOSTILE = "<script>alert(1)</script>"


def person(name: str, **attributes: Any) -> User:
    """A user with the names and the address that the usual mapping asks for."""
    resource = {
        "userName": name,
        "name": {"givenName": name.title(), "familyName": "Example"},
        "displayName": f"{name.title()} Example",
        "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
    }
    return create_user({**resource, **attributes}, actor=BO)


def group(name: str, *members: User) -> Group:
    made = create_group(name, actor=BO)
    if members:
        add_members(made.id, [one.id for one in members], actor=BO)
    return made


def granted(name: str, to: Group) -> Application:
    """An application that the group is granted; nobody has an account there yet."""
    made = create_application(
        name=name,
        base_url="http://127.0.0.1:9/scim/v2",
        auth={"method": "bearer", "token": "a-token"},
        brake={"count": 1000, "percent": 100},
        may_loosen=True,
        actor=BO,
    )
    create_policy(
        name=f"{name} for {to.display_name}", application=made.id, group=to.id, push_group=False, actor=BO
    )
    return made


def settle(*applications: Application) -> None:
    """Everybody who should have an account has one, and it was confirmed."""
    fold(now())
    for application in applications:
        for link in Link.objects.filter(application=application, kind="user"):
            link.state, link.remote_id, link.done_generation = (
                "in_sync",
                f"{application.name}-{link.id}",
                link.generation,
            )
            link.origin, link.sent = "created", {"active": True}
            link.save()
