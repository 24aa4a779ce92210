"""`provisor hold`: what is held is listed with its effect, and decided by it."""

import json

from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import remove_members
from provisor.provisioning.models import Hold
from tests.cli.conftest import Command
from tests.provisioning.installation import Installation
from tests.servers import LabServer


def _six_held(target: LabServer) -> None:
    installation = Installation(target.base_url, target.token)
    people = installation.users(*(f"user{number:02}" for number in range(20)))
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    installation.run()


def test_r10_what_is_held_is_listed_released_and_rejected(provisor: Command, target: LabServer) -> None:
    """One by its id and effect, one kept, the rest by the hash of all; a wrong effect decides nothing."""
    _six_held(target)
    listed = json.loads(provisor("hold", "list", "Target", "--json").stdout)
    assert listed["held"] == 6
    shown = provisor("hold", "list", "Target").stdout
    assert "user05" in shown
    assert listed["effects"][:12] in shown
    one, other = listed["items"][:2]
    assert provisor("hold", "release", "Target", one["id"]).exit_code == 2
    wrong = provisor("hold", "release", "Target", one["id"], "--effect", other["effect"])
    assert wrong.exit_code == 2
    assert "is not what that effect stands for" in wrong.stderr
    assert Hold.objects.filter(state="held").count() == 6
    assert provisor("hold", "release", "Target", one["id"], "--effect", one["effect"][:12]).exit_code == 0
    assert provisor("hold", "reject", "Target", other["id"]).exit_code == 0
    stale = provisor("hold", "release", "Target", "--all", "--effect", listed["effects"])
    assert stale.exit_code == 2
    effects = json.loads(provisor("hold", "list", "Target", "--json").stdout)["effects"]
    released = provisor("hold", "release", "Target", "--all", "--effect", effects)
    assert "4 operations released" in released.stdout
    assert "is held" in provisor("hold", "list", "Target").stdout


def test_naming_neither_a_hold_nor_all_does_nothing(provisor: Command, target: LabServer) -> None:
    """An ambiguous or unknown beginning of an id is refused, too."""
    _six_held(target)
    assert provisor("hold", "reject", "Target").exit_code == 2
    assert provisor("hold", "reject", "Target", "0").exit_code == 2
    assert provisor("hold", "reject", "Target", "ffff").exit_code == 2
    assert Hold.objects.filter(state="held").count() == 6
