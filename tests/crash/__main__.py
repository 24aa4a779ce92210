"""Kill real engine processes many times, and report what that lost, doubled or reordered.

The stories are those of `test_kill_loop`; story number n is the same in every run, so that a total may add up over several
runs by `--base`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.crash.targets import KILLS

_LOOP = "tests/crash/test_kill_loop.py"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _play(base: int, stories: int, report: Path, processes: int) -> int:
    environment = os.environ | {
        "CRASH_BASE": str(base), "CRASH_STORIES": str(stories), "CRASH_REPORT": str(report),
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(processes), "--dist", "load", _LOOP]
    return subprocess.run(command, env=environment, check=False).returncode


def _told(report: Path) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in report.read_text().splitlines()]
    return sorted(told, key=lambda one: int(one["seed"]))


def _summary(told: list[dict[str, Any]]) -> str:
    figures = {name: sum(one[name] for one in told) for name in ("kills", "under_way", "writes", "seconds")}
    counts = {
        name: sum(len(one["tally"][name]) for one in told)
        for name in ("lost", "duplicated", "reordered", "wrong")
    }
    seeds = f"{told[0]['seed']} to {told[-1]['seed']}" if told else "none"
    return (
        f"{figures['kills']} kills (seeds {seeds}), {figures['under_way']} of them with writes under way; "
        f"{figures['writes']} writes arrived, {figures['seconds']:.0f} s\n"
        + ", ".join(f"{name} {count}" for name, count in counts.items())
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help=f"rounded up to stories of {KILLS}")
    parser.add_argument("--base", type=int, default=1, help="the seed of the first story")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="so many stories side by side"
    )
    arguments = parser.parse_args()
    stories = -(-arguments.kills // KILLS)
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "told.jsonl"
        report.touch()
        code = _play(arguments.base, stories, report, arguments.processes)
        told = _told(report)
    _say(_summary(told))
    _say(f"go on by: make crash KILLS={arguments.kills} BASE={arguments.base + stories}")
    return code


if __name__ == "__main__":
    sys.exit(main())
