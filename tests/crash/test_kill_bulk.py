"""R1 and R2 around bulk requests: killed while one is under way, each operation of it is resolved by itself."""

import random
import time

import pytest

from tests.crash.company import Company, change
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, judge_silence, settle, wait_until
from tests.servers import LabServer

pytestmark = pytest.mark.crash

USERS = 300


@pytest.mark.parametrize("handled", [True, False], ids=["it was done", "it was not done"])
def test_r01_r02_kill_while_a_bulk_is_under_way(
    company: Company, engine: EngineProcess, target: LabServer, handled: bool
) -> None:
    """The target takes second accounts of the same name; all the same each is there once after the restart."""
    stall = {"kind": "stall", "handled": handled, "method": "POST", "path": "^/Bulk", "nth": 2, "count": 0}
    target.set_options(bulk=True, faults=[stall])
    company.employ(USERS)
    company.grant()
    engine.start()
    wait_until(
        lambda: any(entry["fault"] == "stall" for entry in target.requests()), 30, "a bulk without an answer"
    )
    engine.kill()
    largest = max(entry["request_bytes"] for entry in target.requests() if entry["path"] == "/Bulk")
    assert largest > 20_000, "it was no bulk of many"
    target.set_options(bulk=True, faults=[])
    engine.start()
    settle(240)
    assert len(judge(company.application, target).users) == USERS
    judge_silence(target, 1)


def test_r01_r02_kills_at_random_moments_of_bulk_updates(
    company: Company, engine: EngineProcess, target: LabServer
) -> None:
    """Creations and updates in bulk, and a kill at some moment of each: nothing lost, nothing doubled."""
    chance = random.Random(4)
    target.set_options(bulk=True)
    people = company.employ(USERS)
    company.grant()
    for number in range(6):
        engine.start()
        for user in people[number * 40 : number * 40 + 40]:
            change(user, title=f"Title {number}")
        time.sleep(chance.random())
        engine.kill()
    engine.start()
    settle(240)
    assert len(judge(company.application, target).users) == USERS
    assert any(entry["path"] == "/Bulk" for entry in target.requests())


@pytest.mark.parametrize("handled", [True, False], ids=["it was done", "it was not done"])
def test_r01_r02_r06_kill_while_a_group_and_its_new_members_are_in_one_bulk(
    company: Company, engine: EngineProcess, target: LabServer, handled: bool
) -> None:
    """The group names members by their bulkId; after the restart it is there once, and holds each of them once."""
    stall = {"kind": "stall", "handled": handled, "method": "POST", "path": "^/Bulk", "nth": 2, "count": 0}
    target.set_options(bulk=True, faults=[stall], keep_requests=True)
    company.employ(USERS)
    company.grant()
    engine.start()
    wait_until(
        lambda: any(entry["fault"] == "stall" for entry in target.requests()), 30, "a bulk without an answer"
    )
    engine.kill()
    bodies = [entry["body"] for entry in target.requests(whole=True) if entry["path"] == "/Bulk"]
    assert any('"value":"bulkId:' in body for body in bodies), "no group named its members by their bulkId"
    target.set_options(faults=[])
    engine.start()
    settle(90)
    assert len(judge(company.application, target).users) == USERS
    judge_silence(target, 1)
