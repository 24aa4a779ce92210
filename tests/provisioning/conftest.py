"""Servers and installations for the tests of provisioning."""

from collections.abc import Iterator

import pytest

from tests.provisioning.installation import Installation
from tests.servers import LabServer, lab


@pytest.fixture(scope="session")
def lab_process() -> Iterator[LabServer]:
    with lab() as server:
        yield server


@pytest.fixture
def target(lab_process: LabServer) -> LabServer:
    """A lab target that holds nothing and has no vices."""
    lab_process.reset()
    return lab_process


@pytest.fixture
def installation(transactional_db: None, target: LabServer) -> Installation:
    return Installation(target.base_url, target.token)
