"""What every write of this room leaves behind, in its own transaction: a journal entry and an audit entry."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from provisor.applications.models import Application, Policy
from provisor.audit.actor import Actor
from provisor.audit.record import record as record_act
from provisor.directory.journal import Touch
from provisor.directory.journal import record as record_event


def record_application(
    event: str,
    application: Application,
    *,
    actor: Actor,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    plan_anew: bool = True,
) -> None:
    """Journal and audit one change of an application. `before` and `after` never hold a secret.

    With `plan_anew` all its links are looked at again. That also gives what was refused for good another try:
    it waits for a change, and a new credential or a resumption is one.
    """
    touched = (Touch(kind="application", subject_id=application.id),) if plan_anew else ()
    names = {"name": application.name}
    _record(event, application.id, names, actor=actor, before=before, after=after, touched=touched)


def record_policy(
    event: str,
    policy: Policy,
    *,
    actor: Actor,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    plan_anew: bool = True,
) -> None:
    """Journal and audit one change of a policy. With `plan_anew` everybody in its group is looked at."""
    touch = Touch(kind="policy", subject_id=policy.application_id, other_id=policy.group_id)
    touched = (touch,) if plan_anew else ()
    names = {"name": policy.name, "application": policy.application.name, "group": policy.group.display_name}
    _record(event, policy.id, names, actor=actor, before=before, after=after, touched=touched)


def _record(
    event: str,
    subject_id: UUID,
    names: Mapping[str, str],
    *,
    actor: Actor,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    touched: tuple[Touch, ...],
) -> None:
    detail = {**names, "changed": sorted({*(before or {}), *(after or {})})}
    record_event(event, actor=actor, subject_id=subject_id, detail=detail, touched=touched)
    record_act(
        actor, event, subject_id=str(subject_id), subject_label=names["name"], before=before, after=after
    )


def save_counted(row: Application | Policy) -> None:
    """Write a changed row as its next version. The epoch stays alone: it belongs to whoever runs the passes."""
    row.version += 1
    row.updated_at = timezone.now()
    names = {field.name for field in row._meta.concrete_fields if not field.primary_key}  # noqa: SLF001 - Django's public name
    row.save(update_fields=names - {"epoch"})


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of what differs between two documents with the same keys."""
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}
