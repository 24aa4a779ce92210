"""A real SCIM server that we did not write, as a process of its own on a free loopback port."""

import importlib.util
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from provisor.cli.refusals import CommandRefusal

# The server ends with us, however we end: the pipe on its standard input closes then.
_SERVER: Final = (
    "import os, sys, threading\n"
    "def watch():\n"
    "    sys.stdin.buffer.read()\n"
    "    os._exit(0)\n"
    "threading.Thread(target=watch, daemon=True).start()\n"
    "from scim2_server.testserver.cli import main\n"
    "main()\n"
)
_READY_SECONDS: Final = 30.0
_LOOK_EVERY: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the server is, and what opens it."""

    base_url: str
    token: str


class StartingTarget:
    """A server that was started and may not answer yet, so that the start of Provisor goes on beside it."""

    def __init__(self, directory: Path) -> None:
        self._log = directory / "scim2-server.log"
        port, token = _free_port(), secrets.token_urlsafe(24)
        self._target = Target(base_url=f"http://127.0.0.1:{port}/v2", token=token)
        with self._log.open("wb") as log:
            self._process = _start(port, token, log)

    def ready(self) -> Target:
        """Wait until it answers."""
        deadline = time.monotonic() + _READY_SECONDS
        while not _answers(f"{self._target.base_url}/ServiceProviderConfig"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CommandRefusal(f'scim2-server did not start. What it printed is in "{self._log}".')
            time.sleep(_LOOK_EVERY)
        return self._target

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()


@contextmanager
def starting_target(directory: Path) -> Iterator[StartingTarget]:
    """Start scim2-server and end it afterwards; what it prints goes to a file in the directory."""
    if importlib.util.find_spec("scim2_server") is None:
        raise CommandRefusal(
            "The demo needs the package scim2-server, which is not installed. Install it: pip install provisor[demo]"
        )
    target = StartingTarget(directory)
    try:
        yield target
    finally:
        target.end()


def _start(port: int, token: str, log: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own interpreter, with a free port and a random token
        [sys.executable, "-c", _SERVER, "--port", str(port), "--bearer-token", token],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        # Ctrl-C reaches every process of the terminal's group; this one shall answer until the engine has stopped.
        start_new_session=True,
    )


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
