"""Starting servers as processes of their own, waiting until they answer, and ending exactly these."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_READY_SECONDS = 30.0
_END_SECONDS = 10.0


class ServerFailed(RuntimeError):  # noqa: N818 - it is what happened
    """A server process ended or did not answer in time; the message holds what it printed."""


class ServerProcess:
    """A process that we started. What it prints goes to `output`."""

    def __init__(
        self, command: Sequence[str], output: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.output = output
        self._command = list(command)
        with output.open("wb") as stream:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=dict(environment) if environment is not None else None,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def printed(self) -> str:
        return self.output.read_text(errors="replace")

    def first_line(self) -> str:
        """The first line it prints, waited for; raises ServerFailed."""
        self.wait(lambda: "\n" in self.printed())
        return self.printed().partition("\n")[0]

    def wait_until_answers(self, url: str) -> None:
        """Wait until anything at all is answered at `url`; raises ServerFailed."""
        self.wait(lambda: _answers(url))

    def end(self, signal_number: int) -> None:
        """Send the signal and wait for the end; a process that stays is killed."""
        if not self.alive():
            return
        self._process.send_signal(signal_number)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; raises ServerFailed when the process ends or half a minute is over."""
        deadline = time.monotonic() + _READY_SECONDS
        while not condition():
            if not self.alive():
                raise ServerFailed(f"{self._command[0]} ended before it was ready:\n{self.printed()}")
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"{self._command[0]} was not ready within {_READY_SECONDS} s:\n{self.printed()}"
                )
            time.sleep(0.02)


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
