"""All that this interface asks of the provisioning room, in one place.

Rows of lists are read here, by key and never by offset; whatever acts, plans or explains is the room's own.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from provisor.access.narrowing import known
from provisor.api.management import documents
from provisor.api.moments import from_milliseconds, rfc3339
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.directory.models import JournalEntry, User
from provisor.provisioning import operations, queries
from provisor.provisioning.brake import decisions
from provisor.provisioning.drift import group_deletion
from provisor.provisioning.models import Attempt, Hold, Link, Run
from provisor.provisioning.preview import examination, on_demand, preview
from provisor.provisioning.why.explain import explanation_of


def statuses(application_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """`{state, reason, mode, last_contact, in_sync, due, ...}` of each application, in four queries."""
    found = queries.application_statuses(application_ids)
    return {
        each: status | {"last_contact": from_milliseconds(status["last_contact"])}
        for each, status in found.items()
    }


def plan_application(application_id: UUID, after: str | None, count: int) -> dict[str, Any]:
    """`{totals, held, operations, next}` of what a pass would do now; nothing is written, here or there (R19)."""
    return preview.plan_application(
        application_id, after=UUID(after) if after else preview.FIRST, limit=count
    )


def plan_one(application_id: UUID, kind: str, local_id: UUID) -> dict[str, Any]:
    """`{in_scope, ending, reason, operations}` for one user or group."""
    return preview.plan_one(application_id, kind, local_id)


def explain(application: Application, user: User) -> dict[str, Any]:
    """`{granted, has_account, steps, plan}`: the whole chain, and what a pass would do for the user now."""
    found = explanation_of(user, application)
    steps = [asdict(step) | {"at": rfc3339(step.at) if step.at else None} for step in found.steps]
    plan = documents.plan(preview.plan_one(application.id, "user", user.id))
    return {"granted": found.granted, "has_account": found.has_account, "steps": steps, "plan": plan}


def test_connection(application_id: UUID, actor: Actor) -> dict[str, Any]:
    """`{ok, checks: [{name, ok, level, message}], ...}`; nothing is written there."""
    return examination.test_connection(application_id, actor=actor)


def request_sync(application_id: UUID, actor: Actor) -> Run:
    return operations.request_sync(application_id, actor=actor)


def provision_now(application_id: UUID, kind: str, local_id: UUID, actor: Actor) -> dict[str, Any]:
    """`{steps: [...], state, reason}`: one user or group, at once, past the brake."""
    return on_demand.provision_now(application_id, kind, local_id, actor=actor)


def retry_link(link_id: int, actor: Actor) -> None:
    operations.retry_link(link_id, actor=actor)


def adopt_link(link_id: int, actor: Actor, remote_id: str | None) -> None:
    """Take over the resource that is there: the one that was found, or the one with this id."""
    operations.adopt_link(link_id, actor=actor, remote_id=remote_id)


def unlink_link(link_id: int, actor: Actor) -> None:
    operations.unlink_link(link_id, actor=actor)


def delete_group_there(link_id: int, actor: Actor) -> None:
    group_deletion.delete_group_there(link_id, actor=actor)


def ignore_link(link_id: int, actor: Actor) -> None:
    operations.ignore_link(link_id, actor=actor)


def release_hold(hold_id: UUID, actor: Actor, effect: str) -> Hold:
    return decisions.release_hold(hold_id, actor=actor, effect=effect)


def reject_hold(hold_id: UUID, actor: Actor) -> Hold:
    return decisions.reject_hold(hold_id, actor=actor)


def release_all(application_id: UUID, actor: Actor, effects: str) -> dict[str, Any]:
    """`{done, left, reasons}`: what the actor caused is left where another account may release."""
    return asdict(decisions.release_all(application_id, actor=actor, effects=effects))


def reject_all(application_id: UUID, actor: Actor, effects: str) -> dict[str, Any]:
    return asdict(decisions.reject_all(application_id, actor=actor, effects=effects))


def shown_effect(application_id: UUID) -> tuple[int, str]:
    """How many operations are held, and the hash of all their effects."""
    return decisions.shown_effect(application_id)


def links(
    application_id: UUID, kind: str | None, state: str | None, after: int | None, count: int
) -> list[Link]:
    """The links of an application in the order in which they came to be, after one of them."""
    rows = Link.objects.filter(application_id=application_id, id__gt=after or 0)
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.filter(state=state) if state else rows
    return list(rows.defer("sent", "observed", "intent").order_by("id")[:count])


def link(link_id: int, application_id: UUID) -> Link | None:
    return Link.objects.filter(pk=link_id, application_id=application_id).first()


def attempts(
    application_id: UUID | None, user_id: UUID | None, before: int | None, count: int
) -> list[Attempt]:
    """Attempts, the newest first, before one of them."""
    rows = known(Attempt.objects.order_by("-id"))
    rows = rows.filter(application_id=application_id) if application_id else rows
    rows = rows.filter(local_id=user_id) if user_id else rows
    rows = rows.filter(id__lt=before) if before else rows
    return list(rows[:count])


def run(run_id: UUID) -> Run | None:
    return known(Run.objects.filter(pk=run_id)).first()


def holds(application_id: UUID, state: str | None, after: UUID | None, count: int) -> list[Hold]:
    rows = Hold.objects.filter(application_id=application_id).order_by("pk")
    rows = rows.filter(state=state) if state else rows
    return list((rows.filter(pk__gt=after) if after else rows)[:count])


def hold(application_id: UUID, hold_id: UUID) -> Hold | None:
    return Hold.objects.filter(application_id=application_id, pk=hold_id).first()


def links_of(found: Iterable[Hold]) -> dict[int, Link]:
    """The links of holds by id; a hold outlives its link."""
    return Link.objects.defer("sent", "observed", "intent").in_bulk({each.link_id for each in found})


def causers_of(found: Iterable[Hold]) -> dict[int, str]:
    """Who made the changes behind holds, by journal entry."""
    entries = {each.entry_id for each in found if each.entry_id is not None}
    return dict(JournalEntry.objects.filter(pk__in=entries).values_list("pk", "actor"))
