"""Provision one user or group now, past the brake, and show each step (engine.md, section 8)."""

import time
from typing import Any
from uuid import UUID

from django.db import transaction

from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.audit.record import record as record_act
from provisor.directory import journal
from provisor.planning.observed import differing
from provisor.provisioning.brake.decisions import pass_brake
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.homes.home import engine_runs
from provisor.provisioning.models import Attempt, Health, Link
from provisor.provisioning.operations import OperationRefused
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.preview.preview import plan_one
from provisor.provisioning.preview.reading_back import read_now

#: Seconds until the answer is given with what there is by then.
PATIENCE = 30.0
POLL = 0.05

NO_ENGINE = "No engine runs, so nothing can be sent. Start it with `provisor serve`; on PostgreSQL, `provisor worker` is one, too."
ASKED = "{name} has asked to be left alone for {seconds} more seconds (429). It is sent then by itself."
LINKED = "It is linked to {id} there."
LOOKED_FOR = "No account is linked yet: it is looked for by {paths}."
HOLDS = "The application holds what was sent."
DIFFERS = "The application holds these otherwise than they were sent: {paths}."
NOT_ALLOWED = "{name} is paused or only observed, so nothing is sent. Resume it, or set its mode to enforce."


def provision_now(application_id: UUID, kind: str, local_id: UUID, *, actor: Actor) -> dict[str, Any]:
    """Provision one user or group at once; returns `{steps: [{name, message, ...}], state, reason}`.

    The engine does the work, in its order and at its rate; one urgent leaver never waits behind a mass event.
    """
    application = Application.objects.get(pk=application_id, deleted_at=None)
    if application.paused or application.mode != Application.Mode.ENFORCE:
        raise OperationRefused(NOT_ALLOWED.format(name=application.name))
    if not engine_runs():
        raise OperationRefused(NO_ENGINE)
    fold(now())
    plan = plan_one(application_id, kind, local_id)
    last = Attempt.objects.order_by("-id").values_list("id", flat=True).first() or 0
    judged = _judged(application)
    known = Link.objects.filter(application=application, kind=kind, local_id=local_id).first()
    link = _hurry(application, kind, local_id, actor)
    if link is not None:
        link = _wait(link, judged)
    unwell = _unwell(application)
    return {
        "steps": [
            *_planned(plan, application, kind, known),
            *_sent(link or known, last),
            *_read_back(link),
            *unwell,
        ],
        "state": link.state if link else "",
        "reason": _reason(link, unwell) if link else plan["reason"],
    }


def _reason(link: Link, unwell: list[dict[str, Any]]) -> str:
    """Why the link stands where it does; of one that only waits for its application, why that is."""
    if link.state == Link.State.DUE and unwell:
        return str(unwell[0]["message"])
    return link.reason


def _judged(application: Application) -> tuple[Any, ...] | None:
    """What changes with each verdict on the application."""
    verdicts = Health.objects.filter(application=application).exclude(state=Health.State.WELL)
    return verdicts.values_list("since", "failures").first()


def _unwell(application: Application) -> list[dict[str, Any]]:
    """A step that says why the application is left alone; none where it is well."""
    health = Health.objects.filter(application=application).first()
    if health is None:
        return []
    if health.asked_until > now() and health.asked_at == application.base_url:
        seconds = (health.asked_until - now()) // 1_000 + 1
        return [{"name": "health", "message": ASKED.format(name=application.name, seconds=seconds)}]
    if health.state == Health.State.WELL:
        return []
    return [{"name": "health", "message": health.reason}]


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
        pass_brake(link, actor)
        link.state, link.attempts, link.not_before = Link.State.DUE, 0, 0
        if kind == "user":
            link.phase = Phase.USERS if link.in_scope else Phase.ACCOUNT_REMOVALS
        link.save()
        # a deliberate try is a probe, too; what the application asked for (`asked_until`) counts all the same
        Health.objects.filter(application=application).update(not_before=0)
        transaction.on_commit(lambda: journal.changed.send(sender=Link), robust=True)
    return link


def _wait(link: Link, judged: tuple[Any, ...] | None) -> Link | None:
    """Wait until the engine has settled it, or found that the application is unwell; None when the link itself is gone."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if _judged(link.application) not in (judged, None):
            return Link.objects.filter(pk=link.pk).first()
        current = Link.objects.filter(pk=link.pk).first()
        if current is None or (current.intent is None and current.state != Link.State.DUE):
            return current
        if current.intent is None and current.attempts:
            return current
        time.sleep(POLL)
    return link


def _planned(
    plan: dict[str, Any], application: Application, kind: str, known: Link | None
) -> list[dict[str, Any]]:
    scope = "It is in scope." if plan["in_scope"] else "It is not in scope."
    compare = [operation["act"] for operation in plan["operations"]]
    return [
        {"name": "scope", "message": scope},
        {"name": "match", "message": _matched(application, kind, known)},
        {
            "name": "compare",
            "message": ", ".join(compare) or plan["reason"] or "Nothing differs.",
            "plan": plan,
        },
    ]


def _matched(application: Application, kind: str, known: Link | None) -> str:
    if known is not None and known.remote_id:
        return LINKED.format(id=known.remote_id)
    paths = application.matching.get(f"{kind}s") or ()
    return LOOKED_FOR.format(paths=" and ".join(paths) or "userName")


def _read_back(link: Link | None) -> list[dict[str, Any]]:
    """What the application holds now, beside what was sent: one GET."""
    if link is None or not link.remote_id or link.state == Link.State.DUE:
        return []
    try:
        remote = read_now(link.pk)
    except OperationRefused as refused:
        return [{"name": "read back", "message": str(refused)}]
    differ = sorted(differing(remote, link.sent or {}) or {})
    said = DIFFERS.format(paths=", ".join(differ)) if differ else HOLDS
    return [{"name": "read back", "message": said, "differs": differ, "response": remote}]


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
