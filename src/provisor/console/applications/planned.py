"""A part of a plan as its page and its dialogs show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext as _

from provisor.console.applications import phrases
from provisor.mapping.problems import MappingRefused
from provisor.provisioning.preview.plan_part import START, Place, PlanPart, plan_part

#: Characters of one body that a page shows; the export has it whole.
SHOWN_BODY = 6_000


@dataclass(frozen=True, slots=True)
class Chip:
    """How many of one act: `40 members to add`."""

    act: str
    label: str
    count: int
    tone: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it will leave."""

    line: str
    body: str
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """One operation of the plan."""

    act: str
    word: str
    takes_away: bool
    kind: str
    name: str
    #: None where no pass has looked at it yet.
    link_id: int | None
    count: int
    reason: str
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A part of the plan. `problem` says why there is none."""

    due: int = 0
    counted: int = 0
    held: int = 0
    complete: bool = True
    #: Of those that were counted: how many need no request.
    quiet: int = 0
    chips: tuple[Chip, ...] = ()
    rows: tuple[Row, ...] = ()
    before: int = 0
    until: int = 0
    following: str = ""
    problem: str = ""

    @property
    def summary(self) -> str:
        """The totals on a button; empty where they are not those of the whole plan."""
        return ", ".join(f"{chip.count} {chip.label}" for chip in self.chips) if self.complete else ""


def first_part(application_id: UUID) -> Planned:
    """The totals alone, for a dialog."""
    return planned_part(application_id, rows=0)


def planned_part(application_id: UUID, *, after: str = "", act: str = "", rows: int) -> Planned:
    """One page of the plan; `after` is what the link to the next page carries."""
    try:
        part = plan_part(application_id, after=read_place(after), act=act, rows=rows)
    except MappingRefused as refused:
        return Planned(
            problem=_("There is no plan, because the mapping cannot be used: %(why)s") % {"why": refused}
        )
    return _shown(part)


def _shown(part: PlanPart) -> Planned:
    return Planned(
        due=part.due,
        counted=part.counted,
        held=part.held,
        complete=part.complete,
        quiet=part.quiet,
        chips=tuple(_chips(part.totals)),
        rows=tuple(row_of(operation) for operation in part.operations),
        before=part.before,
        until=part.until,
        following="" if part.following is None else f"{part.following[0]}.{part.following[1]}",
    )


def _chips(totals: Mapping[str, int]) -> list[Chip]:
    return [
        Chip(act, str(phrases.PLANNED[act][0]), count, _tone(act))
        for act, count in totals.items()
        if act in phrases.PLANNED
    ]


def _tone(act: str) -> str:
    if phrases.PLANNED[act][2]:
        return "bad"
    return "good" if act in ("create", "add_members") else ""


def row_of(operation: Mapping[str, Any]) -> Row:
    """One operation of `plan_part` or `plan_one` for people."""
    act = operation["act"]
    return Row(
        act=act,
        word=phrases.planned(act),
        takes_away=act in phrases.PLANNED and phrases.PLANNED[act][2],
        kind=operation["kind"],
        name=operation["name"],
        link_id=operation["link_id"],
        count=operation["count"],
        reason=operation["reason"],
        requests=tuple(_request(each) for each in operation["requests"]),
    )


def _request(planned: Mapping[str, Any]) -> Request:
    body = body_text(planned["body"])
    if len(body) > SHOWN_BODY:
        body = body[:SHOWN_BODY] + "\n" + _("… cut here; the export has it whole.")
    return Request(f"{planned['method']} {planned['path']}", body, planned["note"])


def body_text(body: object) -> str:
    """A body as text for people."""
    return "" if body is None else orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def read_place(text: str) -> Place:
    """The place that a link to the next page carries; the beginning where it cannot be read."""
    rank, _dot, whose = text.partition(".")
    if not rank.isdecimal() or len(rank) >= len("100"):
        return START
    try:
        return int(rank), UUID(whose)
    except ValueError:
        return START
