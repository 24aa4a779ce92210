"""R12 in virtual time: a declared rate is used to the full and never exceeded, whatever passes and ends lie between."""

import asyncio

import pytest

from provisor.provisioning.pace.limiter import Limiter, urgent
from provisor.provisioning.pace.pace import Pace
from provisor.scim.client import Exchange
from tests.provisioning.pacing import Passes, dialect, excess, rate
from tests.simulation.world import World, looping

HOUR = 3_600.0
POST, PATCH, GET = ("POST", "/Users"), ("PATCH", "/Users"), ("GET", "/Users")
#: A request more than a window may hold is one too many; rounding to milliseconds is none.
NONE = 0.01


@pytest.mark.parametrize(("per_second", "burst"), [(0.277, 1), (3.0, 20), (6.66, 1), (25.0, 1)])
def test_r12_an_hour_of_backlog_uses_the_declared_rate_and_never_exceeds_it(
    per_second: float, burst: int
) -> None:
    """At least 95 % of what is allowed, and no window of any length holds more than the burst and the rate."""
    passes = Passes(dialect(rate("POST /Users", per_second, burst)))
    passes.run(HOUR, POST)
    times = passes.times()
    assert len(times) >= 0.95 * per_second * HOUR
    assert excess(times, per_second, burst) <= NONE


def test_r12_several_budgets_at_once_are_each_kept_and_the_widest_is_used() -> None:
    """Slack's figures: creations are held back by their own budget, and hold up no update behind them."""
    budgets = (rate("write", 10.0, 180), rate("POST /Users", 3.0, 20), rate("read", 16.6, 1000))
    passes = Passes(dialect(*budgets))
    passes.run(HOUR, POST, PATCH)
    writes, posts = passes.times(), passes.times("POST /Users")
    assert excess(writes, 10.0, 180) <= NONE
    assert excess(posts, 3.0, 20) <= NONE
    assert len(writes) >= 0.95 * 10.0 * HOUR
    assert len(posts) >= 0.95 * 3.0 * HOUR


@pytest.mark.parametrize("unclean", [False, True])
def test_r12_many_short_passes_exceed_a_rate_no_more_than_one_long_one(*, unclean: bool) -> None:
    """A burst is spent once, not once for each pass; after an unclean end nothing of it is left."""
    passes = Passes(dialect(rate("all", 3.0, 20)))
    for number in range(400):
        passes.unclean = unclean and number % 3 == 2
        passes.run(0.7, POST, GET)
        passes.world.time += 0.05 * (number % 4)
    assert excess(passes.times(), 3.0, 20) <= NONE


def test_r12_a_burst_is_spent_once_by_passes_that_send_little() -> None:
    """Two requests each, one pass after the other: the second burst of twenty is not there yet."""
    passes = Passes(dialect(rate("all", 3.0, 20)))

    async def act(limiter: Limiter) -> None:
        for _ in range(2):
            await limiter.wait(*POST)
            passes.sent.append((passes.world.time, "POST /Users"))

    for _ in range(60):
        passes.play(act)
    assert len(passes.sent) == 120
    assert excess(passes.times(), 3.0, 20) <= NONE


def test_r12_short_passes_in_a_row_still_use_the_rate() -> None:
    """Handing the level on costs next to nothing of what is allowed."""
    passes = Passes(dialect(rate("all", 5.0)))
    for _ in range(200):
        passes.run(3.0, POST)
    assert len(passes.times()) >= 0.95 * 5.0 * 600.0
    assert excess(passes.times(), 5.0, 1) <= NONE


def test_r12_a_clock_that_is_set_back_between_passes_makes_nobody_wait() -> None:
    """The levels are in wall time: an hour back would else be an hour of silence."""
    passes = Passes(dialect(rate("all", 2.0)))
    passes.run(5.0, POST)
    passes.world.skew -= HOUR
    seen = len(passes.sent)
    passes.run(5.0, POST)
    assert len(passes.sent) - seen >= 9
    assert excess(passes.times(), 2.0, 1) <= NONE


