"""R1, R2: our own database fails under a real engine process: its disk is full, or somebody else holds it."""

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.conf import settings

from provisor.directory.memberships import add_members
from provisor.directory.models import Pending
from provisor.directory.users import create_user
from provisor.provisioning.models import Link
from tests.crash.company import ACTOR, Company, change, person
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, judge_silence, settle, wait_until
from tests.databases import ONLY_SQLITE
from tests.servers import LabServer

#: The database is a file of this process's: what is done to it here cannot be done to a server's.
pytestmark = [pytest.mark.crash, ONLY_SQLITE]

USERS = 60


@contextmanager
def disk_full(engine: EngineProcess) -> Iterator[None]:
    """The kernel lets this process write nothing more into any file: what it sees is what a full disk looks like."""
    _, most = resource.prlimit(engine.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(engine.pid, resource.RLIMIT_FSIZE, (1, most))
    try:
        yield
    finally:
        resource.prlimit(engine.pid, resource.RLIMIT_FSIZE, (most, most))


@contextmanager
def held_by_somebody_else() -> Iterator[None]:
    """Another process has the database for itself: nobody else can write."""
    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None, timeout=20)
    try:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


def test_r01_r18_while_the_disk_is_full_nothing_is_sent_that_cannot_be_written_down(
    company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID]
) -> None:
    """No write leaves without its intent; once there is space everything arrives, by itself and once."""
    before = len(target.requests())
    with disk_full(engine):
        user = create_user(person(900), actor=ACTOR)
        add_members(company.teams["Sales"].id, [user.id], actor=ACTOR)
        change(staff[0], title="Chief")
        # its log is on the same disk, so that nothing tells of its tries
        time.sleep(3)
        assert Pending.objects.exists(), "it was folded although the disk is full"
        sent = [entry for entry in target.requests(after=before) if entry["method"] != "GET"]
    assert sent == []
    settle(240)
    judge(company.application, target)
    judge_silence(target, 1)


def test_r01_r02_a_disk_that_fills_in_the_middle_of_a_pass_doubles_nothing(
    company: Company, engine: EngineProcess, target: LabServer
) -> None:
    """Outcomes of requests that are under way cannot be stored: they are looked for once there is space."""
    target.set_options(latency_ms=40)
    company.employ(USERS)
    company.grant()
    engine.start()
    wait_until(lambda: _posts(target) >= 10, 60, "some accounts")
    with disk_full(engine):
        time.sleep(3)
        stored = Link.objects.filter(kind="user").exclude(remote_id=None).count()
        assert stored < USERS, "every outcome was stored although the disk is full"
    target.set_options(latency_ms=3)
    settle(240)
    assert len(judge(company.application, target).users) == USERS


def test_r01_a_database_that_somebody_else_holds_for_a_while_is_waited_for(
    company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID]
) -> None:
    """Longer than any statement waits: what fails meanwhile is done afterwards, without a restart."""
    change(staff[1], title="Chief")
    user = create_user(person(901), actor=ACTOR)
    add_members(company.teams["Sales"].id, [user.id], actor=ACTOR)
    with held_by_somebody_else():
        time.sleep(settings.DATABASES["default"]["OPTIONS"]["timeout"] + 2)
    settle(240)
    judge(company.application, target)


def _posts(target: LabServer) -> int:
    return sum(entry["method"] == "POST" for entry in target.requests())
