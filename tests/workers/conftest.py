"""Workers as processes of their own, on the database of the tests."""

from collections.abc import Callable, Iterator

import pytest

from tests.crash.company import Company
from tests.crash.conftest import REQUEST_TIMEOUT, company, runner, target  # noqa: F401 - fixtures
from tests.crash.engine_process import EngineProcess, Runner

Crew = list[EngineProcess]
Hire = Callable[[int], Crew]

__all__ = ["REQUEST_TIMEOUT"]


@pytest.fixture
def hire(company: Company, runner: Runner) -> Iterator[Hire]:  # noqa: F811 - the fixture
    """Start so many workers; they are ended with the test."""
    crew: Crew = []

    def start(count: int) -> Crew:
        for _ in range(count):
            crew.append(EngineProcess(runner))
            crew[-1].start()
        return crew

    yield start
    for each in crew:
        each.stop()
    print(crew[0].printed()[-6000:] if crew else "")  # noqa: T201 - pytest shows it where a test fails
