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
from provisor.provisioning.clock import now
from provisor.provisioning.keys import to_key
from provisor.provisioning.models import AccessInterval, Health, Hold, Link, LinkMember, Run
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.settle import wake_dependents

#: States that wait for a person or a change; a sync tries them again.
STUCK = (Link.State.FAILED, Link.State.CONFLICT, Link.State.MISSING)

UNDER_WAY = "Something is being sent for it at this moment. Try again in a few seconds."
HELD = "The brake holds the removal of this account. Release or reject it first: trying again would not be that decision."
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
    with _own(link_id, "link.retried", actor, held=False) as link:
        link.state, link.attempts, link.not_before = Link.State.DUE, 0, 0
        link.phase = _phase(link)


def adopt_link(link_id: int, *, actor: Actor, remote_id: str | None = None) -> None:
    """Link to the account with this id; it is read and brought up to date, and is ours from now on (R9)."""
    with _own(link_id, "link.adopted", actor, held=False) as link:
        identifier = remote_id or link.remote_id
        if not identifier:
            raise OperationRefused("Say which account: give its id in the application (remote_id).")
        taken = Link.objects.filter(application_id=link.application_id, kind=link.kind, remote_id=identifier)
        if taken.exclude(pk=link.pk).exists():
            raise OperationRefused(LINKED)
        if link.remote_id != identifier:
            _end_access(link, "linked to another account")
        link.remote_id, link.origin, link.sent = identifier, Link.Origin.ADOPTED, None
        link.doubt = {"paths": ["active"]}
        link.state, link.attempts, link.not_before, link.phase = Link.State.DUE, 0, 0, _phase(link)
        link.save()
        if link.kind == "user":
            with connection.cursor() as cursor:
                wake_dependents(cursor, to_key(link.application_id), [to_key(link.local_id)])


def unlink_link(link_id: int, *, actor: Actor) -> None:
    """Forget the account and keep it there; the next change looks it up anew. What was held of it is over."""
    with _own(link_id, "link.unlinked", actor) as link:
        _end_access(link, "unlinked")
        link.remote_id, link.origin, link.sent, link.observed = None, Link.Origin.NONE, None, None
        link.unshown = None
        link.doubt, link.etag, link.state, link.baseline = None, "", Link.State.MISSING, None
        link.reason = (
            f"Unlinked by {actor.label}. The account there was kept; the next change looks it up anew."
        )
        LinkMember.objects.filter(link=link).update(remote_id=None, doubt=False, held=False, due=F("wanted"))


def ignore_link(link_id: int, *, actor: Actor) -> None:
    """Leave it alone until something changes: its failure is known. A removal that was held is over."""
    with _own(link_id, "link.ignored", actor) as link:
        link.state = Link.State.EXCLUDED
        link.reason = f"Set aside by {actor.label}; it is looked at again with the next change."


@contextmanager
def _own(link_id: int, act: str, actor: Actor, *, held: bool = True) -> Iterator[Link]:
    """Change one link that nobody is sending for, with its audit entry. Where it is held, and `held` says that the
    act may be done all the same, it leaves the account there: nothing is left for the brake to hold.
    """
    with transaction.atomic():
        link = Link.objects.select_for_update().select_related("application").get(pk=link_id)
        if link.intent is not None:
            raise OperationRefused(UNDER_WAY)
        if link.state == Link.State.HELD and not held:
            raise OperationRefused(HELD)
        before = _shown(link)
        yield link
        if held:
            _cancel_holds(link, actor)
        link.changed_at = now()
        link.save()
        subject, label = str(link.local_id), link.application.name
        record_act(actor, act, subject_id=subject, subject_label=label, before=before, after=_shown(link))
        _announce()


def _cancel_holds(link: Link, actor: Actor) -> None:
    """Nothing of this link is to be taken away any more: what was decided about it is over."""
    open_ones = Hold.objects.filter(link_id=link.id, state__in=(Hold.State.HELD, Hold.State.RELEASED))
    open_ones.update(state=Hold.State.CANCELLED, decided_at=now(), decided_by=actor.label)


def _end_access(link: Link, cause: str) -> None:
    """What becomes of that account is not known any more."""
    if link.kind == "user":
        live = AccessInterval.objects.filter(
            application=link.application_id, user_id=link.local_id, to_at=None
        )
        live.update(to_at=now(), to_cause=cause)


def _shown(link: Link) -> dict[str, Any]:
    return {"state": link.state, "remote_id": link.remote_id, "origin": link.origin}


def _phase(link: Link) -> Phase:
    if link.kind == "group":
        return Phase.GROUPS if link.in_scope else Phase.GROUP_DELETIONS
    return Phase.USERS if link.in_scope else Phase.ACCOUNT_REMOVALS


def _announce() -> None:
    """Wake the engine once it is committed."""
    transaction.on_commit(lambda: journal.changed.send(sender=Link), robust=True)
