"""Adoption: a resource that was there becomes the one of a user or group here (R9)."""

from uuid import UUID

from django.db import connection

from provisor.applications.models import Application
from provisor.directory.models import User
from provisor.identifiers import uuid7
from provisor.provisioning.batches import execute_batch
from provisor.provisioning.brake.releases import Effect
from provisor.provisioning.keys import to_key
from provisor.provisioning.models import Finding, Hold, Link
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.settle import wake_dependents

KEPT = (
    "Linked, and left as it is: no policy gives it. It is kept in step as soon as one does; if its user is disabled "
    "or deleted here, the table of causes applies."
)
KEPT_GROUP = "Linked, and left as it is: no policy pushes this group. It is kept in step as soon as one does."
KEPT_LEAVER = "Linked, and left as it is: its user is {cause} here. Remove it there if nobody is to have it."


def link_to(link: Link, finding: Finding, *, now: int, by: str = "") -> None:
    """Link a user or group in scope to what was found; the next pass reads it and brings it up to date."""
    link.remote_id, link.origin, link.sent, link.observed = finding.remote_id, Link.Origin.ADOPTED, None, None
    link.unshown, link.baseline, link.doubt, link.verified = None, None, {"paths": ["active"]}, True
    link.state, link.attempts, link.not_before, link.reason = Link.State.DUE, 0, 0, ""
    link.phase = Phase.USERS if link.kind == "user" else Phase.GROUPS
    link.generation += 1
    link.changed_at = now
    link.save()
    if link.kind == "user":
        with connection.cursor() as cursor:
            wake_dependents(cursor, to_key(link.application_id), [to_key(link.local_id)])
    _adopted(finding, link, now, by)


def link_without_policy(
    application: Application, finding: Finding, local_id: UUID, *, now: int, by: str
) -> Link:
    """Link somebody to whom no policy gives the application: nothing is sent, and nothing is taken away for that.

    As a rejected hold it counts until the cause changes: who comes into scope is kept in step, who is disabled or
    deleted later leaves by the table of causes.
    """
    cause = _cause(finding.kind, local_id)
    link, _ = Link.objects.get_or_create(application=application, kind=finding.kind, local_id=local_id)
    link.remote_id, link.origin, link.in_scope, link.cause = (
        finding.remote_id,
        Link.Origin.ADOPTED,
        False,
        cause,
    )
    link.state, link.doubt, link.changed_at = Link.State.RELEASED, None, now
    link.phase = Phase.ACCOUNT_REMOVALS if finding.kind == "user" else Phase.GROUP_DELETIONS
    link.done_generation = link.generation
    link.sent, link.observed, link.unshown, link.baseline = {}, None, None, None
    link.reason = KEPT_GROUP if finding.kind == "group" else KEPT
    if cause == Link.Cause.DISABLED:
        link.reason = KEPT_LEAVER.format(cause=cause)
    link.save()
    if finding.kind == "user":
        _keep(link, now, by)
        _open_access(link, finding, now)
    _adopted(finding, link, now, by)
    return link


def _cause(kind: str, local_id: UUID) -> str:
    if kind == "user" and not User.objects.filter(pk=local_id, active=True).exists():
        return Link.Cause.DISABLED
    return Link.Cause.UNASSIGNED


def _keep(link: Link, now: int, by: str) -> None:
    act = "deactivate"
    Hold.objects.create(
        id=uuid7(), application_id=link.application_id, link_id=link.pk, act=act, cause=link.cause,
        effect=Effect(link=link.pk, act=act, cause=link.cause).digest, state=Hold.State.REJECTED,
        reason=link.reason, held_at=now, decided_at=now, decided_by=by,
    )  # fmt: skip


def _open_access(link: Link, finding: Finding, now: int) -> None:
    """The account is live, and now it is known whose it is."""
    if finding.detail.get("active") is False:
        return
    row = (to_key(link.application_id), to_key(link.local_id), link.remote_id, now, "adopted")
    with connection.cursor() as cursor:
        execute_batch(cursor, sql.OPEN_INTERVAL, sql.OPEN_INTERVAL_TYPES, [row])


def _adopted(finding: Finding, link: Link, now: int, by: str) -> None:
    finding.state, finding.link_id, finding.local_id = Finding.State.ADOPTED, link.pk, link.local_id
    finding.decided_at, finding.decided_by = now, by
    finding.save()
