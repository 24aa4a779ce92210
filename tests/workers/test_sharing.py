"""Several applications and few places: no application waits behind another, and pause reaches every worker."""

import time

import pytest

from provisor.applications.applications import create_application, pause
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.provisioning.homes import worker
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.models import Link, Run
from tests.cli.conftest import Command, provisor  # noqa: F401 - a fixture
from tests.crash.company import ACTOR, Company
from tests.crash.judge import settle, wait_until
from tests.databases import ONLY_POSTGRESQL
from tests.servers import LabServer, lab
from tests.workers.conftest import Hire

pytestmark = ONLY_POSTGRESQL

USERS = 250


def another(company: Company, target: LabServer, name: str) -> Application:
    """A further application that everybody gets."""
    made = create_application(
        name=name, profile="generic", base_url=target.base_url,
        auth={"method": "bearer", "token": target.token}, brake={"count": 1000, "percent": 100}, actor=ACTOR,
    )  # fmt: skip
    create_policy(name=f"{name} for all", application=made.id, group=company.staff.id, actor=ACTOR)
    return made


def test_r07_a_long_pass_gives_its_place_to_an_application_that_waits(
    company: Company, target: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one place for two applications both are worked on in turns, and each work is one run."""
    monkeypatch.setattr(worker, "AT_ONCE", 1)
    target.set_options(latency_ms=200)
    company.employ(USERS)
    company.grant()
    engine = make_engine()
    engine.start()
    try:
        wait_until(lambda: len(target.requests()) > 20, 60, "the first pass is under way")
        with lab() as other:
            second = another(company, other, "Second")
            wait_until(lambda: len(other.requests()) > 0, 60, "the second application is worked on")
            left = Link.objects.filter(application=company.application, remote_id=None, kind="user").count()
            assert left > 0, "it waited until the first one was done"
            target.set_options(latency_ms=1)
            settle(240)
            wait_until(lambda: engine.resting, 60, "nothing is under way")
            states = set(Link.objects.filter(application=second).values_list("state", flat=True))
            assert states == {"in_sync"}
    finally:
        engine.stop()
    runs = Run.objects.filter(application=company.application)
    assert set(runs.values_list("state", flat=True)) == {"finished"}
    assert sum(run.totals.get("create", 0) for run in runs) == USERS + 4
    assert not Link.objects.exclude(intent=None).exists()


@pytest.mark.crash
@pytest.mark.alone
def test_r11_a_pause_reaches_every_worker_within_a_second(
    company: Company, target: LabServer, hire: Hire
) -> None:
    """Three workers, three applications; the targets' own clock judges."""
    with lab() as one, lab() as two:
        servers = (target, one, two)
        for server in servers:
            server.set_options(latency_ms=100)
        company.employ(USERS * 4)
        company.grant()
        made = [company.application, another(company, one, "One"), another(company, two, "Two")]
        hire(3)
        wait_until(lambda: all(len(each.requests()) > 40 for each in servers), 60, "all are worked on")
        for application in made:
            pause(application.id, actor=ACTOR)
        time.sleep(1.0)
        sent = [len(each.requests()) for each in servers]
        time.sleep(1.5)
        assert [len(each.requests()) for each in servers] == sent
        assert all(Link.objects.filter(application=each, state="due").exists() for each in made)


@pytest.mark.crash
def test_the_command_line_asks_the_workers(
    company: Company,
    target: LabServer,
    hire: Hire,
    provisor: Command,  # noqa: F811 - the fixture
) -> None:
    """Sync waits for them, status says that they run, and a plan afterwards has nothing to do."""
    company.employ(20)
    company.grant()
    hire(2)
    synced = provisor("sync", "Target", "--wait")
    assert synced.exit_code == 0, synced.output
    assert "The engine runs." in provisor("status").stdout
    assert "Nothing to do" in provisor("plan", "Target").stdout
    assert len(target.contents().users) == 20


def test_without_a_worker_the_command_does_the_work_itself(
    company: Company,
    target: LabServer,
    provisor: Command,  # noqa: F811 - the fixture
) -> None:
    """And nobody is said to work afterwards."""
    company.employ(5)
    company.grant()
    assert provisor("sync", "Target").exit_code == 0
    assert len(target.contents().users) == 5
    assert "No engine runs" in provisor("status").stdout
