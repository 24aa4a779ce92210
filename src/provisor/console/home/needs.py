"""What needs a person: sentences, the most urgent first, each with the one page that mends it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.access.permissions import Permission
from provisor.applications.models import Application
from provisor.console.home.found import Found
from provisor.console.home.reading import ApplicationRow
from provisor.provisioning.homes.home import engine_runs
from provisor.provisioning.models import Hold, Kind, Link

#: A leaver who is not confirmed after so many milliseconds is an alarm (engine.md, section 9).
_LEAVER_ALARM: Final = 5 * 60_000
#: Reasons of failures that are told apart for one application.
_REASONS: Final = 5
_UNWELL: Final = ("refused", "misbehaving", "unreachable", "throttled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One sentence and its one button. `state` is the word whose sign and colour it has."""

    state: str
    sentence: str
    detail: str
    act: str
    address: str
    #: What the one button takes: it concerns nobody else.
    takes: Permission
    #: Unix milliseconds, or None.
    since: int | None = None


def needs(rows: list[ApplicationRow], found: Sequence[Found]) -> list[Need]:
    """Everything that waits for some person now; four queries beside those of the rows and the findings."""
    names = {row.application.id: row.application.name for row in rows}
    return [
        *_engine(rows),
        *_unwell(rows),
        *_leavers(names),
        *_holds(names),
        *_conflicts(rows),
        *_found(names, found),
        *_failures(names),
        *_not_started(rows),
        *_paused(rows),
    ]


def _engine(rows: list[ApplicationRow]) -> Iterator[Need]:
    if rows and not engine_runs():
        yield Need(
            state="failed",
            sentence=_("No engine runs: nothing is sent to any application."),
            detail=_("Start it with “provisor serve”."),
            act=_("See its health"),
            address=reverse("about"),
            takes=Permission.START_PASSES,
        )


def _unwell(rows: list[ApplicationRow]) -> Iterator[Need]:
    for row in rows:
        state = row.status["state"]
        if state in _UNWELL:
            page, act = (
                ("application-settings", _("Enter a new token"))
                if state == "refused"
                else ("application", _("Look at it"))
            )
            yield Need(
                state=state,
                sentence=_("%(name)s: nothing is sent to it now.") % {"name": row.application.name},
                detail=row.status["reason"],
                act=act,
                address=reverse(page, args=[row.application.id]),
                takes=Permission.MANAGE_APPLICATIONS,
                since=row.status["last_contact"],
            )


def _leavers(names: dict[UUID, str]) -> Iterator[Need]:
    before = int(time.time() * 1000) - _LEAVER_ALARM
    account = Q(remote_id__isnull=False)
    late = (
        Link.objects.filter(
            application_id__in=names,
            state__in=(
                Link.State.DUE,
                Link.State.WAITING,
                Link.State.FAILED,
                Link.State.HELD,
                Link.State.CONFLICT,
            ),
            in_scope=False,
            kind=Kind.USER,
            changed_at__lt=before,
        )
        .values_list("application_id")
        # Not in the filter: the database would go by the index of remote ids, through every account there is.
        .annotate(count=Count("id", filter=account), since=Min("changed_at", filter=account))
        .order_by()
    )
    for key, count, since in late:
        if count and key in names:
            sentence = ngettext(
                "%(count)d leaver still has an account in %(name)s.",
                "%(count)d leavers still have an account in %(name)s.",
                count,
            )
            yield Need(
                state="failed",
                sentence=sentence % {"count": count, "name": names[key]},
                detail=_("Their removal is not confirmed after more than five minutes."),
                act=_("See who"),
                address=reverse("application-accounts", args=[key]) + "?leavers=1",
                takes=Permission.PROVISION,
                since=since,
            )


def _holds(names: dict[UUID, str]) -> Iterator[Need]:
    held = (
        Hold.objects.filter(application_id__in=names, state=Hold.State.HELD)
        .values_list("application_id")
        .annotate(
            count=Count("id"),
            memberships=Count("id", filter=Q(user_id__isnull=False)),
            since=Min("held_at"),
        )
        .order_by()
    )
    for key, count, memberships, since in held:
        if key in names:
            yield Need(
                state="held",
                sentence=_holds_so_many(names[key], count, memberships),
                detail=_("Nothing of it happens until somebody releases or keeps it."),
                act=_("Release or keep"),
                address=reverse("application-holds", args=[key]),
                takes=Permission.RELEASE_HOLDS,
                since=since,
            )


