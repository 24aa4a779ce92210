"""Scans of servers that we did not write: quiet where nothing changed, and right about what did."""

import urllib.request

from tests.provisioning.installation import Installation
from tests.provisioning.scanning import findings, scan
from tests.provisioning.test_real_servers import installed, server  # noqa: F401 - fixtures
from tests.provisioning.vices import USER_SCHEMA
from tests.servers import Server
from tests.servers.reader import post


def test_a_scan_is_quiet_and_then_finds_who_went_and_who_came(
    installed: Installation,  # noqa: F811 - the fixture
    server: Server,  # noqa: F811 - the fixture
) -> None:
    """Right after provisioning nothing differs, however the server writes its values; then one is deleted, one added."""
    people = installed.users("alice", "bob", "carol", "dora", "emil", "fritz")
    installed.policy(installed.group("Sales", *people))
    installed.run(3)
    quiet = scan(installed)
    assert quiet.state == "finished"
    assert [(one.what, one.name, one.detail) for one in findings(installed)] == []
    assert quiet.lists["user"]["complete"] is True
    gone = server.contents().users["bob"]["id"]
    headers = {"Authorization": f"Bearer {server.token}"}
    request = urllib.request.Request(f"{server.base_url}/Users/{gone}", headers=headers, method="DELETE")
    urllib.request.urlopen(request).close()
    post(f"{server.base_url}/Users", {"schemas": [USER_SCHEMA], "userName": "stranger"}, server.token)
    scan(installed)
    assert [one.name for one in findings(installed, "missing")] == ["bob"]
    assert [one.name for one in findings(installed, "unknown")] == ["stranger"]
    assert findings(installed, "changed") == []
