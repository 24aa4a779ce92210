"""Objects per second with bulk requests against the floor's without (design, section 9), and how many requests it takes.

The floor replays the requests of a pass without bulk: one for each object, on the same connections, doing nothing else.
"""

import os
import platform
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.servers import LabServer, lab

from bench import floor
from bench.ours import provision
from bench.recording import recorded

OPERATIONS = 1_000


def run(objects: int, connections: int, latency_ms: float, rounds: int) -> dict[str, Any]:
    """Measure; `ratio` is the median of the quotients. Raises RuntimeError when the target does not hold everything."""
    options = {"keep_requests": True, "latency_ms": latency_ms, "bulk_operations": OPERATIONS}
    with lab(options) as server:
        measured = [_round(server, objects, connections) for _ in range(rounds)]
    ratios = [one["ratio"] for one in measured]
    return {
        "ratio": statistics.median_low(ratios),
        "ratios": ratios,
        "requests": max(one["requests"] for one in measured),
        "requests_without": max(one["requests_without"] for one in measured),
        "objects_per_second": statistics.median_low(one["ours"] for one in measured),
        "floor_objects_per_second": statistics.median_low(one["floor"] for one in measured),
        "conditions": {
            "objects": objects,
            "connections": connections,
            "latency_ms": latency_ms,
            "operations": OPERATIONS,
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
        },
    }


def _round(server: LabServer, objects: int, connections: int) -> dict[str, Any]:
    seconds, requests = _ours(server, objects, connections, bulk=True)
    _, singly = _ours(server, objects, connections, bulk=False)
    replayed = recorded(server.requests(whole=True))
    server.reset()
    replay = floor.measure(server.base_url, server.token, replayed, connections)
    _check(server, objects)
    ours, bare = objects / seconds, objects / replay.seconds
    return {
        "ratio": round(ours / bare, 3),
        "ours": round(ours, 1),
        "floor": round(bare, 1),
        "requests": requests,
        "requests_without": singly,
    }


def _ours(server: LabServer, objects: int, connections: int, *, bulk: bool) -> tuple[float, int]:
    server.reset()
    server.set_options(bulk=bulk)
    with tempfile.TemporaryDirectory(prefix="provisor-bench-") as data_dir:
        ours = provision(Path(data_dir), server.base_url, server.token, objects, connections)
    _check(server, objects)
    return ours.seconds, len(server.requests())


def _check(server: LabServer, objects: int) -> None:
    state = server.state()
    members = [len(group.get("members", [])) for group in state.groups.values()]
    if len(state.users) != objects or members != [objects]:
        raise RuntimeError(
            f"The target holds {len(state.users)} users and groups of {members}, not {objects} in one."
        )
