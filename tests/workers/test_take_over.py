"""Point for point what happens when one of several workers dies, hangs, or comes back (engine.md, section 10)."""

import time

import pytest

from provisor.directory.models import User
from provisor.provisioning.models import Link, Run
from tests.crash.company import Company, change
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, judge_silence, settle, wait_until
from tests.databases import ONLY_POSTGRESQL
from tests.servers import LabServer
from tests.workers.conftest import Crew, Hire
from tests.workers.watching import first_request_after, frozen, holder, jobs

pytestmark = [pytest.mark.crash, pytest.mark.alone, ONLY_POSTGRESQL]

USERS = 1_500
#: Seconds in which another worker goes on.
TAKEN_OVER = 10.0


def begin(company: Company, target: LabServer, hire: Hire, workers: int) -> tuple[Crew, EngineProcess]:
    """A pass of many users is under way; returns all workers, and the one that runs it."""
    target.set_options(latency_ms=80)
    company.employ(USERS)
    company.grant()
    crew = hire(workers)
    wait_until(lambda: len(target.requests()) > 60, 60, "the pass is under way")
    return crew, holder(crew, target)


@pytest.mark.parametrize("workers", [2, 4])
def test_r01_r02_r20_one_of_several_workers_is_killed_and_another_goes_on_within_ten_seconds(
    company: Company, target: LabServer, hire: Hire, workers: int
) -> None:
    """In the middle of a pass of many users: nothing is lost, made twice or sent in another order."""
    crew, busy = begin(company, target, hire, workers)
    killed = time.monotonic()
    busy.kill()
    time.sleep(0.3)
    before = len(target.requests())
    took = first_request_after(target, killed, before, 30)
    assert took < TAKEN_OVER, f"another worker went on after {took:.1f} s"
    assert Link.objects.filter(remote_id=None, kind="user").count() > USERS / 4, "it was over before the kill"
    leaver, mover = User.objects.order_by("id")[:2]
    change(leaver.id, active=False)
    change(mover.id, title="Moved once")
    change(mover.id, title="Moved twice")
    target.set_options(latency_ms=2)
    settle(240)
    held = judge(company.application, target)
    # who left before there was an account never gets one
    assert USERS - 1 <= len(held.users) <= USERS
    titles = [
        account.get("title") for account in held.users.values() if account["externalId"] == str(mover.id)
    ]
    assert titles == ["Moved twice"]
    assert not Run.objects.filter(state="running").exists()
    judge_silence(target, 2)
    assert len(crew) == workers


def test_r01_r20_a_wake_up_that_waits_behind_a_dead_job_is_not_lost(
    company: Company, target: LabServer, hire: Hire
) -> None:
    """The documented rescue, to try the dead job again, would meet the waiting one, fail, and block the application."""
    _, busy = begin(company, target, hire, 2)
    busy.kill()
    change(User.objects.order_by("-id")[0].id, title="Changed while nobody held it")
    wait_until(lambda: _waits_behind_the_dead(company), 60, "a wake-up waits behind the dead job")
    target.set_options(latency_ms=2)
    settle(240)
    assert len(judge(company.application, target).users) == USERS
    wait_until(lambda: not any(status == "doing" for status, _ in jobs()), 60, "the dead job is gone")


def _waits_behind_the_dead(company: Company) -> bool:
    lock = f"application:{company.application.id}"
    found = jobs()
    return ("doing", lock) in found and ("todo", lock) in found


def test_r01_r02_a_worker_that_hung_and_comes_back_sends_and_records_nothing_more(
    company: Company, target: LabServer, hire: Hire
) -> None:
    """Its application was taken over meanwhile: its epoch is over, and its permission to send is, too."""
    _, busy = begin(company, target, hire, 2)
    target.set_options(latency_ms=2)
    with frozen(busy):
        settle(240)
        assert len(judge(company.application, target).users) == USERS
        before = len(target.requests())
        remembered = list(Link.objects.order_by("id").values_list("id", "remote_id", "state", "generation"))
    time.sleep(3)
    assert target.requests(after=before) == []
    assert remembered == list(
        Link.objects.order_by("id").values_list("id", "remote_id", "state", "generation")
    )
    judge(company.application, target)
    assert not Run.objects.filter(state="running").exists()
