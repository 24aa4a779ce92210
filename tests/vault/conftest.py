"""An installation with a key file of its own, and things that are sealed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from provisor.applications.applications import create_application
from provisor.applications.credentials import store_credential
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.notices.channels import add_webhook
from provisor.notices.models import Channel
from provisor.site.keys import encryption_keys, prepare
from provisor.vault.keys import KeySource


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A data directory with generated keys."""
    return prepare({"PROVISOR_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture
def key_file(directory: Path, settings: Settings) -> KeySource:
    """The keys of this installation, from the file in its data directory."""
    settings.ENCRYPTION_KEYS = encryption_keys({}, directory)
    return settings.ENCRYPTION_KEYS


@pytest.fixture
def make_sealed(transactional_db: None) -> Callable[[int], tuple[list[Application], Channel]]:
    """So many applications with two credentials each, and one webhook: 2n + 1 sealed values."""

    def make(number: int) -> tuple[list[Application], Channel]:
        made = []
        for one in range(number):
            auth = {"method": "bearer", "token": f"token-{one}-primary"}
            application = create_application(
                name=f"App {one}", base_url="https://a.example.com/v2", auth=auth, actor=SYSTEM
            )
            store_credential(
                application.id, "bearer", {"token": f"token-{one}-secondary"}, slot="secondary", actor=SYSTEM
            )
            made.append(application)
        channel, _ = add_webhook("https://hooks.example.com/way/to/secret", ["leaver"], actor=SYSTEM)
        return made, channel

    return make
