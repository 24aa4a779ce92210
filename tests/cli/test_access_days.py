"""`provisor access APP --on DATE`."""

import json

from provisor.provisioning.models import AccessInterval
from tests.cli.conftest import Command
from tests.provisioning.installation import Installation
from tests.provisioning.test_access_days import at
from tests.servers import LabServer


def test_access_on_a_day_as_table_csv_and_json(provisor: Command, target: LabServer) -> None:
    """One person, another one, nobody; a wrong day is refused with an example."""
    installation = Installation(target.base_url, target.token)
    for name in ("alice", "bob"):
        AccessInterval.objects.create(
            application=installation.application, user_id=installation.user(name).id, remote_id=f"=r-{name}",
            from_at=at("2026-05-03 12:00"), from_cause="assigned",
        )  # fmt: skip
    assert "2 accounts" in provisor("access", "Target", "--on", "2026-05-03").stdout
    rows = json.loads(provisor("access", "Target", "--on", "2026-05-04", "--user", "bob", "--json").stdout)
    assert [(row["user_name"], row["from_at"], row["to_at"]) for row in rows] == [
        ("bob", "2026-05-03T12:00:00Z", None)
    ]
    lines = provisor("access", "Target", "--on", "2026-05-04", "--csv").stdout.splitlines()
    assert lines[0].startswith("user,user_id,account")
    assert "'=r-alice" in lines[1]
    assert "Nobody had" in provisor("access", "Target", "--on", "2026-05-02").stdout
    wrong = provisor("access", "Target", "--on", "tomorrow")
    assert wrong.exit_code == 2
    assert "2026-05-31" in wrong.stderr
