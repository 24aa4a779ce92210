"""`python -m tests.crash.runner`: engine processes on the data directory of the environment, one for each SIGUSR1.

It sets everything up once and prints `warm`. At SIGUSR1 it forks a process that starts the engine and prints `ready`
with its number; so a test can kill engines by the dozen without waiting for imports. All end at SIGTERM, and when the
process that started them is gone.
"""

import argparse
import importlib
import os
import signal
import sys
import threading
from dataclasses import replace
from typing import Any

from provisor.scim.limits import TransportLimits
from provisor.site.start import start

#: Seconds between two looks whether the parent is still there.
_LOOK_EVERY = 0.5


def _serve(around: dict[str, Any]) -> None:
    """Run the engine until SIGTERM, in a process of its own."""
    from provisor.provisioning.homes.home import make_engine
    from provisor.provisioning.surroundings import Surroundings

    parent, ended = os.getppid(), threading.Event()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    engine = make_engine(Surroundings(**around))
    engine.start()
    print(f"ready {os.getpid()}", flush=True)  # noqa: T201 - how the starter learns it
    while not ended.wait(_LOOK_EVERY) and os.getppid() == parent:
        pass
    engine.stop()


def _limits(seconds: float | None) -> TransportLimits:
    """The limits of requests that end so much earlier; what is derived from them is shorter, too."""
    own = TransportLimits()
    if seconds is None:
        return own
    return replace(own, connect=min(own.connect, seconds), read=min(own.read, seconds), total=seconds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crash.runner", description=__doc__)
    parser.add_argument(
        "--sweep-every", type=float, help="seconds between two sweeps; the engine's own without it"
    )
    parser.add_argument(
        "--request-timeout", type=float, help="seconds that a request may last; the engine's own without it"
    )
    arguments = parser.parse_args()
    wanted = {signal.SIGUSR1, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    # The kernel forgets our children by itself as soon as they end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    start()
    around: dict[str, Any] = {"limits": _limits(arguments.request_timeout)}
    if arguments.sweep_every is not None:
        around["sweep_every"] = arguments.sweep_every
    # imported once, so that a fork has nothing left to load
    importlib.import_module("provisor.provisioning.homes.engine")
    print("warm", flush=True)  # noqa: T201 - how the starter learns it
    parent = os.getppid()
    while os.getppid() == parent:
        came = signal.sigtimedwait(wanted, _LOOK_EVERY)
        if came is None:
            continue
        if came.si_signo == signal.SIGTERM:
            return
        if os.fork() == 0:
            _serve(around)
            sys.stdout.flush()
            os._exit(0)


main()
