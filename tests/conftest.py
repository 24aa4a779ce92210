"""What every test shares: an installation of its own, apart from any real one."""

import ipaddress
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

# Settings are read from the environment when they are imported: nothing of the person's own installation may count.
for name in [name for name in os.environ if name.startswith("PROVISOR_")]:
    del os.environ[name]
_DATA = tempfile.TemporaryDirectory(prefix="provisor-tests-")
os.environ["PROVISOR_DATA_DIR"] = _DATA.name
os.environ["PROVISOR_PRIVATE_TARGETS"] = "127.0.0.0/8"


@pytest.fixture(scope="session", autouse=True)
def data_directory() -> Iterator[Path]:
    """The data directory of this run; it goes with the run."""
    yield Path(_DATA.name)
    _DATA.cleanup()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(data_directory: Path) -> None:
    """A database in a file: the engine's thread sees what the test has committed, as in a real process."""
    from django.conf import settings

    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(data_directory / "test.sqlite3")


@pytest.fixture(autouse=True)
def loopback_targets(settings: Settings) -> None:
    """The servers of the tests live on loopback."""
    settings.PRIVATE_TARGETS = (ipaddress.ip_network("127.0.0.0/8"),)
