"""A browser in which somebody has signed in, and rows written without the services of other rooms."""

from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.directory.models import User
from provisor.provisioning.models import Kind, Link


@pytest.fixture
def owner(db: None, settings: Settings) -> Account:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return create_account("owner@example.com", "a long enough phrase", "owner", SYSTEM)


@pytest.fixture
def browser(owner: Account) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(owner)
    return client


def application(name: str = "Slack", **fields: object) -> Application:
    now = timezone.now()
    values = {"name_key": name.casefold(), "base_url": "https://slack.example/scim/v2", **fields}
    return Application.objects.create(name=name, created_at=now, updated_at=now, **values)


def user(name: str = "ada") -> User:
    now = timezone.now()
    return User.objects.create(user_name=name, user_name_key=name.casefold(), created_at=now, updated_at=now)


def link(of: Application, local_id: UUID, state: str, reason: str = "") -> Link:
    return Link.objects.create(application=of, kind=Kind.USER, local_id=local_id, state=state, reason=reason)
