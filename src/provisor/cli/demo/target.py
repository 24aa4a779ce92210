"""The demo's SCIM server: scim2-server on a free loopback port, as long as the demo goes on."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provisor.cli.refusals import CommandRefusal
from provisor.sample.process import INSTALL, PACKAGE, TargetFailed, TargetProcess, installed, listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the server is, and what opens it."""

    base_url: str
    token: str


class StartingTarget:
    """A server that was started and may not answer yet, so that the start of Provisor goes on beside it."""

    def __init__(self, directory: Path) -> None:
        self._listener = listen()
        port, token = self._listener.getsockname()[1], secrets.token_urlsafe(24)
        self._target = Target(base_url=f"http://127.0.0.1:{port}/v2", token=token)
        self._process = TargetProcess(self._listener, token, log=directory / "scim2-server.log")

    def ready(self) -> Target:
        """Wait until it answers. Raises CommandRefusal when it does not start."""
        try:
            self._process.ready()
        except TargetFailed as failed:
            raise CommandRefusal(str(failed)) from None
        return self._target

    def end(self) -> None:
        self._process.end()
        self._listener.close()


@contextmanager
def starting_target(directory: Path) -> Iterator[StartingTarget]:
    """Start scim2-server and end it afterwards; what it prints goes to a file in the directory."""
    if not installed():
        raise CommandRefusal(
            f"The demo needs the package {PACKAGE}, which is not installed. Install it: {INSTALL}"
        )
    target = StartingTarget(directory)
    try:
        yield target
    finally:
        target.end()
