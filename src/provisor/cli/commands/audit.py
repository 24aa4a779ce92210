"""`provisor audit ...`: whether the record of acts is whole, its end noted outside, and its acts as a file."""

import asyncio
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisor.cli.opening import open_installation
from provisor.cli.progress import progress
from provisor.cli.refusals import BAD_ANSWER, CommandRefusal
from provisor.cli.screen import remark, say, show_json
from provisor.cli.words import count

if TYPE_CHECKING:
    from provisor.audit.anchors import Anchor

app = typer.Typer(help="The hash-chained record of every act.", no_args_is_help=True)


class FormatName(StrEnum):
    """The words of `provisor.audit.export.FORMATS`, here since the command line is read before Django is."""

    JSONL = "jsonl"
    OCSF = "ocsf"
    CEF = "cef"


@app.callback()
def _audit() -> None:
    """The hash-chained record of every act."""


@app.command("verify")
def verify(
    anchor: Annotated[
        str,
        typer.Option(
            help="The head that an earlier check printed: shows whether the end was re-written since."
        ),
    ] = "",
    anchors: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file of anchors, such as a webhook has collected; may be given several times. Those of "
            "PROVISOR_AUDIT_ANCHORS are always read."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check the whole chain: edits, deletions, reorderings, and the end against the anchors. Exits with 1 when broken."""
    open_installation()
    from provisor.audit.verify import verify as check
    from provisor.notices.audited import note_verification

    outside = _anchors(anchors or [])
    with progress("Reading the audit record", "entries") as advance:
        found = check(anchor=anchor, anchors=outside, progress=advance)
    note_verification(found)
    if as_json:
        told = {"ok": found.ok, "entries": found.entries, "problem": found.problem, "head": found.head}
        show_json(told | {"anchors": len(outside)})
    elif found.ok:
        say(
            f"The audit record is whole: {count(found.entries, 'entry', 'entries')}. Its head is {found.head}"
        )
        _remark_anchors(outside)
    else:
        remark(f"The audit record is broken. {found.problem}", "red")
    if not found.ok:
        raise typer.Exit(BAD_ANSWER)


def _anchors(files: list[Path]) -> "list[Anchor]":
    from provisor.audit.anchoring import known_anchors
    from provisor.audit.anchors import AnchorsUnreadableError, read_file

    try:
        return [*known_anchors(), *(each for file in files for each in read_file(file))]
    except AnchorsUnreadableError as error:
        raise CommandRefusal(str(error), code=BAD_ANSWER) from None


def _remark_anchors(anchors: "list[Anchor]") -> None:
    if anchors:
        remark(f"It agrees with {count(len(anchors), 'anchor')} outside the database.")
    else:
        remark(
            "Keep the head outside of Provisor; a later check takes it as --anchor. With PROVISOR_AUDIT_ANCHORS "
            "that happens by itself."
        )


@app.command("anchor")
def anchor() -> None:
    """Note the end of the record in every place of PROVISOR_AUDIT_ANCHORS now. Exits with 1 when one fails.

    A running service does so by itself, every PROVISOR_AUDIT_ANCHOR_MINUTES.
    """
    open_installation()
    from provisor.audit.anchoring import carry, note, places, take_due
    from provisor.notices.audited import note_anchoring

    if not places():
        raise CommandRefusal(
            "No place is set. Name a file or a webhook in PROVISOR_AUDIT_ANCHORS, outside of the database's machine."
        )
    failed = False
    for errand in take_due(datetime.now(UTC)):
        problem = asyncio.run(carry(errand))
        note(errand, problem)
        note_anchoring(errand.place.digest, errand.place.label, problem)
        if problem:
            remark(f"{errand.place.label}: {problem}", "red")
        failed = failed or bool(problem)
    for each in places():
        say(each.label)
    if failed:
        raise typer.Exit(BAD_ANSWER)


@app.command("export")
def export(
    format_name: Annotated[
        FormatName, typer.Option("--format", help="One line for each act, in this format.")
    ] = FormatName.JSONL,
    after: Annotated[
        int,
        typer.Option(
            min=0, help="Only acts after the one with this id: for what is fetched again and again."
        ),
    ] = 0,
    since: Annotated[datetime | None, typer.Option(help="Only acts of this time (UTC) or later.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only acts before this time (UTC).")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write this file; it must not be there yet.")
    ] = None,
) -> None:
    """Write the record of acts as JSON Lines, OCSF or CEF, the oldest first. It holds no secret."""
    open_installation()
    from provisor.audit.export import FORMATS, lines
    from provisor.audit.models import AuditEntry

    bounds = {"at__gte": since, "at__lt": until}
    found = AuditEntry.objects.filter(
        id__gt=after, **{name: each.replace(tzinfo=UTC) for name, each in bounds.items() if each}
    )
    number = 0
    with _opened(output) as stream:
        for line in lines(found, FORMATS[format_name.value], oldest_first=True):
            stream.write(line)
            number += 1
    remark(f"{count(number, 'act')} written.")


def _opened(output: Path | None) -> Any:
    if output is None:
        return nullcontext(sys.stdout)
    try:
        return output.open("x", encoding="utf-8")
    except OSError as error:
        raise CommandRefusal(
            f'"{output}" cannot be written ({error.strerror}). Name a file that is not there yet.'
        ) from None
