"""People, groups, applications and policies made by the services, and accounts as if a pass had made them."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django.test import Client

from provisor.access.accounts import create_account
from provisor.applications.applications import create_application
from provisor.applications.models import Application, Policy
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import Group, User
from provisor.directory.users import create_user
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.models import Kind, Link


def signed_in(role: str) -> Client:
    """A browser in which somebody with this role has signed in."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM))
    return client


def person(name: str) -> User:
    resource = {
        "userName": name,
        "displayName": name.title(),
        "name": {"givenName": name.title(), "familyName": "King"},
        "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
    }
    return create_user(resource, actor=SYSTEM)


def group_of(name: str, people: Iterable[User] = (), inside: Iterable[Group] = ()) -> Group:
    group = create_group(name, actor=SYSTEM)
    add_members(group.id, [one.id for one in people], actor=SYSTEM)
    for child in inside:
        nest(group.id, child.id, actor=SYSTEM)
    return group


def slack(name: str = "Slack", **fields: Any) -> Application:
    return create_application(
        actor=SYSTEM, name=name, base_url=f"https://{name.lower()}.example/scim/v2", **fields
    )


def grant(application: Application, group: Group, **fields: Any) -> Policy:
    name = f"{application.name} for {group.display_name}"
    return create_policy(actor=SYSTEM, name=name, application=application, group=group, **fields)


def provision() -> None:
    """Fold what is pending, and let every account be there and in sync."""
    fold(now())
    for link in Link.objects.all():
        link.remote_id = f"r{link.id}"
        link.sent = {"active": True} if link.kind == Kind.USER else {}
        link.save()
    Link.objects.update(state="in_sync", origin="created", done_generation=F("generation"))
