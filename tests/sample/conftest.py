"""An installation that keeps a test target, and in which loopback is closed to everything else."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from provisor.audit.actor import SYSTEM
from provisor.sample.keeper import Keeper, keeping
from provisor.sample.loading import Loaded, load_sample
from provisor.vault.keys import GivenKeys

_PATIENCE = 20.0


@pytest.fixture(autouse=True)
def installation(settings: Settings) -> None:
    """No network is opened by the settings: whatever reaches loopback here has another reason."""
    settings.PRIVATE_TARGETS = ()
    settings.ENCRYPTION_KEYS = GivenKeys((bytes(range(32)),))


@pytest.fixture
def keeper(transactional_db: None, tmp_path: Path) -> Iterator[Keeper]:
    with keeping(tmp_path) as one:
        yield one


@pytest.fixture
def loaded(keeper: Keeper) -> Loaded:
    """The company is in the directory, and its target runs."""
    return load_sample(keeper, SYSTEM, lambda _done, _total: None)


def until(condition: Callable[[], object]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)
