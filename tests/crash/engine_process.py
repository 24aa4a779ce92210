"""The engine as a process: started, killed, stopped in its tracks, started again, on one data directory."""

import base64
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from tests.environment import POSTGRESQL, database_url
from tests.servers import ServerFailed, ServerProcess

_SECONDS = 30.0


class Runner:
    """A process that starts engine processes on a data directory of its own.

    The directory holds a link to the database that the tests work on, so that a test is another process that changes
    things through the services.
    """

    def __init__(self, directory: Path, *arguments: str) -> None:
        directory.mkdir(mode=0o700)
        name = settings.DATABASES["default"]["NAME"]
        if not POSTGRESQL:
            (directory / "provisor.sqlite3").symlink_to(name)
        command = [sys.executable, "-m", "tests.crash.runner", *arguments]
        self._process = ServerProcess(command, directory / "output.txt", _environment(directory))
        self._wait(lambda: "warm\n" in self.printed())

    def fork(self) -> int:
        """Start an engine process and wait until it looks at the tables; returns its number."""
        before = len(self.printed())
        os.kill(self._process.pid, signal.SIGUSR1)
        self._wait(lambda: re.search(r"^ready \d+$", self.printed()[before:], re.MULTILINE) is not None)
        found = re.search(r"^ready (\d+)$", self.printed()[before:], re.MULTILINE)
        assert found is not None
        return int(found[1])

    def printed(self) -> str:
        return self._process.printed()

    def end(self) -> None:
        self._process.end(signal.SIGTERM)

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _SECONDS
        while not condition():
            if not self._process.alive() or time.monotonic() > deadline:
                raise ServerFailed(f"No engine was started:\n{self.printed()[-5000:]}")
            time.sleep(0.01)


def _environment(directory: Path) -> dict[str, str]:
    key = base64.urlsafe_b64encode(settings.ENCRYPTION_KEYS.read()[0]).decode()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    if POSTGRESQL:
        environment["PROVISOR_DATABASE_URL"] = database_url(settings.DATABASES["default"]["NAME"])
    return environment | {
        "PROVISOR_DATA_DIR": str(directory),
        "PROVISOR_PRIVATE_TARGETS": "127.0.0.0/8",
        "PROVISOR_ENCRYPTION_KEY": key,
    }


class EngineProcess:
    """One engine process after the other."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._began = len(runner.printed())
        self._pid = 0

    @property
    def pid(self) -> int:
        """The number of the process; 0 where none runs."""
        return self._pid

    def start(self) -> None:
        """Start it and wait until it looks at the tables."""
        self._pid = self._runner.fork()

    def kill(self) -> None:
        """SIGKILL: no line of its code runs any more."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """SIGSTOP: what it has sent is on its way, and whatever is answered it does not read."""
        os.kill(self._pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT: it goes on where it was stopped; does nothing when it was killed meanwhile."""
        if self._pid:
            os.kill(self._pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it in good order; does nothing when it has ended."""
        if self._pid:
            self._end(signal.SIGTERM)

    def printed(self) -> str:
        """What it printed: where an error of the engine would be."""
        return self._runner.printed()[self._began :]

    def _end(self, number: int) -> None:
        os.kill(self._pid, number)
        deadline = time.monotonic() + _SECONDS
        while _lives(self._pid):
            if time.monotonic() > deadline:
                raise ServerFailed(f"The engine did not end:\n{self.printed()[-5000:]}")
            time.sleep(0.005)
        self._pid = 0


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
