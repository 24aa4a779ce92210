"""People of the directory with applications, and browsers that have proved something."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from provisor.access.models import Account
from provisor.access.portal_accounts import invite
from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.everyone import everyone
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members
from provisor.directory.models import Group, User
from provisor.directory.users import create_user

PASSWORD = "a long enough phrase"
ORIGIN = "http://localhost"


@pytest.fixture(autouse=True)
def quick_and_with_mail(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_IS_SET = True


def person(name: str, **more: Any) -> User:
    resource = {
        "userName": name,
        "displayName": f"{name.title()} King",
        "name": {"givenName": name.title(), "familyName": "King"},
        "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
    }
    return create_user({**resource, **more}, actor=SYSTEM)


def member(user: User, password: str = PASSWORD) -> Account:
    """The portal account of somebody, with a password unless it is empty."""
    account = invite(user.id, SYSTEM, origin=ORIGIN).account
    if password:
        account.set_password(password)
        account.save()
    return account


def team(name: str, *people: User) -> Group:
    group = create_group(name, actor=SYSTEM)
    add_members(group.id, [one.id for one in people], actor=SYSTEM)
    return group


def granted(
    name: str, group: Group | None, login_method: str = "password", second_factor: str = "none", **more: Any
) -> Application:
    """An application with a launch address that a group (or Everyone) has by a policy."""
    made = create_application(
        actor=SYSTEM,
        name=name,
        base_url=f"https://{name.lower()}.example/scim",
        launch_url=f"https://{name.lower()}.example/start",
    )
    grant(made, group or everyone(), login_method, second_factor, **more)
    return made


def grant(
    application: Application, group: Group, login_method: str, factor: str = "none", **more: Any
) -> None:
    name = f"{application.name} for {group.display_name}"
    create_policy(
        actor=SYSTEM, name=name, application=application, group=group,
        login_method=login_method, second_factor=factor, **more,
    )  # fmt: skip


def by_password(account: Account, password: str = PASSWORD) -> Client:
    """A browser in which somebody has signed in with their password, by the page."""
    browser = Client(SERVER_NAME="localhost")
    answer = browser.post("/accounts/login/", {"login": account.email, "password": password})
    assert answer.status_code == 302, answer.content
    return browser


SignedIn = Callable[[Account], Client]
