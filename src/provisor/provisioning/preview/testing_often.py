"""Tests of a connection by people and tokens: each is in the audit record before it leaves, and they are not endless.

Somebody who may test could else try credentials, or look for open ports, as fast as the process can ask (CVE-2026-55106).
The record counts them: it is durable, and all processes share it.
"""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from provisor.applications.models import Application
from provisor.audit import chain
from provisor.audit.actor import Actor, ActorKind
from provisor.audit.models import AuditEntry
from provisor.audit.record import record
from provisor.provisioning.operations import OperationRefused

#: Tests by one account or token of one application, and of all values together that belong to none yet.
MOST: Final = 10
WITHIN: Final = timedelta(minutes=1)
TESTED, READ, TRIED = "application.tested", "application.attributes_read", "connection.tried"
_LIMITED: Final = frozenset({ActorKind.ACCOUNT, ActorKind.TOKEN})
TOO_OFTEN: Final = (
    "You have tested this connection {number} times within a minute, so nothing was asked of it. "
    "Try again in {seconds} seconds."
)


class TestedTooOften(OperationRefused):
    """The next test may be made in `seconds`."""

    #: No test of ours, whatever its name says to pytest.
    __test__ = False

    def __init__(self, seconds: int) -> None:
        super().__init__(TOO_OFTEN.format(number=MOST, seconds=seconds))
        self.seconds = seconds


def begin_test(act: str, actor: Actor, base_url: str, application: Application | None, method: str) -> None:
    """Record a test that is about to be sent: where it goes, and by which method of authentication, no value of it.

    Raises TestedTooOften. Whoever has a shell on the server is not counted.
    """
    subject = "" if application is None else str(application.pk)
    with transaction.atomic():
        chain.lock()
        if actor.kind in _LIMITED:
            _refuse_too_often(actor, subject)
        record(
            actor, act, subject_id=subject, subject_label=application.name if application else base_url,
            after={"base_url": base_url, "method": method},
        )  # fmt: skip


def _refuse_too_often(actor: Actor, subject: str) -> None:
    now = timezone.now()
    made = AuditEntry.objects.filter(
        at__gt=now - WITHIN, actor_kind=actor.kind, actor_id=actor.id, subject_id=subject, act__in=(TESTED, READ, TRIED)
    ).order_by("-id")  # fmt: skip
    last = list(made.values_list("at", flat=True)[:MOST])
    if len(last) == MOST:
        raise TestedTooOften(max(1, -int((now - last[-1] - WITHIN).total_seconds() // 1)))
