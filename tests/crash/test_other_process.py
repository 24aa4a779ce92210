"""Changes of another process reach the engine by SQLite's own count of commits, without any wake-up or sweep."""

from pathlib import Path

import pytest

from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import create_user
from tests.crash.company import ACTOR, Company, person
from tests.crash.engine_process import EngineProcess, Runner
from tests.crash.judge import judge, judge_silence, settle, settled, wait_until
from tests.servers import LabServer


@pytest.mark.crash
def test_a_change_of_another_process_is_seen_without_a_sweep(
    company: Company, target: LabServer, tmp_path: Path
) -> None:
    """An engine that never sweeps again sees every change all the same; then it is silent (R3)."""
    users = company.employ(9)
    company.grant()
    runner = Runner(tmp_path / "unswept", "--sweep-every", "3600")
    engine = EngineProcess(runner)
    engine.start()
    try:
        settle(240)
        for number in range(5):
            joiner = create_user(person(100 + number), actor=ACTOR)
            add_members(company.teams["Sales"].id, [joiner.id], actor=ACTOR)
            wait_until(settled, 60, "the joiner has an account")
            remove_members(company.teams["Sales"].id, [joiner.id], actor=ACTOR)
            wait_until(settled, 60, "the leaver has none")
        judge(company.application, target)
        assert len(target.contents().users) == len(users) + 5
        judge_silence(target, 2)
    finally:
        engine.stop()
        runner.end()
