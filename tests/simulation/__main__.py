"""Run many seeds, on all cores, and say which broke a rule. The same seed always plays the same."""

import argparse
import os
import subprocess
import sys
import time

_HASH_SEED = "0"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _play(base: int, count: int, *, tell: bool, slowly: bool) -> int:
    from tests.simulation.machine import Machine

    clock = time.monotonic
    machine, broken = Machine(slowly=slowly), 0
    # models can be imported only now
    from tests.simulation.seed import Seed

    began = clock()
    for seed in range(base, base + count):
        outcome = Seed(machine, seed, telling=tell).play()
        if outcome.broken:
            broken += 1
            _say(f"seed {seed}: {outcome.broken}")
        if tell:
            _say("\n".join(outcome.story))
            _say(
                f"{outcome.users} users, {outcome.requests} requests, {outcome.lives} lives, {outcome.days:.1f} days"
            )
    seconds = clock() - began
    _say(f"{count} seeds from {base}: {broken} broken, {seconds:.1f} s, {count / seconds:.1f} seeds/s")
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--base", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tell", action="store_true", help="print the story of each seed")
    parser.add_argument(
        "--slowly", action="store_true", help="with all of Django as it is, without shortcuts"
    )
    arguments = parser.parse_args()
    if arguments.processes == 1 or arguments.seeds < arguments.processes:
        tell, slowly = arguments.tell, arguments.slowly
        return 1 if _play(arguments.base, arguments.seeds, tell=tell, slowly=slowly) else 0
    return _divide(arguments)


def _divide(arguments: argparse.Namespace) -> int:
    """Give each process a part of the seeds."""
    share = -(-arguments.seeds // arguments.processes)
    started = []
    for base in range(arguments.base, arguments.base + arguments.seeds, share):
        count = min(share, arguments.base + arguments.seeds - base)
        line = [
            sys.executable,
            "-m",
            "tests.simulation",
            "--processes",
            "1",
            "--base",
            str(base),
            "--seeds",
            str(count),
        ]
        flags = [f"--{name}" for name in ("tell", "slowly") if getattr(arguments, name)]
        started.append(subprocess.Popen([*line, *flags]))
    return max(process.wait() for process in started)


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != _HASH_SEED:
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": _HASH_SEED},
        )
    sys.exit(main())
