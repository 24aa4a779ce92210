"""A real SCIM server that we did not write, as a process of its own, on a loopback socket that this process holds."""

import contextlib
import importlib.util
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

PACKAGE: Final = "scim2-server"
#: How it gets there, for a person to type.
INSTALL: Final = "pip install provisor[demo]"
_READY: Final = b"ready\n"
_READY_SECONDS: Final = 30.0
_END_SECONDS: Final = 10.0
_BACKLOG: Final = 128


class TargetFailed(Exception):  # noqa: N818 - what became of it
    """The test target cannot be started; the sentence says why and what to do."""


def installed() -> bool:
    """Whether the package of the server is there."""
    return importlib.util.find_spec("scim2_server") is not None


def listen(port: int = 0) -> socket.socket:
    """Listen on 127.0.0.1, on any free port or on this one. OSError: another program listens there.

    As long as the socket is open here, no other program can answer on its port, whatever becomes of the server.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


class TargetProcess:
    """A server that was started and may not answer yet: requests wait in the queue of the socket meanwhile.

    `token` opens it. `log` is where it prints what goes wrong; `kept` where it keeps its resources, if anywhere.
    """

    def __init__(self, listener: socket.socket, token: str, *, log: Path, kept: Path | None = None) -> None:
        """Start it. TargetFailed: its package is not installed."""
        if not installed():
            raise TargetFailed(
                f"The test target is the package {PACKAGE}, which is not installed. Install it: {INSTALL}"
            )
        self._log = log
        command = [sys.executable, "-P", "-m", "provisor.sample.server", str(listener.fileno())]
        with log.open("wb") as stream:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*command, *([str(kept)] if kept else [])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                pass_fds=(listener.fileno(),),
                env=_environment(),
                # Ctrl-C reaches every process of the terminal's group; this one answers until the engine has stopped.
                start_new_session=True,
            )
        self._give(token)

    def ready(self) -> None:
        """Wait until it answers. TargetFailed: it ended, or does not answer within half a minute."""
        output = self._process.stdout
        assert output is not None
        readable, _, _ = select.select([output], [], [], _READY_SECONDS)
        if not readable or output.readline() != _READY:
            self.end()
            raise TargetFailed(f'{PACKAGE} did not start. What it printed is in "{self._log}".')

    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def end(self) -> None:
        """Let it write what it holds, and end it."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _give(self, token: str) -> None:
        """By the pipe, since the arguments of a process can be read by everybody; its end is the end of the process."""
        pipe = self._process.stdin
        assert pipe is not None
        # A process that has ended already is noticed by who waits for it to be ready.
        with contextlib.suppress(BrokenPipeError):
            pipe.write(token.encode("ascii") + b"\n")
            pipe.flush()


def _environment() -> dict[str, str]:
    """Ours without what is said to Provisor: keys and passwords among it are no business of a server of others."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
