"""A target that is away for weeks while its company lives on: how soon it is in step once it is back."""

import argparse
import gc
import json
import os
import sys
from dataclasses import replace

from tests.simulation.machine import Machine

HOUR, DAY = 3_600.0, 24 * 3_600.0
#: When the outage begins, in seconds.
BEGINS = HOUR
SIZE = 300


class Outage:
    """Plays one outage; `kind` is "silence" (nobody accepts a connection), "500" or "503" (to everything)."""

    def __init__(self, machine: Machine, *, days: float, kind: str, changes: int) -> None:
        # models can be imported only once the machine is there
        from tests.crash.day import Days
        from tests.lab.options import read_options
        from tests.simulation.company import Company
        from tests.simulation.dialects import Drawn
        from tests.simulation.lives import Lives
        from tests.simulation.watcher import Watcher
        from tests.simulation.world import World

        self._world = World(1)
        machine.begin(self._world, 1, SIZE, plain=True)
        self._company = Company(self._world, SIZE, like=Drawn(read_options({}), {}))
        self._one = self._company.installed[0]
        self._watcher = Watcher(self._world, self._one)
        self._days = Days(self._company, 1, SIZE)
        self._lives = Lives(self._world, self._company, self._at_rest)
        self._kind, self._returns = kind, BEGINS + days * DAY
        self._requests_then = 0
        self._draw(days, changes)

    def _draw(self, days: float, changes: int) -> None:
        self._lives.horizon = self._returns
        self._world.at(BEGINS, self._leave)
        for number in range(changes):
            self._world.at(BEGINS + (number + 0.5) * days * DAY / changes, lambda: self._days.act(1))
        self._world.at(self._returns, self._return)

    def _leave(self) -> None:
        from tests.lab.options import Fault, FaultKind

        if self._kind == "silence":
            self._one.network.down_until = self._returns
            return
        target = self._one.network.target
        target.set_options(
            replace(target.options, faults=(Fault(kind=FaultKind.STATUS, status=int(self._kind), count=0),))
        )

    def _return(self) -> None:
        target = self._one.network.target
        target.set_options(replace(target.options, faults=()))
        self._requests_then = self._watcher.requests

    def play(self) -> dict[str, float]:
        """Returns seconds from the return until all was in step, and the requests of before and after it."""
        self._lives.run()
        return {
            "seconds": round(self._watcher.last - self._returns, 1),
            "requests": self._watcher.requests - self._requests_then,
            "probes": self._requests_then,
        }

    def _at_rest(self) -> bool:
        from tests.simulation.verdict import judge, judge_audit

        judge(self._one, self._watcher)
        judge_audit()
        return True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.outage", description=__doc__)
    parser.add_argument("--days", type=float, default=60)
    parser.add_argument("--kind", choices=("silence", "500", "503"), default="silence")
    parser.add_argument("--changes", type=int, default=400)
    arguments = parser.parse_args()
    machine = Machine()
    # one long story: what is left over is collected as it comes
    gc.enable()
    outage = Outage(machine, days=arguments.days, kind=arguments.kind, changes=arguments.changes)
    sys.stdout.write(json.dumps(outage.play()) + "\n")


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation.outage", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    main()
