"""For the tests of an application's pages: a real target with accounts, and browsers of other roles."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import remove_members
from provisor.directory.models import Group, User
from tests.provisioning.installation import Installation
from tests.provisioning.vices import crowd
from tests.servers import LabServer, lab


@pytest.fixture(scope="session")
def lab_process() -> Iterator[LabServer]:
    with lab() as server:
        yield server


@pytest.fixture
def target(lab_process: LabServer) -> LabServer:
    """A lab target that holds nothing and has no vices."""
    lab_process.reset()
    return lab_process


@pytest.fixture
def installation(transactional_db: None, target: LabServer) -> Installation:
    return Installation(target.base_url, target.token)


@pytest.fixture
def browser_of(owner: Account) -> Callable[[str], Client]:
    """A browser in which somebody with that role has signed in."""

    def signed_in(role: str) -> Client:
        account = create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM)
        client = Client(SERVER_NAME="localhost")
        client.force_login(account)
        return client

    return signed_in


def text_of(answer: object) -> str:
    """What an answer says, whatever sort it is."""
    content = getattr(answer, "streaming_content", None)
    whole = b"".join(content) if content is not None else getattr(answer, "content", b"")
    return whole.decode()


def six_held(installation: Installation) -> tuple[list[User], Group]:
    """Twenty people with accounts, of whom six left at once: their accounts are held."""
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()
    return people, group
