"""Bulk requests against a server that we did not write (scimmy-routers)."""

from collections.abc import Iterator

import orjson
import pytest

from provisor.applications.models import Capability
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


def test_r06_r15_a_server_that_resolves_one_of_many_bulk_ids_is_found_out(
    transactional_db: None, server: Server
) -> None:
    """Scimmy replaces only the last reference of an operation, and keeps the others as if they were ids.

    The group ends with each member once, by the id of its account, and the next group names nobody.
    """
    installation = Installation(server.base_url, server.token)
    for name in ("First", "Second"):
        people = crowd(CROWD, prefix=name.lower())
        installation.granted(name, *people[-30:])
        installation.granted(f"All of {name}", *people, push_group=False)
        installation.run()
        installation.run(later=LATER)
        held = server.contents()
        members = [member["value"] for member in held.groups[name]["members"]]
        assert sorted(members) == sorted(held.users[user.user_name]["id"] for user in people[-30:])
    assert installation.states() == {"in_sync": 2 * CROWD + 2}
    named = [
        [member["value"] for member in orjson.loads(attempt.request).get("members", [])]
        for attempt in Attempt.objects.filter(
            path__startswith="/Groups", act="create", method="POST"
        ).order_by("id")
    ]
    assert [sum(value.startswith("bulkId:") for value in each) > 20 for each in named] == [True, False]
    learned = Capability.objects.get(name="bulk_references", origin="probe")
    assert learned.value is False
    assert "read back, 1 of" in learned.evidence
