"""A target and engine processes for one test; whatever was started is ended."""

from collections.abc import Iterator

import pytest

from tests.crash.company import Company
from tests.crash.engine_process import EngineProcess, Runner
from tests.servers import LabServer, lab


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
    started = Runner(tmp_path_factory.mktemp("crash") / "data")
    yield started
    started.end()


@pytest.fixture
def engine(company: Company, runner: Runner) -> Iterator[EngineProcess]:
    process = EngineProcess(runner)
    yield process
    process.stop()
    print(process.printed()[-6000:])  # noqa: T201 - pytest shows it where a test fails
