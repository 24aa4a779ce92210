"""What every test shares: an installation of its own, apart from any real one.

Its environment is set in `tests/environment.py`, which pytest loads before it loads this file.
"""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.environment import DATA_DIR, POSTGRESQL, RUN, remove_data

#: Rooms whose tests play the same each time, or claim that nothing is lost: a failure there is one, and is not tried again.
FIRST_TIME = frozenset({"crash", "simulation", "planning", "mapping", "scim", "proofs", "lab", "lab_tests"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`--reruns` does not count there."""
    tests = Path(__file__).parent
    for item in items:
        if item.path.relative_to(tests).parts[0] in FIRST_TIME:
            item.add_marker(pytest.mark.flaky(reruns=0))


@pytest.fixture(scope="session", autouse=True)
def data_directory() -> Iterator[Path]:
    """The data directory of this run; it goes with the run."""
    yield DATA_DIR
    remove_data()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The cluster goes with the run; to drop a database in it would fail where a thread is still connected."""
    return POSTGRESQL


@pytest.fixture(scope="session")
def django_db_modify_db_settings(data_directory: Path) -> None:
    """A database that the engine's thread sees: what the test has committed is there, as in a real process."""
    from django.conf import settings

    from tests.tables import empty_quickly

    database = settings.DATABASES["default"]
    if POSTGRESQL:
        database.setdefault("TEST", {})["NAME"] = f"provisor_{RUN}"
    else:
        database.setdefault("TEST", {})["NAME"] = str(data_directory / "test.sqlite3")
        # a loss of power is of no interest here, and each wait for the disk is
        database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    empty_quickly()


@pytest.fixture(scope="session", autouse=True)
def forced_sign_ins() -> None:
    """`Client.force_login` stands for somebody who has just signed in with the password."""
    from allauth.account.internal.flows.login import get_authentication_records, record_authentication
    from django.contrib.auth.signals import user_logged_in

    def note(sender: object, request: Any, user: Any, **_: object) -> None:
        if not get_authentication_records(request, user):
            record_authentication(request, user, method="password")

    user_logged_in.connect(note, weak=False, dispatch_uid="tests.forced_sign_ins")


@pytest.fixture(autouse=True)
def loopback_targets(settings: Settings) -> None:
    """The servers of the tests live on loopback."""
    settings.PRIVATE_TARGETS = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture(autouse=True)
def letters_leave_at_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the engine does with letters of sign-in, as soon as one is written; a test of the outbox itself is marked `outbox`."""
    from django.db.models.signals import post_save

    from provisor.access import letters
    from provisor.access.models import Letter

    def deliver(sender: object, instance: Letter, **_: object) -> None:
        letters.note(instance, letters.send(instance))

    if not request.node.get_closest_marker("outbox"):
        post_save.connect(deliver, sender=Letter, dispatch_uid="tests.letters")
    yield
    post_save.disconnect(sender=Letter, dispatch_uid="tests.letters")
