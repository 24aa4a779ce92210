"""R13 and engine.md, section 9: two credentials, a new one at once, another address, what a probe says."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from provisor.applications.applications import resume, update_application
from provisor.applications.credentials import promote_credential, store_credential
from provisor.applications.models import Credential
from provisor.audit.actor import SYSTEM
from provisor.notices.models import Notice
from provisor.provisioning.homes.home import make_engine
from provisor.provisioning.homes.sweep import sweep
from provisor.provisioning.models import Attempt, Health, Link, Run
from provisor.provisioning.operations import request_sync
from provisor.provisioning.pace.limiter import Limiter
from provisor.provisioning.passes.one_pass import OnePass
from provisor.provisioning.preview.on_demand import PATIENCE, provision_now
from provisor.provisioning.queries import application_status
from provisor.provisioning.store import Store
from provisor.provisioning.surroundings import Surroundings
from provisor.scim.capabilities import resolve
from provisor.scim.dialect import Rate
from tests.provisioning.installation import Installation, now
from tests.provisioning.vices import (
    LATER,
    change,
    crowd,
    fault,
    good_again,  # noqa: F401 - a fixture
    log,
    passes,
    received,
    writes,
)
from tests.servers import LabServer


def state(installation: Installation) -> str:
    return str(application_status(installation.application.id)["state"])


def second(installation: Installation, token: str) -> None:
    values = {"token": token}
    store_credential(installation.application.id, "bearer", values, actor=SYSTEM, slot="secondary")


def statuses(target: LabServer, *, after: int = 0) -> list[int]:
    return [entry["status"] for entry in log(target, after=after)]


def test_r13_a_token_is_rotated_without_a_gap(installation: Installation, target: LabServer) -> None:
    """The old token ends in the middle: the second one takes over in the same pass, and is remembered."""
    people = crowd(20)
    installation.granted("Sales", *people)
    installation.run()
    second(installation, "new")
    target.set_options(token="new")
    for user in people:
        change(user, title="one")
    seen = received(target)
    installation.run()
    assert installation.states() == {"in_sync": 21}
    assert state(installation) == "well"
    assert 1 <= statuses(target, after=seen).count(401) <= 10
    seen = received(target)
    change(people[0], title="two")
    installation.run()
    assert 401 not in statuses(target, after=seen), "the refused token was tried again"
    assert [each.event for each in Notice.objects.all()] == ["credential"]


def test_r13_the_first_credential_counts_again_once_it_is_replaced(
    installation: Installation, target: LabServer
) -> None:
    """What was refused is the old token, not the place where it was stored."""
    user = crowd(1)[0]
    installation.granted("Sales", user)
    second(installation, "new")
    target.set_options(token="new")
    passes(installation, 1)
    promote_credential(installation.application.id, actor=SYSTEM)
    second(installation, "another-that-is-wrong")
    change(user, title="one")
    seen = received(target)
    installation.run()
    assert 401 not in statuses(target, after=seen)
    assert installation.states() == {"in_sync": 2}


def test_r13_both_refused_stop_the_application(installation: Installation, target: LabServer) -> None:
    installation.granted("Sales", *crowd(10))
    second(installation, "as-wrong-as-the-first")
    target.set_options(token="new")
    installation.run()
    assert state(installation) == "refused"
    assert writes(target) == [] or set(statuses(target)) == {401}
    assert set(installation.states()) == {"due"}


def test_r13_a_new_credential_is_tried_at_once(installation: Installation, target: LabServer) -> None:
    """Nobody waits for the next probe after a token was entered."""
    installation.granted("Sales", *crowd(3))
    target.set_options(token="new")
    passes(installation, 3)
    assert Health.objects.get().not_before > now() + 60_000
    store_credential(installation.application.id, "bearer", {"token": "new"}, actor=SYSTEM)
    installation.run(2)
    assert state(installation) == "well"
    assert installation.states() == {"in_sync": 4}


def test_r13_a_missing_credential_is_said_and_mended(installation: Installation, target: LabServer) -> None:
    """Nothing can be sent: it is told, no request leaves, and the first credential resumes by itself."""
    installation.granted("Sales", *crowd(2))
    Credential.objects.all().delete()
    installation.run()
    assert state(installation) == "refused"
    assert "credential" in application_status(installation.application.id)["reason"]
    assert log(target) == []
    store_credential(installation.application.id, "bearer", {"token": "tok"}, actor=SYSTEM)
    installation.run()
    assert installation.states() == {"in_sync": 3}


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [("status", 403, "refused"), ("status", 500, "misbehaving"), ("html", 200, "misbehaving"), ("reset", 0, "unreachable")],
)  # fmt: skip
def test_r13_a_probe_that_fails_says_how(
    installation: Installation, target: LabServer, kind: str, status: int, said: str
) -> None:
    """It is one read, no write follows it, and its failure names the state."""
    installation.granted("Sales", *crowd(3))
    target.set_options(faults=[fault("status", "", "/Users", status=401, count=0)])
    installation.run()
    target.set_options(faults=[fault(kind, "", "/Users", status=status, count=0)])
    seen = received(target)
    installation.run(later=LATER)
    assert state(installation) == said
    assert writes(target, after=seen) == []
    assert len(log(target, after=seen)) == 1
    target.set_options(faults=[])
    installation.run(later=3 * LATER)
    assert installation.states() == {"in_sync": 4}


def test_r13_an_application_with_nothing_due_is_probed_until_it_is_well(
    installation: Installation, target: LabServer
) -> None:
    """What was due is not any more; the state is not left standing."""
    people = crowd(2)
    installation.granted("Sales", *people)
    target.set_options(faults=[fault("status", "", "/Users", status=401, count=0)])
    installation.run()
    Link.objects.all().delete()
    target.set_options(faults=[])
    seen = received(target)
    assert sweep(now=now()).due == ()
    assert len(sweep(now=now() + LATER).due) == 1
    installation.run(later=LATER)
    assert state(installation) == "well"
    assert len(log(target, after=seen)) == 1
    assert sweep(now=now() + 2 * LATER).due == ()


def test_r12_retry_after_outlives_a_crash_and_a_person(installation: Installation, target: LabServer) -> None:
    """The process dies in the pass that was told to wait; neither a restart nor "try now" sends before that."""
    installation.granted("Sales", *crowd(3))
    target.set_options(faults=[fault("status", "POST", status=429, retry_after=25)])
    health_before_end = crash_after_settling(installation)
    assert health_before_end.asked_until > now() + 15_000
    seen = received(target)
    request_sync(installation.application.id, actor=SYSTEM)
    installation.run(later=5_000)
    assert log(target, after=seen) == []
    installation.run(later=30_000)
    assert log(target, after=seen) != []
    passes(installation, 2)
    assert installation.states() == {"in_sync": 4}


def was_noted() -> bool:
    return Attempt.objects.filter(status=429).exists()


def crash_after_settling(installation: Installation) -> Health:
    """End a pass as a dead process does, after it has settled the 429."""

    async def run() -> None:
        store = Store()
        one = OnePass(installation.application.id, store, around=Surroundings())
        one.start(done=lambda: None)
        async with asyncio.timeout(20):
            while not await store.run(was_noted):  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(0.02)
        assert one._task is not None
        if one._pass is not None:
            one._pass.give_up()
        one._task.cancel()
        await one.ended()
        await store.end()

    installation.fold()
    asyncio.run(run())
    assert Run.objects.filter(state="running").exists()
    return Health.objects.get()


def test_r12_after_an_unclean_end_buckets_start_empty(installation: Installation, target: LabServer) -> None:
    """What the dead process sent last is not known, so nothing of the burst is left."""
    dialect = replace(resolve([]), rates=(Rate(match="all", per_second=2.0, burst=10),))
    limiter = Limiter(dialect, clock=lambda: 100.0, sleep=asyncio.sleep)
    limiter.restore({}, 0, unclean=True)
    (budget,) = limiter._budgets
    assert budget.next_at >= 100.5


def test_r13_another_address_pauses_clears_the_secret_and_reads_before_it_writes(
    installation: Installation, target: LabServer
) -> None:
    """Ids of another tenant may collide: each link is read before the first write, and a stranger is left alone."""
    people = crowd(3)
    installation.granted("Sales", *people, push_group=False)
    installation.run()
    remote = {user.id: installation.link(user).remote_id for user in people}
    moved = installation.base_url.replace("127.0.0.1", "127.0.0.2")
    update_application(installation.application.id, {"base_url": moved}, actor=SYSTEM)
    assert not Credential.objects.exists()
    assert state(installation) == "paused"
    update_application(installation.application.id, {"base_url": installation.base_url}, actor=SYSTEM)
    store_credential(installation.application.id, "bearer", {"token": "tok"}, actor=SYSTEM)
    change(people[0], title="new")
    installation.run()
    seen = received(target)
    assert installation.link(people[0]).verified is False
    resume(installation.application.id, actor=SYSTEM)
    installation.run()
    of_first = [e["method"] for e in log(target, "", f"/Users/{remote[people[0].id]}", after=seen)]
    assert of_first[0] == "GET"
    assert "PATCH" in of_first
    assert installation.states() == {"in_sync": 3}


def test_r13_a_conflict_is_tried_again_when_the_holder_of_the_value_changes(
    installation: Installation, target: LabServer
) -> None:
    """Bob is renamed and Ann gets his name, but his rename fails at first: Ann follows by herself after him."""
    ann, bob = installation.users("ann", "bob")
    installation.granted("Sales", ann, bob, push_group=False)
    installation.run()
    there = f"/Users/{installation.link(bob).remote_id}"
    target.set_options(faults=[fault("status", "PATCH", there, status=503, count=1)])
    change(bob, userName="robert")
    change(ann, userName="bob")
    installation.run()
    assert installation.link(ann).state == "conflict"
    seen = received(target)
    Link.objects.filter(local_id=bob.id).update(not_before=now() + 100 * LATER)
    passes(installation, 2)
    assert writes(target, after=seen) == [], "a conflict is not tried by a timer"
    Link.objects.filter(local_id=bob.id).update(not_before=0)
    installation.run(2)
    assert installation.states() == {"in_sync": 2}
    assert target.state().users.keys() == {"robert", "bob"}


def test_r13_on_demand_provisioning_says_at_once_that_the_application_is_unwell(
    installation: Installation, target: LabServer, settings: Any, tmp_path: Path
) -> None:
    """The deliberate act is a probe; it does not wait for an answer that cannot come, and says what stands in the way."""
    settings.DATA_DIR = tmp_path
    user = installation.user("ann")
    installation.granted("Sales", user)
    target.set_options(token="new")
    installation.run()
    engine = make_engine()
    engine.start()
    try:
        began = time.monotonic()
        found = provision_now(installation.application.id, "user", user.id, actor=SYSTEM)
    finally:
        engine.stop()
    assert time.monotonic() - began < PATIENCE / 2
    assert found["state"] == "due"
    assert "401" in found["reason"]
    assert found["steps"][-1]["name"] == "health"
