"""What people decide about holds: release or keep, one or all, each with its audit entry (R10, R18)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.audit.record import Act, record_many
from provisor.directory import journal
from provisor.directory.changes import change
from provisor.identifiers import uuid7
from provisor.provisioning.brake.brake import act_of
from provisor.provisioning.brake.brake_mapped import MAPPED
from provisor.provisioning.brake.releases import Effect, effect_of_all
from provisor.provisioning.brake.two_persons import Ruling, rulings
from provisor.provisioning.clock import now
from provisor.provisioning.models import Hold, Link, LinkMember
from provisor.provisioning.operations import OperationRefused
from provisor.provisioning.passes.context import load_context
from provisor.provisioning.passes.phases import Phase

_Row = TypeVar("_Row")

#: Rows that one statement names.
BATCH = 500

NOT_HELD = "It is not held any more: it was {state}."
CHANGED = "What would happen has changed since it was shown. Look at the list again, then decide."
NOTHING = "Nothing is held there any more."
KEPT = "Kept: {who} rejected the removal."


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of a decision about many: how many were decided, and why others were left, each sentence once."""

    done: int
    left: int
    reasons: tuple[str, ...]


def release_hold(hold_id: UUID, *, actor: Actor, effect: str) -> Hold:
    """Let a held operation happen; `effect` is the hash that was shown, and the release counts only for it (R10).

    Raises OperationRefused, also where the actor caused it and another account may release; Hold.DoesNotExist.
    """
    with _turn(_application_of(hold_id)):
        hold = _held(hold_id)
        if effect != hold.effect:
            raise OperationRefused(CHANGED)
        ruling = rulings([hold], actor)[hold.id]
        if ruling.refusal:
            raise OperationRefused(ruling.refusal)
        _release([hold], actor, {hold.id: ruling})
    hold.refresh_from_db()
    return hold


def reject_hold(hold_id: UUID, *, actor: Actor) -> Hold:
    """Keep what was to be taken away, for this cause, until the cause changes. Raises as `release_hold`."""
    with _turn(_application_of(hold_id)):
        hold = _held(hold_id)
        _reject([hold], actor)
    hold.refresh_from_db()
    return hold


def release_all(application_id: UUID, *, actor: Actor, effects: str, reason: str | None = None) -> Decided:
    """Release everything that is held (for one reason, if given); `effects` is `effect_of_all` of what was shown.

    What the actor caused is left where another account may release. Raises OperationRefused where it is not what was
    shown any more.
    """
    with _turn(application_id):
        holds = _all(application_id, effects, reason)
        ruled = rulings(holds, actor)
        allowed = [hold for hold in holds if not ruled[hold.id].refusal]
        _release(allowed, actor, ruled)
    refusals = [ruled[hold.id].refusal for hold in holds if ruled[hold.id].refusal]
    return Decided(done=len(allowed), left=len(refusals), reasons=tuple(dict.fromkeys(refusals)))


def reject_all(application_id: UUID, *, actor: Actor, effects: str, reason: str | None = None) -> Decided:
    """Keep everything that is held (for one reason, if given). Raises as `release_all`."""
    with _turn(application_id):
        holds = _all(application_id, effects, reason)
        _reject(holds, actor)
    return Decided(done=len(holds), left=0, reasons=())


def shown_effect(application_id: UUID, reason: str | None = None) -> tuple[int, str]:
    """Return how many operations are held (for one reason, if given), and the hash of all their effects."""
    rows = list(_open(application_id, reason).values_list("id", "effect"))
    return len(rows), effect_of_all(rows)


@contextmanager
def _turn(application_id: UUID) -> Iterator[None]:
    """One transaction, with the locks taken in the order of `turns`: the audit chain, the application, links."""
    with change():
        Application.objects.select_for_update(no_key=True).filter(pk=application_id).first()
        yield


def _application_of(hold_id: UUID) -> UUID:
    return Hold.objects.values_list("application_id", flat=True).get(pk=hold_id)


def _open(application_id: UUID, reason: str | None) -> QuerySet[Hold]:
    found = Hold.objects.filter(application=application_id, state=Hold.State.HELD)
    return found if reason is None else found.filter(reason=reason)


def _held(hold_id: UUID) -> Hold:
    hold = Hold.objects.select_for_update().get(pk=hold_id)
    if hold.state != Hold.State.HELD:
        raise OperationRefused(NOT_HELD.format(state=hold.state))
    return hold


