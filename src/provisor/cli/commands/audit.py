"""`provisor audit verify`: whether the record of acts is whole."""

from typing import Annotated

import typer

from provisor.cli.opening import open_installation
from provisor.cli.progress import progress
from provisor.cli.refusals import BAD_ANSWER
from provisor.cli.screen import remark, say, show_json
from provisor.cli.words import count

app = typer.Typer(help="The hash-chained record of every act.", no_args_is_help=True)


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
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check the whole chain: edits, deletions, reorderings. Exits with 1 when it is broken."""
    open_installation()
    from provisor.audit.verify import verify as check
    from provisor.notices.audited import note_verification

    with progress("Reading the audit record", "entries") as advance:
        found = check(anchor=anchor, progress=advance)
    note_verification(found)
    if as_json:
        show_json({"ok": found.ok, "entries": found.entries, "problem": found.problem, "head": found.head})
    elif found.ok:
        say(
            f"The audit record is whole: {count(found.entries, 'entry', 'entries')}. Its head is {found.head}"
        )
        remark("Keep the head outside of Provisor; a later check takes it as --anchor.")
    else:
        remark(f"The audit record is broken. {found.problem}", "red")
    if not found.ok:
        raise typer.Exit(BAD_ANSWER)
