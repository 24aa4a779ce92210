"""R7, R9: what goes wrong inside with one object, stops neither the pass nor anybody else."""

import json
import urllib.request

from provisor.applications.applications import resume, update_application
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import add_members
from provisor.provisioning.models import Link
from provisor.provisioning.queries import application_status
from tests.provisioning.installation import Installation
from tests.provisioning.vices import change, crowd, passes
from tests.servers import LabServer, lab
from tests.servers.reader import post

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def test_r07_r09_ids_that_belong_to_strangers_in_another_tenant_stop_nobody_else(
    transactional_db: None,
) -> None:
    """More of them than requests go at a time: each says who is there, nobody is written to, and the next one works."""
    with lab() as first, lab() as other:
        _move(Installation(first.base_url, first.token), other)


def _move(installation: Installation, other: LabServer) -> None:
    people = crowd(12)
    group = installation.granted("Sales", *people, push_group=False)
    passes(installation, 1)
    ids = {installation.link(user).remote_id for user in people}
    for user in people:
        _stranger(other, user.user_name)
    before = other.state().users
    assert {account["id"] for account in before.values()} == ids, "the ids collide"
    changes = {"base_url": other.base_url, "auth": {"method": "bearer", "token": other.token}}
    update_application(installation.application.id, changes, actor=SYSTEM)
    resume(installation.application.id, actor=SYSTEM)
    for user in people:
        change(user, title="Chief")
    newcomer = installation.user("newcomer")
    add_members(group.id, [newcomer.id], actor=SYSTEM)
    passes(installation, 1)
    held = other.state().users
    assert {name: held[name] for name in before} == before
    links = [installation.link(user) for user in people]
    assert all(link.state == Link.State.FAILED and "somebody else" in link.reason for link in links)
    assert installation.link(newcomer).state == Link.State.IN_SYNC
    assert "itself failed" not in application_status(installation.application.id)["reason"]


def _stranger(other: LabServer, name: str) -> None:
    """Somebody of another name with the id that this name has: the lab makes ids of names."""
    made = post(f"{other.base_url}/Users", {"schemas": [USER], "userName": name}, other.token)
    operation = {"op": "replace", "path": "userName", "value": f"stranger {name}"}
    body = json.dumps({"schemas": [PATCH], "Operations": [operation]}).encode()
    headers = {"Authorization": f"Bearer {other.token}", "Content-Type": "application/scim+json"}
    address = f"{other.base_url}/Users/{made['id']}"
    urllib.request.urlopen(urllib.request.Request(address, body, headers, method="PATCH")).close()
