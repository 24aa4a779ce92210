"""The engine ends within seconds whatever hangs, and what it gave up is settled by the next one (R1, R2)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from provisor.provisioning.health.life_sign import SIGN_LATE, LifeSign, travelling_until
from provisor.provisioning.homes.home import RunningEngine, make_engine
from provisor.provisioning.models import Link, Run
from provisor.provisioning.surroundings import Surroundings
from provisor.scim.limits import TransportLimits
from tests.provisioning.installation import Installation, eventually
from tests.provisioning.vices import (
    crowd,
    fault,
    good_again,  # noqa: F401 - a fixture
    only_once,
    received,
)
from tests.servers import LabServer

#: Seconds in which a service has to end.
SOON = 5.0
#: The engine that comes after it waits less than a minute for what was under way.
QUICK = TransportLimits(connect=1, read=1, total=1)


@pytest.fixture
def apart(settings: Any, tmp_path: Path) -> None:
    """A data directory of its own: no other engine has the lock, and none has left a sign of life."""
    settings.DATA_DIR = tmp_path


@contextmanager
def running(limits: TransportLimits | None = None) -> Iterator[RunningEngine]:
    engine = make_engine(Surroundings(limits=limits)) if limits else make_engine()
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


HANGS = {
    "a creation that was done": fault("stall", "POST", "/Users", count=0, handled=True),
    "a creation that was not done": fault("stall", "POST", "/Users", count=0),
    "a look-up": fault("stall", "GET", "/Users", count=0),
    "discovery": fault("stall", "GET", "/ServiceProviderConfig", count=0),
}


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
@pytest.mark.usefixtures("apart")
def test_r01_r02_an_engine_stops_although_a_request_hangs_and_the_next_one_makes_nothing_twice(
    installation: Installation, target: LabServer, hang: dict[str, Any]
) -> None:
    """The request gets a short grace and is given up; what became of it is looked up after the restart."""
    target.set_options(duplicates="allowed", faults=[hang])
    people = crowd(5)
    installation.granted("Sales", *people)
    with running() as engine:
        assert eventually(lambda: any(entry["fault"] for entry in target.requests()))
        began = time.monotonic()
        engine.stop()
        assert time.monotonic() - began < SOON
    if hang["method"] == "POST":
        assert Link.objects.exclude(intent=None).exists(), "what was given up is not known to be in doubt"
    target.set_options(faults=[])
    with running(QUICK):
        assert eventually(lambda: installation.states() == {"in_sync": 6})
    assert set(only_once(target)) == {user.user_name for user in people}
    assert not Run.objects.filter(state=Run.State.RUNNING).exists()


@pytest.mark.usefixtures("apart")
def test_an_engine_that_is_stopped_lets_an_answer_that_comes_in_time_arrive(
    installation: Installation, target: LabServer
) -> None:
    """What answers within the grace leaves nothing open."""
    target.set_options(latency_ms=700)
    installation.granted("Sales", *crowd(5))
    with running():
        assert eventually(lambda: any(entry["method"] == "POST" for entry in target.requests()))
    assert received(target) > 0
    assert Link.objects.exclude(remote_id=None).exists()
    assert not Link.objects.exclude(intent=None).exists()


def test_requests_of_a_former_process_travel_as_long_as_their_time_out_from_its_last_sign(
    tmp_path: Path,
) -> None:
    """From its end, not from the restart; at most from now, where its end is not known."""
    limits, sign, whole = (
        TransportLimits(total=60),
        LifeSign(tmp_path / "engine.alive"),
        int(60_000 + SIGN_LATE * 1_000),
    )
    assert sign.last() is None
    assert travelling_until(None, limits, now=1_000_000) == 1_000_000 + whole
    sign.give(1_000_000)
    assert sign.last() == 1_000_000
    assert travelling_until(sign.last(), limits, now=1_030_000) == 1_000_000 + whole
    assert travelling_until(sign.last(), limits, now=1_090_000) < 1_090_000
    sign.give(2_000_000)
    assert travelling_until(sign.last(), limits, now=1_000_000) == 1_000_000 + whole
