"""Engine.md, section 10: after a restore from backup everything is paused and in doubt until an administrator resumes."""

from pathlib import Path
from typing import Any

import pytest

from provisor.applications.applications import resume
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.notices.models import Notice
from provisor.provisioning.health.restored import Mark, MarkFile, after_restore, current_mark
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.models import Link
from provisor.provisioning.queries import application_status
from tests.provisioning.installation import Installation, eventually, now
from tests.provisioning.vices import (
    crowd,
    good_again,  # noqa: F401 - a fixture
    log,
    patch,
    received,
    writes,
)
from tests.servers import LabServer


@pytest.fixture(autouse=True)
def apart(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def mark(directory: Path) -> MarkFile:
    return MarkFile(directory / "engine.mark")


def started() -> None:
    engine = make_engine()
    engine.start()
    engine.stop()


def state(installation: Installation) -> str:
    return str(application_status(installation.application.id)["state"])


@pytest.mark.parametrize("lost", ["acts", "passes"])
def test_r01_an_older_database_than_the_mark_beside_it_pauses_everything(
    installation: Installation, target: LabServer, apart: Path, lost: str
) -> None:
    """The backup was made before the last act, or before the last pass."""
    installation.granted("Sales", *crowd(3))
    started()
    assert state(installation) == "well"
    found = mark(apart).read()
    assert found == current_mark()
    assert found is not None
    ahead = Mark(
        origin=found.origin, acts=found.acts + (lost == "acts"), passes=found.passes + (lost == "passes")
    )
    (apart / "engine.mark").write_text(
        f'{{"origin": "{ahead.origin}", "acts": {ahead.acts}, "passes": {ahead.passes}}}'
    )
    seen = received(target)
    started()
    assert state(installation) == "paused"
    assert "restored" in Application.objects.get().paused_reason
    assert log(target, after=seen) == [] or writes(target, after=seen) == []
    assert [each.event for each in Notice.objects.all()] == ["restored"]
    assert AuditEntry.objects.filter(act="application.paused").exists()
    started()
    assert Notice.objects.count() == 1, "one restore is told once"


def test_r01_a_database_that_only_went_on_is_trusted(
    installation: Installation, target: LabServer, apart: Path
) -> None:
    """Also after an engine that died without a last mark, and beside the mark of another database."""
    installation.granted("Sales", *crowd(2))
    started()
    kept = (apart / "engine.mark").read_text()
    installation.user("late")
    installation.run()
    (apart / "engine.mark").write_text(kept)
    started()
    assert state(installation) == "well"
    (apart / "engine.mark").write_text('{"origin": "another", "acts": 99999, "passes": 99999}')
    started()
    assert state(installation) == "well"
    (apart / "engine.mark").write_text("no mark at all")
    started()
    assert state(installation) == "well"


def test_r01_after_a_restore_the_first_pass_reads_everything_and_repairs_what_differs(
    installation: Installation, target: LabServer
) -> None:
    """What was sent after the backup is found out by reading, and brought to what the directory says; nothing else is written."""
    people = crowd(4)
    installation.granted("Sales", *people)
    installation.run()
    links = {user.id: installation.link(user).remote_id for user in people}
    patch(target, f"/Users/{links[people[0].id]}", {"op": "replace", "path": "active", "value": False})
    seen = received(target)
    assert after_restore(now(), actor=SYSTEM) == 1
    installation.run()
    assert log(target, after=seen) == [], "something was sent before an administrator resumed"
    resume(installation.application.id, actor=SYSTEM)
    installation.run(2)
    sent = log(target, after=seen)
    read = {entry["path"] for entry in sent if entry["method"] == "GET"}
    assert {f"/Users/{remote}" for remote in links.values()} <= {path.partition("?")[0] for path in read}
    users = [entry for entry in sent if entry["method"] != "GET" and entry["path"].startswith("/Users")]
    assert [entry["path"] for entry in users] == [f"/Users/{links[people[0].id]}"]
    assert installation.states() == {"in_sync": 5}
    assert all(user.get("active") for user in target.state().users.values())
    assert not Link.objects.exclude(doubt=None).exists()


def test_r02_what_was_created_after_the_backup_is_found_and_not_made_twice(
    installation: Installation, target: LabServer
) -> None:
    ann = installation.user("ann")
    installation.granted("Sales", ann, push_group=False)
    installation.run()
    Link.objects.all().update(remote_id=None, sent=None, observed=None, origin="", state="due", phase=2)
    after_restore(now(), actor=SYSTEM)
    resume(installation.application.id, actor=SYSTEM)
    seen = received(target)
    installation.run(2)
    assert [entry["path"] for entry in log(target, "POST", after=seen)] == []
    assert installation.states() == {"in_sync": 1}
    assert eventually(lambda: len(target.state().users) == 1)
