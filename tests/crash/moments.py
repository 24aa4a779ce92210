"""Kills at chosen moments: while requests are under way that get no answer, and what must become of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.crash.company import Company
from tests.crash.engine_process import EngineProcess
from tests.crash.judge import judge, settle, wait_until
from tests.servers import LabServer


@contextmanager
def killed_at(
    engine: EngineProcess, target: LabServer, *requests: tuple[str, str, int], handled: bool
) -> Iterator[None]:
    """Make changes inside; their requests (method, path, how many) get no answer, and then the engine is killed."""
    stalls = [
        {"kind": "stall", "handled": handled, "method": method, "path": path, "count": count}
        for method, path, count in requests
    ]
    target.set_options(faults=stalls)
    before, expected = len(target.requests()), sum(count for *_, count in requests)
    yield

    def stalled() -> int:
        return sum(entry["fault"] == "stall" for entry in target.requests(after=before))

    wait_until(lambda: stalled() >= expected, 60, f"{expected} requests without an answer")
    engine.kill()
    target.set_options(faults=[])


def judge_recovery(company: Company, engine: EngineProcess, target: LabServer) -> None:
    """The engine starts again, and the target becomes what the directory is."""
    engine.start()
    settle(240)
    judge(company.application, target)
