"""Throughput of a pass against the floor: the same requests, the same connections, the same target (design, section 9)."""

import os
import platform
import statistics
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.servers import LabServer, lab

from bench import floor
from bench.ours import provision
from bench.recording import recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """One of the two sides. `objects_per_second` counts the users that were created."""

    seconds: float
    requests: int
    requests_per_second: float
    objects_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One pass and the replay of its requests."""

    ours: Speed
    floor: Speed
    ratio: float


def run(objects: int, connections: int, latency_ms: float, rounds: int) -> dict[str, Any]:
    """Measure `rounds` times; the report holds the round with the median ratio, all ratios and the conditions.

    Raises RuntimeError when the target does not hold exactly what was asked for, or the replay was answered otherwise.
    """
    options = {"keep_requests": True, "latency_ms": latency_ms, "bulk": False}
    with lab(options) as server:
        measured = [_round(server, objects, connections) for _ in range(rounds)]
    middle = statistics.median_low(one.ratio for one in measured)
    chosen = next(one for one in measured if one.ratio == middle)
    return {
        "ours": chosen.ours.requests_per_second,
        "floor": chosen.floor.requests_per_second,
        "ratio": chosen.ratio,
        "measured": {"ours": asdict(chosen.ours), "floor": asdict(chosen.floor)},
        "ratios": [one.ratio for one in measured],
        "conditions": {
            "objects": objects,
            "connections": connections,
            "latency_ms": latency_ms,
            "rounds": rounds,
            "requests": chosen.ours.requests,
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
        },
    }


def _round(server: LabServer, objects: int, connections: int) -> Round:
    server.reset()
    with tempfile.TemporaryDirectory(prefix="provisor-bench-") as data_dir:
        ours = provision(Path(data_dir), server.base_url, server.token, objects, connections)
    _check(server, objects)
    requests = recorded(server.requests(whole=True))
    server.reset()
    replay = floor.measure(server.base_url, server.token, requests, connections)
    _check(server, objects)
    if replay.mismatches:
        raise RuntimeError(
            f"{replay.mismatches} of {replay.requests} replayed requests were answered otherwise."
        )
    return Round(
        ours=_speed(ours.seconds, len(requests), objects),
        floor=_speed(replay.seconds, replay.requests, objects),
        ratio=round(replay.seconds / ours.seconds, 3),
    )


def _check(server: LabServer, objects: int) -> None:
    state = server.state()
    members = [len(group.get("members", [])) for group in state.groups.values()]
    if len(state.users) != objects or members != [objects]:
        raise RuntimeError(
            f"The target holds {len(state.users)} users and groups of {members}, not {objects} in one."
        )


def _speed(seconds: float, requests: int, objects: int) -> Speed:
    return Speed(
        seconds=round(seconds, 3),
        requests=requests,
        requests_per_second=round(requests / seconds, 1),
        objects_per_second=round(objects / seconds, 1),
    )
