"""Whether bad applications slow the good ones down (R7): one that hangs, one that fails and one that is hostile beside 97.

The figure is the 99th percentile of the time from a committed change to the moment when its outcome is stored as
confirmed, over the healthy applications only. It is measured in one engine, in pairs that take turns: the bad three
paused, then all with a backlog and pressed to be tried again every five seconds. `ratio` is the median of the quotients.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.servers import ServerProcess, lab

HANGS = {"faults": [{"kind": "stall", "count": 0}]}
FAILS = {"faults": [{"kind": "status", "status": 500, "count": 0}]}


def run(healthy: int, changes: int, per_second: float, pairs: int) -> dict[str, Any]:
    """Measure; raises RuntimeError with what was printed when the process fails."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="provisor-bench-") as data_dir:
        targets = {
            "healthy": stack.enter_context(lab({"bulk": False})).base_url,
            "hanging": stack.enter_context(lab(HANGS)).base_url,
            "failing": stack.enter_context(lab(FAILS)).base_url,
            "hostile": stack.enter_context(_hostile()),
        }
        job = {
            "targets": targets,
            "healthy": healthy,
            "changes": changes,
            "per_second": per_second,
            "pairs": pairs,
        }
        measured = _measured(job, Path(data_dir))
    ratios = [round(pair["beside"] / pair["alone"], 3) for pair in measured]
    return {
        "ratio": statistics.median_low(ratios),
        "ratios": ratios,
        "p99_ms": measured,
        "conditions": {
            **{name: job[name] for name in ("healthy", "changes", "per_second", "pairs")},
            "cpus": os.cpu_count(),
        },
    }


def _measured(job: dict[str, Any], data_dir: Path) -> list[dict[str, float]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    environment |= {"PROVISOR_DATA_DIR": str(data_dir), "PROVISOR_PRIVATE_TARGETS": "127.0.0.0/8"}
    command = [sys.executable, "-m", "bench.isolation_engine", json.dumps(job)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"The engine's process ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    measured: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return measured


@contextmanager
def _hostile() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="provisor-bench-") as name:
        process = ServerProcess([sys.executable, "-m", "bench.hostile"], Path(name) / "output.txt")
        try:
            yield process.first_line()
        finally:
            process.end(signal.SIGINT)
