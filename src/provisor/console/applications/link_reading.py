"""One account or group of an application: its sides, its history, its causes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from django.db.models import Count, Q, QuerySet
from django.http import Http404

from provisor.console.applications import phrases
from provisor.console.applications.attempts import AttemptRow, Cause, causes_of, rows_of
from provisor.console.applications.frame import head_of
from provisor.console.applications.named import Named
from provisor.provisioning.drift.group_deletion import is_left_there
from provisor.provisioning.models import AccessInterval, Attempt, Hold, Kind, Link, LinkMember
from provisor.provisioning.preview.comparison import Line, compare
from provisor.scim.path import MISSING

_ATTEMPTS: Final = 15
_INTERVALS: Final = 6
_HOLDS: Final = 3
_HEAD: Final = head_of("application_id")
#: Columns of the comparison.
_SIDES: Final = ("directory", "desired", "sent", "observed", "now")


@dataclass(frozen=True, slots=True)
class Cell:
    """The value of one side; `known` is false where the side has none."""

    side: str
    label: Any
    text: str
    known: bool
    differs: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One attribute with its sides."""

    path: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Happened:
    """One attempt with the change that led to it."""

    row: AttemptRow
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class OneLink:
    """Everything of the page of one link."""

    link: Link
    name: str
    named: Named
    cause_word: str
    cause: Cause | None
    act: str
    why_not: str
    sides: list[Any]
    lines: list[Compared]
    rest: str
    attempts: list[Happened]
    more_attempts: bool
    members: Mapping[str, int]
    intervals: list[AccessInterval]
    holds: list[Hold]
    #: A group that no policy pushes any more; only a person deletes it there.
    left_there: bool

    @property
    def holds_said(self) -> list[Hold]:
        """One hold of each reason: a batch has the same for all."""
        return list({hold.reason: hold for hold in self.holds}.values())

    @property
    def is_user(self) -> bool:
        """Whether it is an account, not a group."""
        return bool(self.link.kind == Kind.USER)


def find_link(application_id: UUID, link_id: int) -> Link:
    """The link of this application, with what the head of the page needs. Raises Http404."""
    found = _links_of(application_id).filter(pk=link_id).first() if link_id < 2**63 else None
    if found is None:
        raise Http404
    vars(found.application).update({name: vars(found)[name] for name in _HEAD})
    return found


def _links_of(application_id: UUID) -> QuerySet[Link]:
    links = Link.objects.select_related("application").annotate(**_HEAD)
    return links.filter(application=application_id, application__deleted_at__isnull=True)


def one_link(link: Link, now: Mapping[str, Any] | None = None) -> OneLink:
    """Read the page; `now` is the resource as the application holds it, if it was read on request."""
    compared, held = compare(link, now)
    attempts = list(
        Attempt.objects.filter(application=link.application_id, local_id=link.local_id).order_by("-id")[
            : _ATTEMPTS + 1
        ]
    )
    named = Named(link.kind, compared.name, compared.display_name, link.cause == Link.Cause.DELETED)
    members = _members(link)
    causes = causes_of([link.entry_id, *(each.entry_id for each in attempts)])
    shown = [side for side in _SIDES if side == "directory" or _known(side, compared.lines, now)]
    return OneLink(
        link=link,
        name=compared.name,
        named=named,
        cause_word=phrases.cause(link.cause) if link.cause else "",
        cause=causes.get(link.entry_id or 0),
        act=phrases.planned(compared.act) if compared.act else "",
        why_not=compared.reason,
        sides=[phrases.SIDES[side] for side in shown],
        lines=[_compared(line, shown, held) for line in compared.lines],
        rest=_rest(now),
        attempts=[Happened(row, causes.get(row.attempt.entry_id or 0)) for row in rows_of(attempts[:_ATTEMPTS], {link.local_id: named})],
        more_attempts=len(attempts) > _ATTEMPTS,
        members=members,
        intervals=_intervals(link),
        holds=_holds(link, members),
        left_there=is_left_there(link) and link.cause != Link.Cause.DELETED,
    )  # fmt: skip


def _known(side: str, lines: Iterable[Line], now: Mapping[str, Any] | None) -> bool:
    """Whether a side has anything to show: a column without a value only takes room."""
    return now is not None if side == "now" else any(getattr(line, side) is not MISSING for line in lines)


def _compared(line: Line, shown: list[str], held: Mapping[str, Any]) -> Compared:
    values = {
        "directory": line.directory,
        "desired": line.desired,
        "sent": line.sent,
        "observed": line.observed,
        "now": held.get(line.path, MISSING),
    }
    return Compared(
        line.path,
        [
            Cell(side, phrases.SIDES[side], _text(values[side]), values[side] is not MISSING, side in line.differing)
            for side in shown
        ],
    )  # fmt: skip


def _text(value: Any) -> str:
    """A value as a person reads it: text as it is, the rest as JSON."""
    if value is MISSING:
        return ""
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()


def _rest(now: Mapping[str, Any] | None) -> str:
    """The whole resource as it was read, for what no rule speaks of."""
    return "" if now is None else orjson.dumps(dict(now), option=orjson.OPT_INDENT_2, default=str).decode()


def _members(link: Link) -> Mapping[str, int]:
    if link.kind != Kind.GROUP:
        return {}
    counted: dict[str, int] = LinkMember.objects.filter(link=link).aggregate(
        wanted=Count("id", filter=Q(wanted=True)),
        confirmed=Count("id", filter=Q(remote_id__isnull=False)),
        due=Count("id", filter=Q(due=True)),
        held=Count("id", filter=Q(held=True)),
    )
    return counted


def _holds(link: Link, members: Mapping[str, int]) -> list[Hold]:
    """What waits for a person; a group may have members that are held whatever its own state is."""
    if link.state != Link.State.HELD and not members.get("held"):
        return []
    return list(Hold.objects.filter(link_id=link.id, state=Hold.State.HELD).order_by("id")[:_HOLDS])


def _intervals(link: Link) -> list[AccessInterval]:
    if link.kind != Kind.USER:
        return []
    found = AccessInterval.objects.filter(user_id=link.local_id, application=link.application_id)
    return list(found.order_by("-id")[:_INTERVALS])
