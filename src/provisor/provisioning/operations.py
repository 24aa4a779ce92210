"""Acts of people on links, holds and runs: each with its audit entry in the same transaction (R18)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.audit.record import record as record_act
from provisor.directory import journal
from provisor.identifiers import uuid7
from provisor.provisioning.brake import Effect
from provisor.provisioning.clock import now
from provisor.provisioning.keys import to_key
from provisor.provisioning.models import Health, Hold, Link, LinkMember, Run
from provisor.provisioning.phases import Phase
from provisor.provisioning.settle import wake_dependents

#: States that wait for a person or a change; a sync tries them again.
STUCK = (Link.State.FAILED, Link.State.CONFLICT, Link.State.MISSING)

UNDER_WAY = "Something is being sent for it at this moment. Try again in a few seconds."
NOT_HELD = "It is not held any more: it was {state}."
CHANGED = "What would happen has changed since it was shown. Look at the list again, then decide."
LINKED = "That account is linked to somebody else already. Unlink it there first."


class OperationRefused(Exception):  # noqa: N818 - what happened to the request
    """The act cannot be done now; the sentence says why and what to do."""


def request_sync(application_id: UUID, *, actor: Actor) -> Run:
    """Try everything again that is stuck or rests, and return the run to watch; nothing in sync is touched."""
    with transaction.atomic():
        application = Application.objects.get(pk=application_id, deleted_at=None)
        links = Link.objects.filter(application=application, intent__isnull=True)
        links.filter(state__in=STUCK).update(state=Link.State.DUE, attempts=0, not_before=0)
        links.filter(state=Link.State.DUE).update(not_before=0)
        Health.objects.filter(application=application).update(not_before=0)
        run = Run.objects.create(
            application=application, trigger="request", state=Run.State.REQUESTED, requested_at=now()
        )
        record_act(
            actor, "application.synced", subject_id=str(application_id), subject_label=application.name
        )
        _announce()
    return run


def retry_link(link_id: int, *, actor: Actor) -> None:
    """Try one link again now."""
    with _own(link_id, "link.retried", actor) as link:
        link.state, link.attempts, link.not_before = Link.State.DUE, 0, 0
        link.phase = _phase(link)


def adopt_link(link_id: int, *, actor: Actor, remote_id: str | None = None) -> None:
    """Link to the account with this id; it is read and brought up to date, and is ours from now on (R9)."""
    with _own(link_id, "link.adopted", actor) as link:
        identifier = remote_id or link.remote_id
        if not identifier:
            raise OperationRefused("Say which account: give its id in the application (remote_id).")
        taken = Link.objects.filter(application_id=link.application_id, kind=link.kind, remote_id=identifier)
        if taken.exclude(pk=link.pk).exists():
            raise OperationRefused(LINKED)
        link.remote_id, link.origin, link.sent = identifier, Link.Origin.ADOPTED, None
        link.doubt = {"paths": ["active"]}
        link.state, link.attempts, link.not_before, link.phase = Link.State.DUE, 0, 0, _phase(link)
        link.save()
        if link.kind == "user":
            with connection.cursor() as cursor:
                wake_dependents(cursor, to_key(link.application_id), [to_key(link.local_id)])


def unlink_link(link_id: int, *, actor: Actor) -> None:
    """Forget the account and keep it there; the next change looks it up anew."""
    with _own(link_id, "link.unlinked", actor) as link:
        link.remote_id, link.origin, link.sent, link.observed = None, Link.Origin.NONE, None, None
        link.doubt, link.etag, link.state = None, "", Link.State.MISSING
        link.reason = (
            f"Unlinked by {actor.label}. The account there was kept; the next change looks it up anew."
        )
        LinkMember.objects.filter(link=link).update(remote_id=None, doubt=False)


def ignore_link(link_id: int, *, actor: Actor) -> None:
    """Leave it alone until something changes: its failure is known."""
    with _own(link_id, "link.ignored", actor) as link:
        link.state = Link.State.EXCLUDED
        link.reason = f"Set aside by {actor.label}; it is looked at again with the next change."


@contextmanager
def _own(link_id: int, act: str, actor: Actor) -> Iterator[Link]:
    """Change one link that nobody is sending for, with its audit entry."""
    with transaction.atomic():
        link = Link.objects.select_for_update().select_related("application").get(pk=link_id)
        if link.intent is not None:
            raise OperationRefused(UNDER_WAY)
        before = _shown(link)
        yield link
        link.changed_at = now()
        link.save()
        subject, label = str(link.local_id), link.application.name
        record_act(actor, act, subject_id=subject, subject_label=label, before=before, after=_shown(link))
        _announce()


def _shown(link: Link) -> dict[str, Any]:
    return {"state": link.state, "remote_id": link.remote_id, "origin": link.origin}


def _phase(link: Link) -> Phase:
    if link.kind == "group":
        return Phase.GROUPS if link.in_scope else Phase.GROUP_DELETIONS
    return Phase.USERS if link.in_scope else Phase.ACCOUNT_REMOVALS


def _announce() -> None:
    """Wake the engine once it is committed."""
    transaction.on_commit(lambda: journal.changed.send(sender=Link), robust=True)


def release_hold(hold_id: UUID, *, actor: Actor, effect: str | None = None) -> Hold:
    """Let a held operation happen; `effect` is the hash that was shown, and a release counts only for it (R10)."""
    with _decision(hold_id, "hold.released", Hold.State.RELEASED, actor, effect) as hold:
        if hold.user_id is None:
            Link.objects.filter(pk=hold.link_id, state=Link.State.HELD, cause=hold.cause).update(
                state=Link.State.DUE, phase=Phase.ACCOUNT_REMOVALS, not_before=0, attempts=0, reason=""
            )
        else:
            LinkMember.objects.filter(link_id=hold.link_id, user_id=hold.user_id).update(held=False)
            Link.objects.filter(pk=hold.link_id).update(
                state=Link.State.DUE,
                phase=Phase.MEMBER_REMOVALS,
                not_before=0,
                generation=F("generation") + 1,
            )
    return hold


def reject_hold(hold_id: UUID, *, actor: Actor) -> Hold:
    """Keep what was to be taken away, for this cause, until the cause changes."""
    with _decision(hold_id, "hold.rejected", Hold.State.REJECTED, actor, None) as hold:
        if hold.user_id is None:
            Link.objects.filter(pk=hold.link_id, state=Link.State.HELD).update(
                state=Link.State.RELEASED, reason=f"Kept: {actor.label} rejected the removal."
            )
    return hold


@contextmanager
def _decision(hold_id: UUID, act: str, state: Hold.State, actor: Actor, effect: str | None) -> Iterator[Hold]:
    with transaction.atomic():
        hold = Hold.objects.select_for_update().get(pk=hold_id)
        if hold.state != Hold.State.HELD:
            raise OperationRefused(NOT_HELD.format(state=hold.state))
        if effect is not None and effect != hold.effect:
            raise OperationRefused(CHANGED)
        yield hold
        hold.state, hold.decided_at, hold.decided_by = state, now(), actor.label
        hold.save()
        record_act(actor, act, subject_id=str(hold.id), subject_label=hold.act, after={"link": hold.link_id})
        _announce()


def pass_brake(link: Link) -> None:
    """One deliberate act on one person is no mass event: record a release, so that the brake lets it through."""
    if link.in_scope or link.kind != "user":
        return
    Hold.objects.filter(link_id=link.id, user_id=None, state=Hold.State.HELD).update(
        state=Hold.State.CANCELLED
    )
    act = "deprovision"
    Hold.objects.create(
        id=uuid7(), application_id=link.application_id, link_id=link.id, act=act, cause=link.cause,
        effect=Effect(link=link.id, act=act, cause=link.cause).digest, state=Hold.State.RELEASED,
        reason="Provisioned on demand.", held_at=now(), decided_at=now(),
    )  # fmt: skip
