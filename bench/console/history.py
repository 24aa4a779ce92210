"""What the company has behind it: runs and attempts, the journal, the audit, administrators, finished work."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from bench.people import user_body
from provisor.access.models import Account
from provisor.access.permissions import ADMINISTRATIVE
from provisor.access.tokens import issue
from provisor.audit.actor import SYSTEM, Actor
from provisor.audit.record import Act, record_many
from provisor.console.long_work.results import result
from provisor.console.models import Work
from provisor.directory import journal
from provisor.directory.journal import Line
from provisor.directory.models import JournalEntry, User
from provisor.directory.statements import insert
from provisor.identifiers import uuid7
from provisor.provisioning.models import Attempt, Link, Run

ATTEMPTS, JOURNAL, AUDIT = 200_000, 200_000, 100_000
_ATTEMPTS_IN_A_RUN = 40
#: The month that all of it happened in, and the part of it that happened within the last hour.
_MONTH, _HOUR = 30 * 24 * 3_600_000, 3_600_000
_LATELY = 50
_ADMINISTRATORS = 25
_EVENTS = ("user.updated", "user.disabled", "user.enabled", "group.members_added", "group.members_removed")
_REFUSED = "The application refused the value (400): this field is too long."


def _administrator(number: int) -> Actor:
    return Actor(kind="account", id=str(number), label=f"administrator{number}@example.com")


def write_history(owner: str) -> None:
    """Fill every table of the past; `owner` is the e-mail address of the account that measures."""
    people = list(User.objects.order_by("user_name_key").values_list("id", "user_name"))
    _administrators(owner)
    _attempts()
    _journal(people)
    _audit(people)
    _works(owner)


def _administrators(owner: str) -> None:
    """Accounts without a password: nobody types one here."""
    for number in range(_ADMINISTRATORS):
        email = owner if not number else f"administrator{number}@example.com"
        role = ADMINISTRATIVE[number % len(ADMINISTRATIVE)]
        account = Account(email=email, name=f"Administrator {number}", role=role, created_at=timezone.now())
        account.set_unusable_password()
        account.save(force_insert=True)
        issue(account, f"Token {number}", role, SYSTEM)


def _attempts() -> None:
    now = int(time.time() * 1000)
    links = list(Link.objects.order_by("id").values_list("id", "application_id", "local_id", "kind"))
    runs: list[Run] = []
    columns = (
        "application_id", "link_id", "run_id", "local_id", "at", "act", "method", "path", "status",
        "milliseconds", "request", "response", "reason",
    )  # fmt: skip
    with transaction.atomic():
        insert(Attempt, columns, _exchanges(links, runs, now))
        Run.objects.bulk_create(runs, batch_size=1_000)


def _exchanges(links: list[tuple[Any, ...]], runs: list[Run], now: int) -> Iterator[tuple[Any, ...]]:
    for place in range(ATTEMPTS):
        # Runs of one application follow each other, as passes do.
        number, left = divmod(place, _ATTEMPTS_IN_A_RUN)
        link, application, local, kind = links[(number * 4_973 + left) % len(links)]
        at = _moment(place, now)
        if not left:
            runs.append(_run(application, at))
        failed = place % 53 == 0
        body = json.dumps(user_body(place)) if kind == "user" else '{"displayName": "A group"}'
        yield (
            runs[-1].application_id, link, runs[-1].id, local, at, "update" if place % 4 else "create",
            "PATCH" if place % 4 else "POST", f"/Users/{local.hex}", 400 if failed else 200, 40.0 + place % 90,
            body, body, _REFUSED if failed else "",
        )  # fmt: skip


def _moment(place: int, now: int) -> int:
    """Attempts in order over the month, one in fifty of them within the last hour."""
    early = ATTEMPTS - ATTEMPTS // _LATELY
    if place < early:
        return now - _MONTH + (_MONTH - _HOUR) * place // early
    return now - _HOUR + _HOUR * (place - early) // (ATTEMPTS - early)


def _run(application: UUID, at: int) -> Run:
    totals = {"update": 30, "create": 10, "requests": _ATTEMPTS_IN_A_RUN, "failed": 1}
    return Run(
        id=uuid7(), application_id=application, state="finished", started_at=at, finished_at=at + 4_000, totals=totals,
    )  # fmt: skip


def _journal(people: list[tuple[UUID, str]]) -> None:
    """What was written by the founding, and changes of people up to the number that is wanted; over one month."""
    left = max(JOURNAL - JournalEntry.objects.count(), 0)
    for number, event in enumerate(_EVENTS):
        some = (people[(place * 31 + number) % len(people)] for place in range(left // len(_EVENTS)))
        lines = [
            Line(subject_id=one, detail={"userName": name, "attributes": ["title"]}) for one, name in some
        ]
        with transaction.atomic():
            journal.record_many(event, actor=_administrator(number), lines=lines)
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(id) FROM directory_journal")
        last = cursor.fetchone()[0]
        seconds = _MONTH / 1000 / last
        cursor.execute(
            "UPDATE directory_journal SET at = strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now',"
            " '-' || CAST((%s - id) * %s AS INTEGER) || ' seconds')",
            [last, seconds],
        )


def _audit(people: list[tuple[UUID, str]]) -> None:
    """A chain that holds."""
    run = 1_000
    for number in range(AUDIT // run):
        actor = Actor(kind="account", id=f"{number % 20}", label=f"administrator{number % 20}@example.com")
        some = (people[(number * run + place) % len(people)] for place in range(run))
        acts = [
            Act(
                act="user.updated",
                subject_id=str(one),
                subject_label=name,
                before={"title": "Engineer"},
                after={"title": "Senior Engineer"},
            )
            for one, name in some
        ]
        with transaction.atomic():
            record_many(actor, acts)


def _works(owner: str) -> None:
    account = Account.objects.get(email=owner)
    rows = [[place + 2, f"person{place:06d}", "The e-mail address is no address."] for place in range(500)]
    made = result("Imported 99,500 of 100,000 people.", header=("Line", "User", "Why"), rows=rows)
    now = timezone.now()
    Work.objects.bulk_create(
        Work(kind="import-users", title="Import of people.csv", account=account, state="finished", process="bench",
             done=100_000, total=100_000, started_at=now, ended_at=now, result=made)
        for _ in range(20)
    )  # fmt: skip
