"""R1, R2, R7, R12: faults of the wire and of our own database, against a real engine process; then all is as it should be."""

from typing import Any
from uuid import UUID

import pytest

from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import create_user, delete_user, set_active
from tests.crash.company import ACTOR, Company, change, person
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, judge_silence, settle, wait_until
from tests.servers import LabServer

pytestmark = pytest.mark.crash

FAULTS: dict[str, dict[str, Any]] = {
    "reset before the act": {"kind": "reset"},
    "reset after the act": {"kind": "reset", "handled": True},
    "silence before the act": {"kind": "stall"},
    "silence after the act": {"kind": "stall", "handled": True},
    "a truncated answer": {"kind": "truncate"},
    "an answer that drips": {"kind": "drip"},
    "500": {"kind": "status", "status": 500},
    "503 after the act": {"kind": "status", "status": 503, "handled": True},
    "503 with Retry-After": {"kind": "status", "status": 503, "retry_after": 1},
    "502 in HTML": {"kind": "html", "status": 502},
    "a web page for success": {"kind": "html", "handled": True},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_r01_r02_r07_a_fault_of_the_wire_costs_nothing_but_time(
    company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID], fault: dict[str, Any]
) -> None:
    """It strikes creations, changes, memberships, departures and reads; afterwards each thing is there once."""
    strikes = [
        {**fault, "method": method, "path": path, "count": 2}
        for method, path in (
            ("POST", "^/Users"),
            ("PATCH", "^/Users"),
            ("PATCH", "^/Groups"),
            ("DELETE", ""),
            ("GET", ""),
        )
    ]
    before = len(target.requests())
    target.set_options(faults=strikes)
    _a_day(company, staff)
    wait_until(lambda: _struck(target, before) >= 6, 60, "the fault has struck")
    settle(240)
    target.set_options(faults=[])
    settle(240)
    judge(company.application, target)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_r12_both_forms_of_retry_after_are_obeyed_in_the_middle_of_work(
    company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID], form: str
) -> None:
    """A bucket of two per second refuses with Retry-After, and all arrives in the end."""
    limits = [{"match": "all", "per_second": 2, "burst": 3}]
    target.set_options(limits=limits, retry_after=form)
    before = len(target.requests())
    _a_day(company, staff)
    wait_until(lambda: any(each["status"] == 429 for each in target.requests(after=before)), 60, "a 429")
    settle(240)
    target.set_options(limits=[])
    settle(240)
    judge(company.application, target)


def test_r01_r13_a_storm_of_errors_passes_and_everything_arrives(
    company: Company, engine: EngineProcess, target: LabServer, staff: list[UUID]
) -> None:
    """Every request fails for a while: the application is left alone, and nothing is dropped."""
    target.set_options(faults=[{"kind": "status", "status": 503, "count": 0}])
    before = len(target.requests())
    _a_day(company, staff)
    wait_until(lambda: len(target.requests(after=before)) >= 10, 60, "the storm is felt")
    target.set_options(faults=[])
    settle(240)
    judge(company.application, target)
    judge_silence(target, 1)


def _struck(target: LabServer, before: int) -> int:
    return sum(bool(entry["fault"]) for entry in target.requests(after=before))


def _a_day(company: Company, staff: list[UUID]) -> None:
    """Somebody comes, somebody changes, somebody moves, somebody leaves, somebody is deleted."""
    sales, support = company.teams["Sales"], company.teams["Support"]
    joined = [create_user(person(500 + number), actor=ACTOR).id for number in range(4)]
    add_members(sales.id, joined, actor=ACTOR)
    for number, user in enumerate(staff[:4]):
        change(user, title=f"Chief {number}")
    add_members(support.id, staff[:2], actor=ACTOR)
    remove_members(company.teams["Engineering"].id, [staff[0]], actor=ACTOR)
    set_active(staff[4], active=False, actor=ACTOR)
    delete_user(staff[5], actor=ACTOR)
