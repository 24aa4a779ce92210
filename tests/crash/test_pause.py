"""R11: after a pause no request leaves, within one second by the target's own clock, and across a restart."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.conf import settings

from provisor.applications.applications import pause, resume
from provisor.provisioning.models import Link
from tests.crash.company import ACTOR, Company
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, settle, wait_until
from tests.environment import POSTGRESQL, database_url
from tests.servers import LabServer
from tests.servers.reader import get

pytestmark = [pytest.mark.crash, pytest.mark.alone]

USERS = 600
MARK = "/ResourceTypes/mark-of-the-test"
#: R11 gives a second from the commit of the pause.
GRACE = 1.0


@pytest.fixture
def busy(company: Company, engine: EngineProcess, target: LabServer) -> EngineProcess:
    """An engine with a pass under way that has several seconds of work before it."""
    target.set_options(latency_ms=60)
    company.employ(USERS)
    company.grant()
    engine.start()
    wait_until(lambda: len(target.requests()) > 60, 60, "the pass is under way")
    return engine


def mark(target: LabServer) -> None:
    """Put a request of our own into the target's log: a moment on its clock."""
    with pytest.raises(OSError, match="404"):
        get(target.base_url + MARK, target.token)


def after_mark(target: LabServer) -> list[float]:
    """When requests of the engine came, in seconds after the mark."""
    log = target.requests()
    at = next(entry["at"] for entry in log if entry["path"] == MARK)
    return [entry["at"] - at for entry in log if entry["path"] != MARK and entry["at"] > at]


def test_r11_pause_by_another_process_stops_a_busy_pass_and_stays_across_a_restart(
    company: Company, busy: EngineProcess, target: LabServer
) -> None:
    """Nothing comes later than a second after the pause; nor after kill and restart; then all of it after resuming."""
    pause(company.application.id, actor=ACTOR)
    mark(target)
    time.sleep(2)
    late = [at for at in after_mark(target) if at > GRACE]
    assert late == [], f"{len(late)} requests later than {GRACE} s, the last after {max(late)} s"
    assert Link.objects.filter(state="due").count() > USERS / 4, "the pass was over before the pause"
    sent = len(target.requests())
    busy.kill()
    busy.start()
    time.sleep(1.5)
    assert len(target.requests()) == sent, "a paused application got requests after a restart"
    target.set_options(latency_ms=0)
    resume(company.application.id, actor=ACTOR)
    settle(240)
    assert len(judge(company.application, target).users) == USERS


@contextmanager
def write_lock(seconds: float) -> Iterator[None]:
    """Another process's long transaction: nobody else can write until it ends."""
    name = settings.DATABASES["default"]["NAME"]
    if POSTGRESQL:
        connection, begin = (
            psycopg.connect(database_url(name)),
            "LOCK TABLE provisioning_link IN EXCLUSIVE MODE",
        )
    else:
        connection, begin = sqlite3.connect(name, isolation_level=None), "BEGIN IMMEDIATE"
    with closing(connection):
        connection.execute(begin)
        yield
        time.sleep(seconds)
        connection.execute("ROLLBACK")


def test_r11_a_pause_counts_although_another_process_holds_the_database(
    company: Company, busy: EngineProcess, target: LabServer
) -> None:
    """A pass that waits to store its outcomes learns of the pause all the same."""
    pause(company.application.id, actor=ACTOR)
    with write_lock(2.5):
        mark(target)
    late = [at for at in after_mark(target) if at > GRACE]
    assert late == [], f"{len(late)} requests later than {GRACE} s, the last after {max(late)} s"
