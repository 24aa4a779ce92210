"""R12: how many works go on at a time follows from how long answers take."""

import asyncio

from provisor.provisioning.pace.flow import Flow
from tests.simulation.world import World, looping

#: What the slowest answer takes without anybody else.
ALONE = 0.1


class Slow:
    """An application that answers `capacity` requests at a time; each more makes all of them later."""

    def __init__(self, capacity: int, flow: Flow) -> None:
        self.capacity, self.flow = capacity, flow
        self.world = World(1)
        self.under_way = self.most = self.done = 0
        self.alone = ALONE

    def run(self, seconds: float, workers: int) -> None:
        async def work() -> None:
            until = self.world.time + seconds
            tasks = [asyncio.create_task(self._work(until)) for _ in range(workers)]
            await asyncio.wait(tasks)

        self.most = self.done = 0
        with looping(self.world) as loop:
            loop.run_until_complete(work())

    async def _work(self, until: float) -> None:
        while self.world.time < until:
            await self.flow.enter()
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            takes = self.alone * max(1.0, self.under_way / self.capacity) ** 2
            await asyncio.sleep(takes)
            self.under_way -= 1
            self.done += 1
            self.flow.answered("POST /Users", 201, takes)
            self.flow.leave()


def test_r12_concurrency_grows_to_what_is_allowed_while_answers_are_fast() -> None:
    """A large application is used to the full within a few rounds."""
    slow = Slow(1000, Flow(32))
    slow.run(10.0, 32)
    assert slow.flow.limit == slow.most == 32
    assert slow.done >= 0.9 * 32 * 10.0 / ALONE


def test_r12_concurrency_shrinks_when_answers_are_late() -> None:
    """A small one is not given 32 at a time: its answers stay near what they take alone."""
    slow = Slow(4, Flow(32))
    slow.run(5.0, 32)
    slow.run(60.0, 32)
    assert slow.most <= 10
    # four at a time, each in what it takes alone, are all it can do
    assert slow.done >= 0.6 * 4 * 60.0 / ALONE


def test_r12_concurrency_recovers_when_the_application_does() -> None:
    """It was small for a while; afterwards it is used as before."""
    slow = Slow(2, Flow(16))
    slow.run(30.0, 16)
    assert slow.flow.limit < 8
    slow.capacity = 1000
    slow.run(60.0, 16)
    assert slow.flow.limit == 16


def test_r12_an_application_that_is_slow_for_good_is_not_left_at_one_for_ever() -> None:
    """Ten times slower than it once was, however few go at a time: it is not us, so that is what it takes now."""
    slow = Slow(1000, Flow(8))
    slow.run(5.0, 8)
    slow.alone = 10 * ALONE
    slow.run(200.0, 8)
    assert slow.flow.limit == 8


def test_r12_concurrency_is_handed_on() -> None:
    """The next holder begins where the last one ended, and not with what the profile allows."""
    slow = Slow(4, Flow(32))
    slow.run(30.0, 32)
    level = slow.flow.levels()
    after = Flow(32)
    after.restore(level)
    assert after.limit == level["limit"] < 16
    fewer = Flow(2)
    fewer.restore(level)
    assert fewer.limit == 2


def test_r12_answers_that_never_come_make_fewer_go() -> None:
    """A time-out is the latest of all answers."""
    flow = Flow(8)
    for _ in range(8):
        flow.answered("POST /Users", None, 30.0)
    assert flow.limit == 6
