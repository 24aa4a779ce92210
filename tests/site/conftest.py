"""Accounts to sign in with, and a log to look into."""

import io
import json
import logging
import logging.config

import pytest
from django.test import Client
from pytest_django import Settings

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.site.logs import logging_settings

SECRET_KEY = "canary-secret-key-0123456789"


@pytest.fixture
def owner(db: None, settings: Settings) -> Account:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return create_account("owner@example.com", "a long enough phrase", "owner", SYSTEM)


@pytest.fixture
def browser(owner: Account) -> Client:
    """A browser in which the owner has signed in."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(owner)
    return client


@pytest.fixture
def lines():
    """Log through the real configuration into memory; afterwards put the handlers of the process back."""
    root = logging.getLogger()
    kept, level, stream = root.handlers[:], root.level, io.StringIO()
    settings = logging_settings(secrets=[SECRET_KEY])
    settings["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(settings)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = kept
    root.setLevel(level)
