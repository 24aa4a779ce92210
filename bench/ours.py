"""Ours: a real pass of Provisor in a process of its own, on a fresh data directory with SQLite.

`provision` starts `python -m bench.ours`, which fills the directory, sets up the application and a policy, lets
the engine run and waits until every link is in sync. Everything is on: journal, audit, intents, attempts.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# A pass that takes longer than this and a tenth of a second for each link is stuck.
_GIVE_UP_SECONDS = 60.0
# The time of a pass is in its own record, so nothing is lost by looking seldom; a look takes the interpreter from it.
_LOOK_EVERY_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """How long the pass took, by its own run record, and how many requests it counted.

    `from_start_seconds` is the time since the engine was started, fold and all.
    """

    seconds: float
    requests: int
    from_start_seconds: float


def provision(data_dir: Path, base_url: str, token: str, objects: int, concurrency: int) -> Pass:
    """Create `objects` users and one group of them all at `base_url`; raises RuntimeError with what was printed."""
    command = [sys.executable, "-m", "bench.ours", base_url, token, str(objects), str(concurrency)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    environment |= {"PROVISOR_DATA_DIR": str(data_dir), "PROVISOR_PRIVATE_TARGETS": "127.0.0.0/8"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"Provisor's pass ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return Pass(**json.loads(done.stdout.splitlines()[-1]))


def _prepare(base_url: str, token: str, objects: int, concurrency: int) -> None:
    """A directory with the people in one group, an application, and a policy that brings it to the group."""
    from django.core.management import call_command

    from bench.people import user_body
    from provisor.applications.applications import create_application
    from provisor.applications.policies import create_policy
    from provisor.audit.actor import SYSTEM
    from provisor.directory.bulk import create_users
    from provisor.directory.groups import create_group
    from provisor.directory.memberships import add_members

    call_command("migrate", verbosity=0, interactive=False)
    outcome = create_users([user_body(number) for number in range(objects)], actor=SYSTEM)
    if outcome.refused:
        raise RuntimeError(f"The directory refused {len(outcome.refused)} people: {outcome.refused[0][1]}")
    group = create_group("Everybody at the bench", actor=SYSTEM)
    add_members(group.id, outcome.created.values(), actor=SYSTEM)
    application = create_application(
        actor=SYSTEM,
        name="Lab",
        base_url=base_url,
        auth={"method": "bearer", "token": token},
        limits={"concurrency": concurrency},
        mode="enforce",
    )
    create_policy(actor=SYSTEM, name="Lab for everybody", application=application.id, group=group.id)


def _run(links: int) -> Pass:
    from provisor.provisioning.homes.engine import Engine

    engine = Engine()
    started = time.perf_counter()
    engine.start()
    try:
        _wait_until_done(links)
        seconds = time.perf_counter() - started
    finally:
        engine.stop()
    return _measured(seconds)


def _wait_until_done(links: int) -> None:
    deadline = time.monotonic() + _GIVE_UP_SECONDS + links / 10
    states: dict[str, int] = {}
    while time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_SECONDS)
        if _is_running():
            continue
        states = _states()
        if states.get("in_sync", 0) == links:
            return
        if states and "due" not in states:
            break
    raise RuntimeError(f"The links did not end in sync: {states}. {_errors()}")


def _is_running() -> bool:
    from provisor.provisioning.models import Run

    return Run.objects.exclude(state__in=(Run.State.FINISHED, Run.State.STOPPED)).exists()


def _states() -> dict[str, int]:
    from django.db.models import Count

    from provisor.provisioning.models import Link

    return dict(Link.objects.values_list("state").annotate(Count("id")))


def _errors() -> list[Any]:
    from provisor.provisioning.models import Link, Run

    failed = Link.objects.exclude(state="in_sync").values_list("kind", "state", "reason")[:3]
    return [*failed, *Run.objects.values_list("state", "reason", "totals")]


def _measured(from_start: float) -> Pass:
    from provisor.provisioning.models import Run

    runs = [run for run in Run.objects.all() if run.started_at is not None and run.finished_at is not None]
    begun = min(run.started_at or 0 for run in runs)
    ended = max(run.finished_at or 0 for run in runs)
    requests = sum(run.totals.get("requests", 0) for run in runs)
    return Pass(seconds=(ended - begun) / 1000, requests=requests, from_start_seconds=from_start)


def main() -> None:
    """The process of the pass; prints the Pass as JSON in its last line."""
    parser = argparse.ArgumentParser(prog="python -m bench.ours")
    parser.add_argument("base_url")
    parser.add_argument("token")
    parser.add_argument("objects", type=int)
    parser.add_argument("concurrency", type=int)
    arguments = parser.parse_args()
    from provisor.site.start import start

    start()
    _prepare(arguments.base_url, arguments.token, arguments.objects, arguments.concurrency)
    print(json.dumps(asdict(_run(arguments.objects + 1))))


if __name__ == "__main__":
    main()
