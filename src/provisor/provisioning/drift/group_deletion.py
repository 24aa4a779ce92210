"""A group that was unlinked and kept there is deleted there by a person: one deliberate, audited act."""

from provisor.applications.capabilities import dialect_of
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.audit.record import record as record_act
from provisor.directory.changes import change
from provisor.identifiers import uuid7
from provisor.provisioning.brake.releases import Effect
from provisor.provisioning.clock import now
from provisor.provisioning.drift.scans import announce
from provisor.provisioning.homes.turns import lock_application
from provisor.provisioning.models import Hold, Link
from provisor.provisioning.operations import UNDER_WAY, OperationRefused
from provisor.provisioning.passes.phases import Phase

NO_GROUP = "That is no group. An account is taken away by its policy, or removed where a scan has found it."
PUSHED = "A policy pushes this group, so it would be made anew. Take the push off the policy first, then delete it there."
NOT_OURS = "Provisor neither made nor adopted this group, so it is not deleted."
CANNOT = "{name} does not delete groups, or the switch “delete groups” is off. Delete it there by hand."


def delete_group_there(link_id: int, *, actor: Actor) -> Link:
    """Have a group deleted that no policy pushes any more; the next pass sends it. Raises OperationRefused.

    Its members there lose it with it, which counts for the brake; this one act passes it.
    """
    with change():
        lock_application(Link.objects.values_list("application_id", flat=True).get(pk=link_id))
        link = Link.objects.select_for_update(of=("self",)).select_related("application").get(pk=link_id)
        _refuse(link)
        before = {"state": link.state, "remote_id": link.remote_id}
        link.cause, link.state, link.phase = Link.Cause.DELETED, Link.State.DUE, Phase.GROUP_DELETIONS
        link.generation, link.attempts, link.not_before = link.generation + 1, 0, 0
        link.reason, link.changed_at = "", now()
        link.save()
        _pass_brake(link, actor)
        record_act(
            actor, "link.deleted_there", subject_id=str(link.local_id), subject_label=link.application.name,
            before=before, after={"state": link.state},
        )  # fmt: skip
        announce()
    return link


def is_left_there(link: Link) -> bool:
    """Whether it is a group of ours that no policy pushes any more, and that stays in the application."""
    ours = link.origin in (Link.Origin.CREATED, Link.Origin.ADOPTED)
    return link.kind == "group" and not link.in_scope and link.remote_id is not None and ours


def _refuse(link: Link) -> None:
    if link.kind != "group":
        raise OperationRefused(NO_GROUP)
    if link.intent is not None:
        raise OperationRefused(UNDER_WAY)
    if link.in_scope:
        raise OperationRefused(PUSHED)
    if not is_left_there(link):
        raise OperationRefused(NOT_OURS)
    if sentence := why_not_deleted(link.application):
        raise OperationRefused(sentence)


def why_not_deleted(application: Application) -> str:
    """Why no group can be deleted there at all; empty where it can."""
    deletes = application.features.get("groups", {}).get("delete", True)
    can = deletes and dialect_of(application).delete_groups
    return "" if can else CANNOT.format(name=application.name)


def _pass_brake(link: Link, actor: Actor) -> None:
    """A person decided about just this group: that is a release of just this effect."""
    at = now()
    open_ones = Hold.objects.filter(
        link_id=link.pk, user_id=None, state__in=(Hold.State.HELD, Hold.State.RELEASED)
    )
    open_ones.update(state=Hold.State.CANCELLED, decided_at=at, decided_by=actor.label)
    effect = Effect(link=link.pk, act="delete", cause=link.cause)
    Hold.objects.create(
        id=uuid7(), application_id=link.application_id, link_id=link.pk, act=effect.act, cause=effect.cause,
        effect=effect.digest, state=Hold.State.RELEASED, reason="Deleted there by a person.", held_at=at,
        decided_at=at, decided_by=actor.label,
    )  # fmt: skip