def test_r12_leavers_go_to_the_head_of_the_line() -> None:
    """Thirty wait for a slow rate; who works for a leaver is the next to leave."""
    order: list[str] = []

    async def send(limiter: Limiter, name: str, *, leaver: bool) -> None:
        urgent.set(leaver)
        await limiter.wait(*PATCH)
        order.append(name)

    async def act(limiter: Limiter) -> None:
        waiting = [asyncio.create_task(send(limiter, f"joiner {n}", leaver=False)) for n in range(30)]
        await asyncio.sleep(1.1)
        waiting.append(asyncio.create_task(send(limiter, "leaver", leaver=True)))
        await asyncio.gather(*waiting)

    Passes(dialect(rate("all", 2.0))).play(act)
    assert order.index("leaver") == 3


# --- Retry-After --------------------------------------------------------------------------------------------------------


def test_r12_who_goes_on_for_another_waits_as_long_as_the_application_has_told_that_one() -> None:
    """Within a pass: after the discovery documents another limiter goes on."""
    passes = Passes(dialect())
    times: list[float] = []

    async def act(former: Limiter) -> None:
        former.throttled(*POST, 20.0, sent_at=passes.world.time)
        limiter = Limiter(dialect(), clock=lambda: passes.world.time, sleep=asyncio.sleep)
        limiter.pause(former.paused_for)
        times.append(passes.world.time)
        await limiter.wait(*POST)
        times.append(passes.world.time)

    passes.play(act)
    assert times[1] - times[0] >= 20.0


def test_r12_nothing_leaves_before_retry_after_and_then_the_rate_goes_on() -> None:
    """Whoever waited already waits on, too."""
    passes = Passes(dialect(rate("all", 10.0)))
    times: list[float] = []

    async def send(limiter: Limiter) -> None:
        for _ in range(20):
            await limiter.wait(*POST)
            times.append(passes.world.time)

    async def act(limiter: Limiter) -> None:
        workers = [asyncio.create_task(send(limiter)) for _ in range(3)]
        await asyncio.sleep(1.05)
        limiter.throttled(*POST, 20.0, sent_at=passes.world.time)
        await asyncio.gather(*workers)

    passes.play(act)
    began = times[0]
    assert not [at for at in times if 1.05 < at - began < 21.05]
    assert len(times) == 60
    assert excess(times, 10.0, 1) <= NONE


# --- learned rates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("per_second", "burst"), [(2.0, 5.0), (25.0, 10.0), (40.0, 1.0)])
def test_r12_an_undeclared_rate_is_learned_used_and_seldom_exceeded(per_second: float, burst: float) -> None:
    """A limit that nobody told of: most of it is used, and few requests are refused."""
    passes = Passes(dialect())
    passes.restrict(per_second, burst)
    passes.run(600.0, POST, workers=8)
    done = len(passes.sent) - len(passes.refused)
    assert done >= 0.75 * per_second * 600.0
    # one or two at the end of each growth, which takes about twenty seconds
    assert len(passes.refused) <= 60 + 0.01 * len(passes.sent)


def test_r12_many_refusals_of_one_window_lower_the_rate_once() -> None:
    """Eight were under way when it was too much: that is one lesson, not eight."""
    passes = Passes(dialect())

    async def act(limiter: Limiter) -> None:
        for _ in range(40):
            await limiter.wait(*POST)
        await asyncio.sleep(0.1)
        for number in range(8):
            limiter.throttled(*POST, None, sent_at=passes.world.time - 0.01 * number)

    passes.play(act)
    assert passes.learned == {"POST /Users": pytest.approx(30.0)}


