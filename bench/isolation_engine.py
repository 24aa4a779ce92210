"""The process that `bench.isolation` measures: a hundred applications, one engine, and changes at a steady rate."""

import json
import random
import sys
import threading
import time
from typing import Any
from uuid import UUID

#: People of each healthy application: as many changes a round can have, each of somebody else.
_PEOPLE = 6
_BACKLOG = 200
_BAD = ("hanging", "failing", "hostile")
_PATIENCE = 120.0
#: Seconds between two resumptions of the bad ones: by themselves they would wait for half a minute and longer.
_PRESS_EVERY = 5.0


class Company:
    """The directory, the applications, and who is in which."""

    def __init__(self, job: dict[str, Any]) -> None:
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        self._job = job
        #: Who is in healthy applications: each person in one.
        self.people: list[UUID] = []
        self.bad: list[UUID] = []
        for number in range(job["healthy"]):
            self._application(f"Healthy {number}", job["targets"]["healthy"], number * _PEOPLE, _PEOPLE)
        for number, name in enumerate(_BAD):
            start = 1_000_000 + number * _BACKLOG
            self.bad.append(self._application(name.title(), job["targets"][name], start, _BACKLOG))

    def _application(self, name: str, base_url: str, first: int, count: int) -> UUID:
        from bench.people import user_body
        from provisor.applications.applications import create_application, pause
        from provisor.applications.policies import create_policy
        from provisor.audit.actor import SYSTEM
        from provisor.directory.bulk import create_users
        from provisor.directory.groups import create_group
        from provisor.directory.memberships import add_members

        created = create_users([user_body(first + n) for n in range(count)], actor=SYSTEM).created
        group = create_group(f"{name}'s people", actor=SYSTEM)
        add_members(group.id, created.values(), actor=SYSTEM)
        application = create_application(
            actor=SYSTEM,
            name=name,
            base_url=base_url,
            auth={"method": "bearer", "token": "tok"},
            mode="enforce",
        )
        if name.lower() in _BAD:
            pause(application.id, actor=SYSTEM)
        else:
            self.people += created.values()
        create_policy(actor=SYSTEM, name=name, application=application.id, group=group.id, push_group=False)
        return application.id

    def bad_ones(self, *, take_part: bool) -> None:
        from provisor.applications.applications import pause, resume
        from provisor.audit.actor import SYSTEM

        for application in self.bad:
            (resume if take_part else pause)(application, actor=SYSTEM)

    def press(self) -> None:
        """Have the bad ones tried again at once, whatever was concluded of them."""
        from provisor.provisioning.models import Health, Link

        Health.objects.filter(application__in=self.bad).update(not_before=0, state="well", recent=[])
        Link.objects.filter(application__in=self.bad, state="due").update(not_before=0)


def _settled(people: list[UUID]) -> bool:
    from provisor.provisioning.models import Link

    return Link.objects.filter(local_id__in=people, state="in_sync").count() == len(people)


def _await_settled(people: list[UUID]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _settled(people):
        if time.monotonic() > deadline:
            raise RuntimeError("The healthy applications did not come into sync.")
        time.sleep(0.2)


def _round(people: list[UUID], number: int, per_second: float) -> float:
    """Change each person at a steady rate; the 99th percentile of the milliseconds until it was confirmed."""
    from provisor.audit.actor import SYSTEM
    from provisor.directory.models import User
    from provisor.directory.users import replace_user
    from provisor.provisioning.models import Link

    committed: dict[UUID, int] = {}
    begun = time.monotonic()
    for position, person in enumerate(people):
        time.sleep(max(0.0, begun + position / per_second - time.monotonic()))
        document = {**User.objects.get(pk=person).resource, "title": f"title {number}"}
        replace_user(person, document, actor=SYSTEM)
        committed[person] = time.time_ns() // 1_000_000
    _await_settled(people)
    confirmed = Link.objects.filter(local_id__in=people).values_list("local_id", "changed_at")
    waits = sorted(at - committed[person] for person, at in confirmed)
    return float(waits[int(0.99 * len(waits))])


def _pair(company: Company, people: list[UUID], number: int, per_second: float) -> dict[str, float]:
    """One round without and one with the bad ones; which comes first takes turns."""
    found: dict[str, float] = {}
    sides = ("alone", "beside") if number % 2 else ("beside", "alone")
    for side in sides:
        ended = threading.Event()
        pressing = threading.Thread(target=_press, args=(company, ended))
        company.bad_ones(take_part=side == "beside")
        if side == "beside":
            pressing.start()
            time.sleep(2.0)
        found[side] = _round(people, number * 2 + (side == "beside"), per_second)
        ended.set()
        if side == "beside":
            pressing.join()
    company.bad_ones(take_part=False)
    return found


def _press(company: Company, ended: threading.Event) -> None:
    from django.db import connections

    while not ended.wait(_PRESS_EVERY):
        company.press()
    connections.close_all()


def main() -> None:
    """Prints the 99th percentiles of all pairs as JSON in its last line."""
    job = json.loads(sys.argv[1])
    from provisor.site.start import start

    start()
    company = Company(job)
    from provisor.provisioning.homes.engine import Engine

    people = random.Random(1).sample(company.people, job["changes"])
    engine = Engine()
    engine.start()
    try:
        _await_settled(company.people)
        _round(people, 0, job["per_second"])
        pairs = [_pair(company, people, number, job["per_second"]) for number in range(1, job["pairs"] + 1)]
    finally:
        engine.stop()
    print(json.dumps(pairs))


if __name__ == "__main__":
    main()
