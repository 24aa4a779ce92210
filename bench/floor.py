"""The floor: a bare aiohttp and uvloop loop that sends the recorded requests again, and does nothing else.

`python -m bench.floor FILE` is the process that does it; `measure` starts it, so that the floor has an
interpreter to itself as the pass had.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from yarl import URL

from bench.recording import Recorded, predecessors


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """How long the replay took, and how many answers had another status than the first time."""

    seconds: float
    requests: int
    mismatches: int


def measure(base_url: str, token: str, requests: list[Recorded], connections: int) -> Floor:
    """Replay the requests in a process of its own against a freshly reset lab; raises CalledProcessError."""
    job = {
        "base_url": base_url,
        "token": token,
        "connections": connections,
        "requests": [asdict(request) for request in requests],
    }
    with tempfile.TemporaryDirectory(prefix="provisor-bench-") as name:
        file = Path(name) / "requests.json"
        file.write_text(json.dumps(job))
        command = [sys.executable, "-m", "bench.floor", str(file)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Floor(**json.loads(printed))


class _Replay:
    """All requests with their answers; everything that can be prepared is prepared before the clock starts."""

    def __init__(self, base_url: str, requests: list[Recorded]) -> None:
        self.mismatches = 0
        self._requests = requests
        self._urls = [URL(base_url + request.path, encoded=True) for request in requests]
        self._bodies = [request.body.encode() if request.body else None for request in requests]
        self._needs = predecessors(requests)
        self._answered = {need: asyncio.Event() for needs in self._needs for need in needs}

    async def run(self, session: aiohttp.ClientSession, connections: int) -> None:
        positions = iter(range(len(self._requests)))
        async with asyncio.TaskGroup() as workers:
            for _ in range(connections):
                workers.create_task(self._work(session, positions))

    async def _work(self, session: aiohttp.ClientSession, positions: Iterator[int]) -> None:
        for position in positions:
            for need in self._needs[position]:
                await self._answered[need].wait()
            await self._send(session, position)
            if position in self._answered:
                self._answered[position].set()

    async def _send(self, session: aiohttp.ClientSession, position: int) -> None:
        request = self._requests[position]
        headers = {"Content-Type": request.content_type} if request.content_type else {}
        async with session.request(
            request.method,
            self._urls[position],
            data=self._bodies[position],
            headers=headers,
            allow_redirects=False,
        ) as answer:
            await answer.read()
        self.mismatches += answer.status != request.status


async def _run(job: dict[str, Any]) -> Floor:
    requests = [Recorded(**values) for values in job["requests"]]
    headers = {
        "Authorization": f"Bearer {job['token']}",
        "Accept": "application/scim+json",
        "Accept-Encoding": "identity",
        "User-Agent": "floor",
    }
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=job["connections"]),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:
        replay = _Replay(job["base_url"], requests)
        started = time.perf_counter()
        await replay.run(session, job["connections"])
        seconds = time.perf_counter() - started
    return Floor(seconds=seconds, requests=len(requests), mismatches=replay.mismatches)


def main() -> None:
    """Replay the job in the file named by the first argument; prints the Floor as JSON."""
    job = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps(asdict(uvloop.run(_run(job)))))


if __name__ == "__main__":
    main()
