"""Provision one user or group now, past the brake, and show each step (engine.md, section 8)."""

import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.audit.record import record as record_act
from provisor.directory import journal
from provisor.provisioning.clock import now
from provisor.provisioning.fold import fold
from provisor.provisioning.models import Attempt, Health, Link
from provisor.provisioning.operations import OperationRefused, pass_brake
from provisor.provisioning.phases import Phase
from provisor.provisioning.preview import plan_one
from provisor.provisioning.process_lock import engine_runs

#: Seconds until the answer is given with what there is by then.
PATIENCE = 30.0
POLL = 0.05

NO_ENGINE = "No engine runs on this data directory, so nothing can be sent. Start it with `provisor serve`."
NOT_ALLOWED = "{name} is paused or only observed, so nothing is sent. Resume it, or set its mode to enforce."


def provision_now(application_id: UUID, kind: str, local_id: UUID, *, actor: Actor) -> dict[str, Any]:
    """Provision one user or group at once; returns `{steps: [{name, message, ...}], state, reason}`.

    The engine does the work, in its order and at its rate; one urgent leaver never waits behind a mass event.
    """
    application = Application.objects.get(pk=application_id, deleted_at=None)
    if application.paused or application.mode != Application.Mode.ENFORCE:
        raise OperationRefused(NOT_ALLOWED.format(name=application.name))
    if not engine_runs(settings.DATA_DIR / "engine.lock"):
        raise OperationRefused(NO_ENGINE)
    fold(now())
    plan = plan_one(application_id, kind, local_id)
    last = Attempt.objects.order_by("-id").values_list("id", flat=True).first() or 0
    link = _hurry(application, kind, local_id, actor)
    if link is not None:
        link = _wait(link)
    return {
        "steps": [*_planned(plan), *_sent(link, last)],
        "state": link.state if link else "",
        "reason": link.reason if link else plan["reason"],
    }


def _hurry(application: Application, kind: str, local_id: UUID, actor: Actor) -> Link | None:
    with transaction.atomic():
        link = (
            Link.objects.select_for_update()
            .filter(application=application, kind=kind, local_id=local_id)
            .first()
        )
        record_act(actor, f"{kind}.provisioned_now", subject_id=str(local_id), subject_label=application.name)
        if link is None or link.intent is not None:
            return link
        pass_brake(link)
        link.state, link.attempts, link.not_before = Link.State.DUE, 0, 0
        if kind == "user":
            link.phase = Phase.USERS if link.in_scope else Phase.ACCOUNT_REMOVALS
        link.save()
        Health.objects.filter(application=application, state=Health.State.WELL).update(not_before=0)
        transaction.on_commit(lambda: journal.changed.send(sender=Link), robust=True)
    return link


def _wait(link: Link) -> Link | None:
    """Wait until the engine has settled it; None when the link itself is gone."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        current = Link.objects.filter(pk=link.pk).first()
        if current is None or (current.intent is None and current.state != Link.State.DUE):
            return current
        if current.intent is None and current.attempts:
            return current
        time.sleep(POLL)
    return link


def _planned(plan: dict[str, Any]) -> list[dict[str, Any]]:
    scope = "It is in scope." if plan["in_scope"] else "It is not in scope."
    compare = [operation["act"] for operation in plan["operations"]]
    return [
        {"name": "scope", "message": scope},
        {
            "name": "compare",
            "message": ", ".join(compare) or plan["reason"] or "Nothing differs.",
            "plan": plan,
        },
    ]


def _sent(link: Link | None, last: int) -> list[dict[str, Any]]:
    attempts = (
        Attempt.objects.filter(id__gt=last, link_id=link.pk).order_by("id")
        if link
        else Attempt.objects.none()
    )
    return [
        {
            "name": "act",
            "message": attempt.reason or f"{attempt.method} {attempt.path}",
            "method": attempt.method,
            "path": attempt.path,
            "status": attempt.status,
            "request": attempt.request,
            "response": attempt.response,
        }
        for attempt in attempts
    ]
