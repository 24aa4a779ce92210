"""A target and engine processes for one test; whatever was started is ended."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.crash.company import Company
from tests.crash.engine_process import EngineProcess, Runner
from tests.crash.judge import settle
from tests.servers import LabServer, lab

#: Seconds. After a kill the engine waits as long before it looks what became of a request; a minute would be too long.
REQUEST_TIMEOUT = 1.2


@pytest.fixture
def target() -> Iterator[LabServer]:
    """A lab target that does not protect us: it takes a second account of the same name."""
    with lab({"duplicates": "allowed", "group_names_unique": False, "latency_ms": 3}) as server:
        yield server


@pytest.fixture
def company(transactional_db: None, target: LabServer) -> Company:
    return Company(target.base_url, target.token)


@pytest.fixture(scope="session")
def runner(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    started = Runner(tmp_path_factory.mktemp("crash") / "data", "--request-timeout", str(REQUEST_TIMEOUT))
    yield started
    started.end()


@pytest.fixture
def engine(company: Company, runner: Runner) -> Iterator[EngineProcess]:
    process = EngineProcess(runner)
    yield process
    process.stop()
    print(process.printed()[-6000:])  # noqa: T201 - pytest shows it where a test fails


@pytest.fixture
def staff(company: Company, engine: EngineProcess) -> list[UUID]:
    """A dozen people whose accounts are there already, and an engine that runs."""
    users = company.employ(12)
    company.grant()
    engine.start()
    settle(240)
    return users
