"""A live Provisor of its own for the browser: process, data directory, an owner who can sign in."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.databases import own_environment
from tests.servers.processes import ServerProcess

EMAIL = "owner@example.com"
PASSWORD = "a long enough phrase"
_ENTRY = "from provisor.cli.main import run; run()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service; `command` runs the command line beside it, on the same data."""

    address: str
    directory: Path
    process: ServerProcess

    def command(self, *arguments: object, given: str = "") -> str:
        return run_command(self.directory, *arguments, given=given)


@contextmanager
def service(directory: Path, **environment: str) -> Iterator[Service]:
    """Run `provisor serve` on a new data directory and a free port, with one owner (EMAIL, PASSWORD).

    `environment` has variables that the service gets besides.
    """
    run_command(directory, "admin", "create", "--email", EMAIL, "--password-stdin", given=PASSWORD)
    variables = {**_environment(directory), **environment}
    process = ServerProcess(_line("serve", "--port", "0"), directory / "output.txt", variables)
    try:
        process.wait(lambda: "http://localhost:" in process.printed())
        line = next(line for line in process.printed().splitlines() if "http://localhost:" in line)
        yield Service(address=line.split()[3], directory=directory, process=process)
    finally:
        process.end(signal.SIGTERM)


def run_command(directory: Path, *arguments: object, given: str = "") -> str:
    """Run one command to its end; what it printed. A status that is not 0 raises with what it said."""
    ended = subprocess.run(
        _line(*arguments), env=_environment(directory), input=given, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def _line(*arguments: object) -> list[str]:
    return [sys.executable, "-c", _ENTRY, *map(str, arguments)]


def _environment(directory: Path) -> dict[str, str]:
    return own_environment(directory)
