"""Acts of people on what a scan found: correct, adopt, ignore, remove. Each with its audit entry (R18)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from provisor.applications.capabilities import dialect_of
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.audit.record import record as record_act
from provisor.directory.changes import change
from provisor.directory.models import Group, User
from provisor.planning.allowance import WINDOW, allowance
from provisor.provisioning.brake.brake_sql import EXECUTED, LIVE_ACCOUNTS
from provisor.provisioning.clock import now
from provisor.provisioning.drift.adoption import link_to, link_without_policy
from provisor.provisioning.drift.corrections import correct_members, correct_values, doubt_paths
from provisor.provisioning.drift.scan_members import as_removals
from provisor.provisioning.drift.scan_unknown import PROTECTED
from provisor.provisioning.drift.scans import announce
from provisor.provisioning.homes.turns import lock_application
from provisor.provisioning.keys import to_key
from provisor.provisioning.models import Finding, Link
from provisor.provisioning.operations import HELD, LINKED, UNDER_WAY, OperationRefused

SETTLED = "It is settled already: {state}. Look at the list again."
CHANGED = "What was found has changed since it was shown. Look at the list again, then decide."
GONE = "Its link is not there any more, so there is nothing to correct."
FOREIGN = (
    "The group was there before Provisor, so members that others put in stay. Take them out there by hand, or put them "
    "into the group here."
)
NOT_CORRECTABLE = "Nobody here knows it, so there is nothing to correct. Adopt it, ignore it or remove it."
NOT_UNKNOWN = "It is linked already, so it cannot be adopted or removed here. Correct it, or unlink it."
NOBODY = "Say whose it is: several may be meant, or nobody is known. Give the id of the user or group."
NO_SUCH = "There is no {kind} with this id here."
NOT_ALLOWED = "{name} is paused or only observed, so nothing is sent. Resume it, or set its mode to enforce."
BRAKED = (
    "That would remove {count} accounts; {executed} already went in the last 24 hours, and the brake of {name} allows "
    "{allowed}. Remove fewer at a time, or raise the brake."
)
CANNOT = "{name} cannot {verb} {kind}s, so nothing is sent. Remove it there by hand."
VERBS = ("deactivate", "delete")


@dataclass(slots=True, kw_only=True)
class Done:
    """What an act over several findings came to."""

    done: int = 0
    #: A sentence for each that was refused.
    refused: list[str] = field(default_factory=list)


def correct(finding_id: int, *, actor: Actor, digest: str = "") -> Finding:
    """Have what differs sent again, what is missing made anew, and members put right, by the ordinary pass.

    `digest` is what was shown: it counts for just that. Raises OperationRefused.
    """
    with _decision(finding_id, "finding.corrected", actor, digest) as finding:
        _need_writing(finding.application)
        if finding.what == Finding.What.UNKNOWN:
            raise OperationRefused(NOT_CORRECTABLE)
        link = _link(finding)
        if finding.what == Finding.What.MEMBERS:
            _correct_members(link, finding)
        else:
            _correct_link(link, finding)
        finding.state = Finding.State.CORRECTED
    return finding


def _link(finding: Finding) -> Link:
    link = Link.objects.select_for_update().filter(pk=finding.link_id or 0).first()
    if link is None:
        raise OperationRefused(GONE)
    if link.intent is not None:
        raise OperationRefused(UNDER_WAY)
    if link.state == Link.State.HELD:
        raise OperationRefused(HELD)
    return link


def _correct_members(link: Link, finding: Finding) -> None:
    missing = [each["id"] for each in finding.detail["missing"]]
    extra = {} if finding.detail["foreign"] else as_removals(finding.detail)
    if not (missing or extra):
        raise OperationRefused(FOREIGN)
    correct_members(link, missing, extra, now=now())


def _correct_link(link: Link, finding: Finding) -> None:
    """What was found is read once more before anything is sent; of a leaver it is only that the account is open."""
    if not link.in_scope:
        correct_values(link, {"active": True}, now=now())
        return
    changed = [each["path"] for each in finding.detail.get("changes", ())]
    doubt_paths(link, changed or [*(link.sent or {}), "active"], state=Link.State.DUE, now=now())


def ignore(finding_id: int, *, actor: Actor, digest: str = "") -> Finding:
    """Leave it as it is; it is not listed again while it stays the same."""
    with _decision(finding_id, "finding.ignored", actor, digest) as finding:
        finding.state = Finding.State.IGNORED
    return finding


def adopt(finding_id: int, *, actor: Actor, local_id: UUID | None = None, digest: str = "") -> Finding:
    """Link an unknown resource to a user or group here: the one that was found, or the one that is given.

    In scope it is brought up to date; else it is left as it is until a policy brings it. Raises OperationRefused.
    """
    with _decision(finding_id, "finding.adopted", actor, digest) as finding:
        _need_unknown(finding)
        whose = local_id or (
            finding.local_id if finding.match in (Finding.Match.SURE, Finding.Match.EMAIL) else None
        )
        if whose is None:
            raise OperationRefused(NOBODY)
        _adopt(finding, whose, actor)
    return finding


def _adopt(finding: Finding, whose: UUID, actor: Actor) -> None:
    model: type[User | Group] = User if finding.kind == "user" else Group
    if not model.objects.filter(pk=whose, deleted_at=None).exists():
        raise OperationRefused(NO_SUCH.format(kind=finding.kind))
    links = Link.objects.select_for_update().filter(application=finding.application, kind=finding.kind)
    if links.filter(remote_id=finding.remote_id).exists():
        raise OperationRefused(LINKED)
    link = links.filter(local_id=whose).first()
    if link is not None and link.intent is not None:
        raise OperationRefused(UNDER_WAY)
    if link is not None and link.remote_id:
        raise OperationRefused(
            f"Whoever it is to belong to is linked to another one there ({link.remote_id}). Unlink that first."
        )
    if link is not None and link.in_scope:
        link_to(link, finding, now=now(), by=actor.label)
    else:
        link_without_policy(finding.application, finding, whose, now=now(), by=actor.label)


def remove(finding_id: int, *, actor: Actor, verb: str = "deactivate", digest: str = "") -> Finding:
    """Have an unknown account or group taken away there: deactivated, or deleted. Raises OperationRefused.

    One deliberate act; it counts for the brake of the day, and what is protected is never removed (R9).
    """
    with _decision(finding_id, "finding.removed", actor, digest) as finding:
        _need_unknown(finding)
        _need_writing(finding.application)
        chosen = "delete" if finding.kind == "group" else verb
        _need_verb(finding, chosen)
        if finding.kind == "user":
            _need_room(finding.application)
        finding.detail = {**finding.detail, "verb": chosen}
        finding.state = Finding.State.REMOVING
    return finding


def _need_unknown(finding: Finding) -> None:
    if finding.what != Finding.What.UNKNOWN:
        raise OperationRefused(NOT_UNKNOWN)
    if finding.match == Finding.Match.PROTECTED:
        raise OperationRefused(finding.reason or PROTECTED)


def _need_writing(application: Application) -> None:
    if application.paused or application.mode != Application.Mode.ENFORCE:
        raise OperationRefused(NOT_ALLOWED.format(name=application.name))


def _need_verb(finding: Finding, verb: str) -> None:
    dialect = dialect_of(finding.application)
    deletes = dialect.delete_users if finding.kind == "user" else dialect.delete_groups
    can = deletes if verb == "delete" else dialect.patches("user") or dialect.puts("user")
    if verb not in VERBS or not can:
        raise OperationRefused(CANNOT.format(name=finding.application.name, verb=verb, kind=finding.kind))


def _need_room(application: Application) -> None:
    """What a person removes counts for the brake like any other removal of an account."""
    key = to_key(application.id)
    with connection.cursor() as cursor:
        cursor.execute(EXECUTED, [key, "accounts", now() - WINDOW])
        executed = int(cursor.fetchone()[0])
        cursor.execute(LIVE_ACCOUNTS, [key])
        allowed = allowance(application.brake, int(cursor.fetchone()[0]))
    asked = Finding.objects.filter(application=application, kind="user", state=Finding.State.REMOVING).count()
    if executed + asked + 1 > allowed:
        raise OperationRefused(
            BRAKED.format(count=asked + 1, executed=executed, name=application.name, allowed=allowed)
        )


@contextmanager
def _decision(finding_id: int, act: str, actor: Actor, digest: str) -> Iterator[Finding]:
    """Decide about one finding that is open, or ignored so far, with its audit entry."""
    with change():
        lock_application(Finding.objects.values_list("application_id", flat=True).get(pk=finding_id))
        rows = Finding.objects.select_for_update(of=("self",)).select_related("application")
        finding = rows.get(pk=finding_id)
        if finding.state not in (Finding.State.OPEN, Finding.State.IGNORED):
            raise OperationRefused(SETTLED.format(state=finding.state))
        if digest and digest != finding.digest:
            raise OperationRefused(CHANGED)
        yield finding
        finding.decided_at, finding.decided_by = now(), actor.label
        finding.save()
        after: dict[str, Any] = {"remote_id": finding.remote_id, "what": finding.what, "state": finding.state}
        if finding.local_id is not None:
            after["local_id"] = str(finding.local_id)
        record_act(
            actor, act, subject_id=str(finding.pk), subject_label=finding.application.name, after=after
        )
        announce()


def each(act: Callable[[int], Finding], findings: Sequence[int]) -> Done:
    """Do one act on several findings; what is refused harms only itself."""
    result = Done()
    for finding in findings:
        try:
            act(finding)
        except OperationRefused as refusal:
            result.refused.append(str(refusal))
        except Finding.DoesNotExist:
            continue
        else:
            result.done += 1
    return result


def sure(application_id: UUID, most: int = 1_000) -> list[int]:
    """The findings that are surely somebody's who is in scope: those that can be adopted in one go."""
    rows = Finding.objects.filter(
        application_id=application_id, state=Finding.State.OPEN, what=Finding.What.UNKNOWN,
        match=Finding.Match.SURE, detail__in_scope=True,
    )  # fmt: skip
    return list(rows.order_by("id").values_list("id", flat=True)[:most])
