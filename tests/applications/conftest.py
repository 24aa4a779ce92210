"""What the tests of this room share: a key, an open loopback network, an actor, and things to configure."""

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import Group, User
from provisor.directory.users import create_user
from provisor.vault.keys import GivenKeys

TOKEN = "sekret-token-0123456789"


@pytest.fixture(autouse=True)
def installation(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = GivenKeys((bytes(range(32)),))
    settings.PRIVATE_TARGETS = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("10.20.0.0/16"))


@pytest.fixture
def actor() -> Actor:
    return Actor(kind="account", id="1", label="bo@example.com")


@pytest.fixture
def make_application(db: None, actor: Actor) -> Callable[..., Application]:
    def make(name: str = "Acme", **fields: Any) -> Application:
        given = {
            "base_url": "https://acme.example.com/scim/v2",
            "auth": {"method": "bearer", "token": TOKEN},
        } | fields
        return create_application(name=name, actor=actor, **given)

    return make


@pytest.fixture
def make_user(db: None, actor: Actor) -> Callable[[str], User]:
    def make(name: str) -> User:
        address = f"{name}@example.com"
        resource = {
            "userName": address,
            "displayName": name,
            "name": {"givenName": name, "familyName": "Example"},
            "emails": [{"type": "work", "value": address}],
            "active": True,
        }
        return create_user(resource, actor=actor)

    return make


@pytest.fixture
def make_group(db: None, actor: Actor) -> Callable[..., Group]:
    def make(name: str, *, members: tuple[User, ...] = (), inside: Group | None = None) -> Group:
        group = create_group(name, actor=actor)
        add_members(group.pk, [user.pk for user in members], actor=actor)
        if inside is not None:
            nest(inside.pk, group.pk, actor=actor)
        return group

    return make
