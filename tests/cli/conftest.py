"""The command line in this process on the test database, and as real processes in a place of their own."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings
from typer.testing import CliRunner, Result

from provisor.cli.main import app
from tests.databases import own_environment
from tests.servers import LabServer, lab

Command = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def provisor(transactional_db: None, settings: Settings, data_directory: Path) -> Iterator[Command]:
    """Run a command in this process; `given` is its standard input."""
    # The settings are read before any conftest is.
    settings.DATA_DIR = data_directory
    level = logging.getLogger().level

    def run(*arguments: object, given: str = "") -> Result:
        return CliRunner().invoke(app, [str(one) for one in arguments], input=given)

    yield run
    logging.getLogger().setLevel(level)


@pytest.fixture(scope="session")
def lab_process() -> Iterator[LabServer]:
    with lab() as server:
        yield server


@pytest.fixture
def target(lab_process: LabServer) -> LabServer:
    """A lab target that holds nothing."""
    lab_process.reset()
    return lab_process


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a process with a data directory of its own."""
    return own_environment(tmp_path / "data")


@pytest.fixture
def process(tmp_path: Path, environment: dict[str, str]) -> Process:
    """Run a command as a process and wait for its end."""

    def run(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command_line(*arguments),
            cwd=tmp_path,
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def command_line(*arguments: object) -> list[str]:
    """The arguments of a process that runs a command."""
    entry = "from provisor.cli.main import run; run()"
    return [sys.executable, "-c", entry, *map(str, arguments)]
