"""R1 and R2 at size: the engine is killed in the middle of 5,000 creations, and the target does not protect us."""

import pytest

from tests.crash.company import Company
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, judge_silence, settle, wait_until
from tests.servers import LabServer

USERS = 5_000
LOST = {
    "kind": "reset",
    "handled": True,
    "method": "POST",
    "path": "^/Users",
    "count": 0,
    "probability": 0.01,
}


class Log:
    """Follows the request log of a target, each entry read once."""

    def __init__(self, target: LabServer) -> None:
        self._target = target
        self._seen = 0
        self.posts = 0

    def created(self) -> int:
        """How many POSTs of users came so far."""
        entries = self._target.requests(after=self._seen)
        self._seen += len(entries)
        self.posts += sum(entry["method"] == "POST" and entry["path"] == "/Users" for entry in entries)
        return self.posts


@pytest.mark.crash
@pytest.mark.parametrize("lost_replies", [False, True], ids=["no faults", "lost replies"])
def test_r01_r02_kill_in_the_middle_of_a_pass_of_5000_users(
    company: Company, engine: EngineProcess, target: LabServer, lost_replies: bool
) -> None:
    """After SIGKILL at 40 % of the creations and a restart the target equals the directory, without a duplicate."""
    if lost_replies:
        target.set_options(faults=[LOST], seed=11)
    company.employ(USERS)
    company.grant()
    log = Log(target)
    engine.start()
    wait_until(lambda: log.created() >= USERS * 0.4, 60, "40 % of the accounts are created")
    engine.kill()
    created = log.created()
    assert created < USERS, "the pass was over before the kill"
    engine.start()
    settle(240)
    held = judge(company.application, target)
    assert len(held.users) == USERS
    if not lost_replies:
        assert log.created() == USERS, "an account was sent a second time"
    judge_silence(target, 2)