def test_r12_a_learned_rate_is_used_by_the_next_holder_and_recovers() -> None:
    """Handed on at the end of a pass; an hour of refusals does not keep it low for ever."""
    passes = Passes(dialect())
    passes.restrict(0.05)
    passes.run(600.0, POST)
    low = passes.learned["POST /Users"]
    assert 0.2 <= low <= 1.0
    passes.limit = None
    seen = len(passes.sent)
    passes.run(1.0, POST)
    assert len(passes.sent) - seen <= 2
    for _ in range(60):
        passes.run(10.0, POST)
    assert passes.learned["POST /Users"] > 25.0


def test_r12_a_refusal_of_one_endpoint_slows_down_no_other() -> None:
    """Groups are dear at some applications, users are not."""
    passes = Passes(dialect())

    async def act(limiter: Limiter) -> None:
        await limiter.wait("GET", "/Groups")
        limiter.throttled("GET", "/Groups", 0.5, sent_at=0.0)
        for _ in range(100):
            await limiter.wait(*POST)

    began = passes.world.time
    passes.play(act)
    assert set(passes.learned) == {"GET /Groups"}
    assert passes.world.time - began < 0.6


def test_r12_a_declared_rate_that_is_too_much_is_lowered_and_comes_back() -> None:
    """Others share the application's limit: below the declared figure the learned one counts."""
    passes = Passes(dialect(rate("all", 20.0)))
    passes.restrict(8.0)
    passes.run(300.0, POST)
    assert len(passes.refused) <= 0.05 * len(passes.sent)
    passes.limit = None
    seen = len(passes.sent)
    passes.run(600.0, POST)
    assert len(passes.sent) - seen >= 0.9 * 20.0 * 600.0
    assert excess(passes.times(), 20.0, 1) <= NONE


# --- what an application may cost us ------------------------------------------------------------------------------------


def exchange(reading: float) -> Exchange:
    return Exchange(
        method="GET", path="/Users?filter=x", status=200, milliseconds=5.0, request_body=b"", response_body=b"",
        failure=None, act="look_up", tag=None, at=0.0, reading=reading,
    )  # fmt: skip


def test_r07_an_application_whose_answers_are_dear_to_read_rests_a_hundred_times_as_long() -> None:
    """It never has more than a hundredth of the time that all share, in this pass or in the next."""
    world = World(1)
    with looping(world) as loop:
        pace = Pace(dialect(), clock=lambda: world.time, sleep=asyncio.sleep)
        pace.observe(exchange(0.01))
        loop.run_until_complete(pace.wait("GET", "user"))
        assert world.time == 0.0
        pace.observe(exchange(0.3))
        levels = pace.levels(world.now())
        loop.run_until_complete(pace.wait("GET", "user"))
        assert world.time == pytest.approx(30.0)
        assert pace.paused_for == 0.0
        world.time = 10.0
        after = Pace(dialect(), clock=lambda: world.time, sleep=asyncio.sleep)
        after.restore(levels, world.now())
        loop.run_until_complete(after.wait("GET", "user"))
    assert world.time == pytest.approx(30.0, abs=0.01)


def test_r07_after_a_dear_answer_works_go_one_at_a_time_and_what_came_together_is_rested_for_together() -> (
    None
):
    """Answers to what was under way come all the same: the rest is for each of them, and the next time one comes."""
    world = World(1)
    with looping(world) as loop:
        pace = Pace(dialect(), clock=lambda: world.time, sleep=asyncio.sleep)
        assert pace.flow.limit > 1
        pace.observe(exchange(0.1))
        pace.observe(exchange(0.1))
        assert pace.flow.limit == 1
        after = Pace(dialect(), clock=lambda: world.time, sleep=asyncio.sleep)
        after.restore(pace.levels(world.now()), world.now())
        assert after.flow.limit == 1
        loop.run_until_complete(pace.wait("GET", "user"))
        assert world.time == pytest.approx(20.0)
        for _ in range(10):
            pace.observe(exchange(0.2))
        loop.run_until_complete(pace.wait("GET", "user"))
    assert world.time == pytest.approx(80.0)
