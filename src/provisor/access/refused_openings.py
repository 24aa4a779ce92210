"""Applications that were not opened for somebody: each reason is in the audit record once a day, however often they try."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from provisor.access.accounts import in_turn
from provisor.access.demands import policies
from provisor.access.models import Account, RefusedOpening
from provisor.access.openings import Standing
from provisor.access.principals import of_account
from provisor.audit.record import record

#: So long the same reason for the same person and application is not written again.
AGAIN_AFTER: Final = timedelta(days=1)
NOT_IN_SCOPE: Final = "no policy gives it to them"


def record_out_of_scope(account: Account, application_id: UUID, *, through: str) -> None:
    """Record that somebody asked for an application that no policy gives them; of what is none, nothing is written."""
    name = policies().name_of(application_id)
    if name:
        _record(account, application_id, name, NOT_IN_SCOPE, through)


def record_too_weak(account: Account, standing: Standing, *, through: str) -> None:
    """Record that a session has proved too little for the policy that decides, and what is missing."""
    demand = standing.demand
    missing = " and ".join(
        f"{step.method}{' (to be set up)' if step.enrol else ''}" for step in standing.steps
    )
    reason = f'the policy "{demand.policy_name}" asks for {missing}'
    _record(account, demand.application_id, demand.application_name, reason, through)


def _record(account: Account, application_id: UUID, name: str, reason: str, through: str) -> None:
    now = timezone.now()
    known = {"account": account, "application_id": application_id, "reason": reason}
    if RefusedOpening.objects.filter(**known, at__gt=now - AGAIN_AFTER).exists():
        return
    with in_turn():
        row, is_new = RefusedOpening.objects.get_or_create(**known, defaults={"at": now})
        if not is_new and row.at > now - AGAIN_AFTER:
            return
        RefusedOpening.objects.filter(pk=row.pk).update(at=now)
        record(
            of_account(account).actor,
            "application.opening_refused",
            subject_id=str(application_id),
            subject_label=name,
            after={"reason": reason, "through": through},
        )
