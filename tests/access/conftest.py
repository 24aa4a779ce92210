"""Accounts, and a browser to sign in with."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.directory.models import User

PASSWORD = "a long enough phrase"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Argon2 is slow on purpose; one test asks for the real thing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def owner(db: None) -> Account:
    return create_account("owner@example.com", PASSWORD, "owner", SYSTEM)


@pytest.fixture
def person(db: None) -> User:
    """A directory user, written without the services of that room."""
    now = timezone.now()
    return User.objects.create(user_name="bo", user_name_key="bo", created_at=now, updated_at=now)


@pytest.fixture
def browser() -> Client:
    """A browser that checks CSRF, as real ones are made to."""
    return Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