def _all(application_id: UUID, effects: str, reason: str | None) -> list[Hold]:
    holds = list(_open(application_id, reason).select_for_update().order_by("id"))
    if not holds:
        raise OperationRefused(NOTHING)
    if effect_of_all((hold.id, hold.effect) for hold in holds) != effects:
        raise OperationRefused(CHANGED)
    return holds


def _release(holds: Sequence[Hold], actor: Actor, ruled: dict[UUID, Ruling]) -> None:
    due = {"state": Link.State.DUE, "not_before": 0, "attempts": 0, "reason": ""}
    for links, cause in _links(holds):
        held = Link.objects.filter(pk__in=links, state=Link.State.HELD)
        if cause == MAPPED:
            held.filter(in_scope=True).update(phase=Phase.USERS, **due)
        else:
            held.filter(kind="user", cause=cause).update(phase=Phase.ACCOUNT_REMOVALS, **due)
            held.filter(kind="group", cause=cause).update(phase=Phase.GROUP_DELETIONS, **due)
    _release_members(holds)
    _decide(holds, Hold.State.RELEASED, "hold.released", actor, ruled)


def _release_members(holds: Iterable[Hold]) -> None:
    groups: dict[int, list[UUID]] = defaultdict(list)
    for hold in holds:
        if hold.user_id is not None:
            groups[hold.link_id].append(hold.user_id)
    for link, users in groups.items():
        for people in _cut(users):
            LinkMember.objects.filter(link_id=link, user_id__in=people).update(held=False)
    for links in _cut(list(groups)):
        Link.objects.filter(pk__in=links).update(
            state=Link.State.DUE, phase=Phase.MEMBER_REMOVALS, not_before=0, generation=F("generation") + 1
        )


def _reject(holds: Sequence[Hold], actor: Actor) -> None:
    for links, cause in _links(holds):
        held = Link.objects.filter(pk__in=links, state=Link.State.HELD)
        if cause == MAPPED:
            # it is planned again, without the deactivation
            held.filter(in_scope=True).update(state=Link.State.DUE, phase=Phase.USERS, not_before=0)
        else:
            held.update(state=Link.State.RELEASED, reason=KEPT.format(who=actor.label))
    _decide(holds, Hold.State.REJECTED, "hold.rejected", actor, {})


def _links(holds: Iterable[Hold]) -> Iterator[tuple[Sequence[int], str]]:
    """Yield the links of holds of accounts and groups, by cause, some at a time."""
    causes: dict[str, list[int]] = defaultdict(list)
    for hold in holds:
        if hold.user_id is None:
            causes[hold.cause].append(hold.link_id)
    for cause, links in causes.items():
        for some in _cut(links):
            yield some, cause


def _decide(
    holds: Sequence[Hold], state: Hold.State, act: str, actor: Actor, ruled: dict[UUID, Ruling]
) -> None:
    """Write the decision and its audit entries, and wake the engine once it is committed."""
    at = now()
    for hold in holds:
        hold.state, hold.decided_at, hold.decided_by = state, at, actor.label
        hold.note = ruled.get(hold.id, Ruling()).note
    Hold.objects.bulk_update(
        holds, ["state", "decided_at", "decided_by", "note"], batch_size=BATCH // 5
    )  # five marks a row
    record_many(actor, [_audited(hold, act) for hold in holds])
    transaction.on_commit(lambda: journal.changed.send(sender=Hold), robust=True)


def _audited(hold: Hold, act: str) -> Act:
    after = {"link": hold.link_id, "effect": hold.effect, **({"note": hold.note} if hold.note else {})}
    return Act(act=act, subject_id=str(hold.id), subject_label=hold.act, after=after)


def _cut(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def pass_brake(link: Link, actor: Actor) -> None:
    """One deliberate act on one person is no mass event: record a release, so that the brake lets it through."""
    if link.in_scope or link.kind != "user":
        return
    at = now()
    open_ones = Hold.objects.filter(
        link_id=link.id, user_id=None, state__in=(Hold.State.HELD, Hold.State.RELEASED)
    )
    open_ones.update(state=Hold.State.CANCELLED, decided_at=at, decided_by=actor.label)
    context = load_context(Application.objects.get(pk=link.application_id))
    effect = Effect(link=link.id, act=act_of(context, link.cause), cause=link.cause)
    Hold.objects.create(
        id=uuid7(), application_id=link.application_id, link_id=link.id, act=effect.act, cause=link.cause,
        effect=effect.digest, state=Hold.State.RELEASED, reason="Provisioned on demand.", held_at=at, decided_at=at,
        decided_by=actor.label, entry_id=link.entry_id,
    )  # fmt: skip
