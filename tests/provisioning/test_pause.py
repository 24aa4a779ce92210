"""R11: stop means stop. After *pause* no new request leaves; what is under way may end; a restart changes nothing."""

import time
from pathlib import Path
from typing import Any

import pytest

from provisor.applications.applications import delete_application, pause, resume
from provisor.audit.actor import SYSTEM
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.models import Attempt, Link
from provisor.provisioning.queries import application_status
from tests.provisioning.installation import Installation, eventually
from tests.provisioning.vices import (
    change,
    configure,
    crowd,
    good_again,  # noqa: F401 - a fixture
    log,
    only_once,
    received,
)
from tests.servers import LabServer

pytestmark = pytest.mark.alone

CONNECTIONS = 32
#: Seconds after which whatever had left must have arrived on loopback.
ARRIVED = 0.25


@pytest.fixture(autouse=True)
def apart(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def busy(target: LabServer, writes: int) -> bool:
    return len(log(target, "POST")) >= writes


@pytest.mark.parametrize("stop", [pause, delete_application], ids=["pause", "deletion"])
def test_r11_after_pause_returns_nothing_leaves_with_32_requests_in_flight(
    installation: Installation, target: LabServer, stop: Any
) -> None:
    """Our clock and the target's agree: the last request left before pause returned; those in flight are settled."""
    configure(installation, limits={"concurrency": CONNECTIONS})
    installation.granted("Sales", *crowd(600))
    target.set_options(latency_ms=150)
    engine = make_engine()
    engine.start()
    try:
        assert eventually(lambda: busy(target, 2 * CONNECTIONS))
        stop(installation.application.id, actor=SYSTEM)
        stopped, arrived = time.time(), received(target)
        assert eventually(lambda: engine.resting)
    finally:
        engine.stop()
    late = log(target, after=arrived)
    assert len(late) <= CONNECTIONS + 1, "more arrived than could have been on its way"
    left = Attempt.objects.exclude(status=None).order_by("-at").values_list("at", flat=True)
    assert left[0] <= stopped * 1_000 + 1
    assert not Link.objects.exclude(intent=None).exists()
    made = len(only_once(target))
    assert 2 * CONNECTIONS <= made < 600
    assert made == Link.objects.exclude(remote_id=None).filter(kind="user").count()


def test_r11_requests_that_were_in_flight_arrive_at_once_and_no_others(
    installation: Installation, target: LabServer
) -> None:
    """The target's clock judges: nothing reaches it later than loopback takes."""
    configure(installation, limits={"concurrency": CONNECTIONS})
    installation.granted("Sales", *crowd(400))
    target.set_options(latency_ms=100)
    engine = make_engine()
    engine.start()
    try:
        assert eventually(lambda: busy(target, CONNECTIONS))
        pause(installation.application.id, actor=SYSTEM)
        at_pause = target.requests()[-1]["at"]
        seen = received(target)
        time.sleep(1.0)  # the claim is about what does not come
        late = log(target, after=seen)
    finally:
        engine.stop()
    assert all(entry["at"] <= at_pause + ARRIVED for entry in late)


def test_r11_a_paused_application_stays_paused_across_a_restart_and_goes_on_when_resumed(
    installation: Installation, target: LabServer
) -> None:
    people = crowd(3)
    installation.granted("Sales", *people)
    installation.run()
    pause(installation.application.id, actor=SYSTEM)
    change(people[0], title="new")
    seen = received(target)
    for _ in range(2):
        engine = make_engine()
        engine.start()
        time.sleep(0.7)  # longer than a sweep
        engine.stop()
    assert received(target) == seen
    assert application_status(installation.application.id)["state"] == "paused"
    resume(installation.application.id, actor=SYSTEM)
    engine = make_engine()
    engine.start()
    try:
        assert eventually(lambda: installation.states() == {"in_sync": 4})
    finally:
        engine.stop()


def test_r11_a_limited_application_sends_nothing_that_waited_for_its_turn(
    installation: Installation, target: LabServer
) -> None:
    """Works that wait for the limiter when the application is paused do not leave when their turn comes."""
    configure(installation, limits={"rate": 5, "concurrency": 8})
    installation.granted("Sales", *crowd(40))
    engine = make_engine()
    engine.start()
    try:
        assert eventually(lambda: busy(target, 2))
        pause(installation.application.id, actor=SYSTEM)
        seen = received(target)
        assert eventually(lambda: engine.resting)
        assert log(target, after=seen) == []
    finally:
        engine.stop()