def _holds_so_many(name: str, count: int, memberships: int) -> str:
    """The bell and the columns count accounts and groups, so memberships are told apart."""
    if not memberships:
        sentence = ngettext(
            "The brake holds %(count)d removal in %(name)s.",
            "The brake holds %(count)d removals in %(name)s.",
            count,
        )
        return sentence % {"count": count, "name": name}
    members = ngettext("%(count)d membership", "%(count)d memberships", memberships) % {"count": memberships}
    sentence = ngettext(
        "The brake holds %(count)d removal in %(name)s: %(whole)d of accounts and groups, %(members)s.",
        "The brake holds %(count)d removals in %(name)s: %(whole)d of accounts and groups, %(members)s.",
        count,
    )
    return sentence % {"count": count, "name": name, "whole": count - memberships, "members": members}


def _conflicts(rows: list[ApplicationRow]) -> Iterator[Need]:
    for row in rows:
        count = row.status["conflict"]
        if count:
            sentence = ngettext(
                "%(count)d account or group in %(name)s is in conflict.",
                "%(count)d accounts and groups in %(name)s are in conflict.",
                count,
            )
            yield Need(
                state="conflict",
                sentence=sentence % {"count": count, "name": row.application.name},
                detail=_("Provisor cannot tell whose they are."),
                act=_("Decide"),
                address=reverse("application-accounts", args=[row.application.id]) + "?state=conflict",
                takes=Permission.MANAGE_APPLICATIONS,
            )


def _found(names: dict[UUID, str], found: Sequence[Found]) -> Iterator[Need]:
    for one in found:
        if one.application in names:
            sentence = ngettext(
                "A scan of %(name)s found %(count)d thing that nobody has decided about.",
                "A scan of %(name)s found %(count)d things that nobody has decided about.",
                one.count,
            )
            yield Need(
                state="found",
                sentence=sentence % {"count": one.count, "name": names[one.application]},
                detail=one.in_words,
                act=_("Decide"),
                address=reverse("application-drift", args=[one.application]),
                takes=Permission.PROVISION,
                since=one.since,
            )


def _failures(names: dict[UUID, str]) -> Iterator[Need]:
    failed = (
        Link.objects.filter(application_id__in=names, state=Link.State.FAILED)
        .values_list("application_id", "reason")
        .annotate(count=Count("id"))
        .order_by("-count")[: _REASONS * max(len(names), 1)]
    )
    for key, reason, count in failed:
        if key in names:
            sentence = ngettext(
                "%(count)d account or group in %(name)s failed.",
                "%(count)d accounts and groups in %(name)s failed.",
                count,
            )
            yield Need(
                state="failed",
                sentence=sentence % {"count": count, "name": names[key]},
                detail=reason,
                act=_("See them"),
                address=reverse("application-accounts", args=[key]) + "?state=failed",
                takes=Permission.PROVISION,
            )


def _not_started(rows: list[ApplicationRow]) -> Iterator[Need]:
    for row in rows:
        if row.application.mode == Application.Mode.OBSERVE:
            yield Need(
                state="observe",
                sentence=_("%(name)s is only observed: nothing is sent yet.")
                % {"name": row.application.name},
                detail=_("Look at what would happen, then start it."),
                act=_("Review the plan"),
                address=reverse("application-plan", args=[row.application.id]),
                takes=Permission.MANAGE_APPLICATIONS,
            )


def _paused(rows: list[ApplicationRow]) -> Iterator[Need]:
    for row in rows:
        if row.application.paused:
            yield Need(
                state="paused",
                sentence=_("%(name)s is paused.") % {"name": row.application.name},
                detail=row.application.paused_reason,
                act=_("Look at it"),
                address=reverse("application", args=[row.application.id]),
                takes=Permission.MANAGE_APPLICATIONS,
            )
