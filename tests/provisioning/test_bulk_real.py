"""Bulk requests against a server that we did not write (scimmy-routers)."""

from collections.abc import Iterator

import pytest

from provisor.provisioning.models import Attempt
from tests.provisioning.installation import Installation
from tests.provisioning.vices import LATER, change, crowd
from tests.servers import Server, scimmy

CROWD = 60


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with scimmy() as running:
        yield running


def test_a_crowd_and_its_group_go_in_bulk_requests_and_so_do_their_changes(
    transactional_db: None, server: Server
) -> None:
    """Created, changed and members of a group, each once; what it holds is read by plain HTTP."""
    installation = Installation(server.base_url, server.token)
    people = crowd(CROWD)
    installation.granted("Sales", *people)
    installation.run()
    installation.run(later=LATER)
    assert installation.states() == {"in_sync": CROWD + 1}
    held = server.contents()
    assert set(held.users) == {user.user_name for user in people}
    members = {member["value"] for member in held.groups["Sales"]["members"]}
    assert members == {user["id"] for user in held.users.values()}
    bulks = Attempt.objects.filter(path="/Bulk", status=200).count()
    assert bulks >= 2
    assert Attempt.objects.filter(path="/Users", method="POST").count() <= 5
    for user in people:
        change(user, title="Engineer")
    installation.run()
    installation.run(later=LATER)
    assert installation.states() == {"in_sync": CROWD + 1}
    assert {user["title"] for user in server.contents().users.values()} == {"Engineer"}
    assert Attempt.objects.filter(path="/Bulk", status=200).count() > bulks
