"""The links of the company as they stand after some months: most in sync, some in every other state."""

import time
from collections.abc import Iterator
from typing import Any

import orjson
from django.db import connection, transaction

from bench.people import ENTERPRISE
from provisor.applications.models import Application
from provisor.directory.models import User
from provisor.directory.statements import insert
from provisor.identifiers import uuid7
from provisor.provisioning.models import AccessInterval, Health, Hold, Link

_DAY = 24 * 3_600_000
#: State, how many of a thousand, reasons in turn. Who is left over is in sync.
_STATES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("due", 20, ("", "")),
    ("waiting", 5, ("It waits for the account of the manager.",)),
    (
        "failed",
        12,
        (
            'The application refused the value of "title": at most 20 characters (400).',
            'The application refused the value of "emails": the domain is not verified (400).',
            "The application answered 409: the user name is taken there.",
        ),
    ),
    ("conflict", 4, ("The application has 2 accounts whose userName is the same. A person must say which.",)),
    ("held", 3, ("The brake holds it.",)),
    ("missing", 4, ("The account is not there any more.",)),
    ("released", 3, ("Kept: a person rejected the removal.",)),
    ("excluded", 5, ("Protected: it is on the application's list of exclusions.",)),
)
_HELD_BECAUSE = (
    "One import disabled 41 of 42 people of a group.",
    "The group lost more than a fifth of its members at once.",
)
_SETTLE = """
UPDATE provisioning_link SET state = %s, reason = %s, remote_id = %s, origin = 'created', done_generation = generation,
    sent = %s, observed = %s, in_scope = %s, cause = %s, phase = %s, attempts = %s, not_before = %s, changed_at = %s
WHERE id = %s
"""


def settle_links() -> None:
    """Give every link a state, what was sent, and whatever goes with its state."""
    bodies = {
        user.id: _sent(user) for user in User.objects.only("id", "user_name", "active", "resource").iterator()
    }
    watched = set(Application.objects.filter(mode="observe").values_list("id", flat=True))
    rows = Link.objects.order_by("id").values_list("id", "local_id", "kind", "application_id")
    with transaction.atomic(), connection.cursor() as cursor:
        # Of an application that is only observed nothing was sent: its links stay due.
        known = [row for row in rows if row[3] not in watched]
        cursor.executemany(_SETTLE, list(_settled(known, bodies)))
        cursor.execute(
            "UPDATE provisioning_link_member SET due = FALSE, remote_id = 'r' || user_id WHERE link_id IN"
            " (SELECT id FROM provisioning_link WHERE state = 'in_sync')"
        )
    _hold()
    _intervals()
    _health()


def _sent(user: User) -> bytes:
    """The values of the generic mapping, by path."""
    resource = user.resource
    enterprise = resource[ENTERPRISE]
    return orjson.dumps(
        {
            "userName": user.user_name,
            "externalId": str(user.id),
            "displayName": resource["displayName"],
            "name.givenName": resource["name"]["givenName"],
            "name.familyName": resource["name"]["familyName"],
            'emails[type eq "work"].value': resource["emails"][0]["value"],
            "title": resource["title"],
            "active": user.active,
            f"{ENTERPRISE}:department": enterprise["department"],
            f"{ENTERPRISE}:employeeNumber": enterprise["employeeNumber"],
        }
    )


def _settled(rows: list[tuple[Any, ...]], bodies: dict[Any, bytes]) -> Iterator[tuple[Any, ...]]:
    now = int(time.time() * 1000)
    for place, (link, local, kind, _application) in enumerate(rows):
        state, reason = _state(place)
        sent = bodies.get(local, b'{"displayName": "A group"}').decode()
        leaving = state == "held" or (state == "due" and place % 3 == 0 and kind == "user")
        stuck = state in ("failed", "waiting")
        yield (
            state, reason, f"r{link:x}-{local.hex[:12]}", sent, sent, not leaving, "disabled" if leaving else "",
            0 if leaving else 2 if kind == "user" else 3, 5 if stuck else 0, now + _DAY if stuck else 0,
            now - (place * 7_919) % (30 * _DAY), link,
        )  # fmt: skip


def _state(place: int) -> tuple[str, str]:
    left = place * 7_919 % 1_000
    for state, share, reasons in _STATES:
        if left < share:
            return state, reasons[place % len(reasons)]
        left -= share
    return "in_sync", ""


def _hold() -> None:
    """One hold for each link that is held."""
    now = int(time.time() * 1000)
    held = Link.objects.filter(state="held").values_list("id", "application_id")
    Hold.objects.bulk_create(
        [
            Hold(
                id=uuid7(),
                application_id=application,
                link_id=link,
                act="deactivate",
                cause="disabled",
                effect=f"{link:064x}",
                reason=_HELD_BECAUSE[place % len(_HELD_BECAUSE)],
                held_at=now - place * 1_000,
            )
            for place, (link, application) in enumerate(held)
        ],
        batch_size=1_000,
    )


def _intervals() -> None:
    """Each account is live since it was made."""
    columns = ("application_id", "user_id", "remote_id", "from_at", "from_cause", "to_cause")
    live = Link.objects.filter(kind="user", state="in_sync").order_by("id")
    rows = live.values_list("application_id", "local_id", "remote_id", "changed_at")
    with transaction.atomic():
        insert(AccessInterval, columns, ((*row, "created", "") for row in rows))


def _health() -> None:
    """The second application refuses its token, the third cannot be reached; the others are well."""
    now = int(time.time() * 1000)
    states = {1: "refused", 2: "unreachable"}
    Health.objects.bulk_create(
        [
            Health(
                application=application,
                state=states.get(place, "well"),
                reason="It refused the sign-in (401). Enter a new token." if place in states else "",
                since=now - _DAY,
                probed_at=now - _DAY,
                last_contact=now - place * 60_000,
            )
            for place, application in enumerate(Application.objects.order_by("id"))
        ]
    )
