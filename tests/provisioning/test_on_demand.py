"""On demand: scope, match, compare, act, read back, each with what was sent and answered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import remove_members
from provisor.directory.models import User
from provisor.provisioning.homes.home import RunningEngine, make_engine
from provisor.provisioning.preview.on_demand import provision_now
from tests.provisioning.installation import Installation, eventually
from tests.provisioning.vices import (
    change,
    crowd,
    good_again,  # noqa: F401 - a fixture
    holds,
    only_once,
    patch,
)
from tests.servers import LabServer


@pytest.fixture
def engine(installation: Installation, settings: Settings, tmp_path: Path) -> Iterator[RunningEngine]:
    settings.DATA_DIR = tmp_path
    running = make_engine()
    running.start()
    yield running
    running.stop()


def provisioned(installation: Installation, user: User) -> dict[str, Any]:
    return provision_now(installation.application.id, "user", user.id, actor=SYSTEM)


def test_each_step_of_a_creation_and_of_an_update_is_told(
    installation: Installation, target: LabServer, engine: RunningEngine
) -> None:
    """Looked for and made; then linked, compared, and the one attribute sent; both read back."""
    alice = installation.user("alice")
    installation.granted("Sales", alice, push_group=False)
    made = provisioned(installation, alice)
    names = [step["name"] for step in made["steps"]]
    assert names[:2] == ["scope", "match"]
    assert names[-1] == "read back"
    assert made["state"] == "in_sync"
    assert "holds what was sent" in made["steps"][-1]["message"]
    change(alice, title="new")
    told = {step["name"]: step for step in provisioned(installation, alice)["steps"]}
    assert str(only_once(target)["alice"]["id"]) in told["match"]["message"]
    assert told["read back"]["response"]["title"] == "new"


def test_what_is_held_otherwise_there_is_named(
    installation: Installation, target: LabServer, engine: RunningEngine
) -> None:
    """Somebody changed it over there, and it is not sent again, since nothing differs here."""
    alice = installation.user("alice", title="ours")
    installation.granted("Sales", alice, push_group=False)
    provisioned(installation, alice)
    account = only_once(target)["alice"]["id"]
    patch(target, f"/Users/{account}", {"op": "replace", "path": "title", "value": "theirs"})
    last = provisioned(installation, alice)["steps"][-1]
    assert last["differs"] == ["title"]
    assert "title" in last["message"]


def test_r10_one_urgent_leaver_passes_the_brake_and_is_read_back(
    installation: Installation, target: LabServer, engine: RunningEngine
) -> None:
    """The other five stay held."""
    people = crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    assert eventually(lambda: installation.states() == {"in_sync": 20})
    remove_members(group.id, [user.id for user in people[:6]], actor=SYSTEM)
    assert eventually(lambda: len(holds(installation)) == 6)
    told = provisioned(installation, people[0])
    assert told["state"] == "released"
    assert told["steps"][-1]["response"]["active"] is False
    assert len(holds(installation)) == 5
