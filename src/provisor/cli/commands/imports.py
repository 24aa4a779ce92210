"""`provisor import users|groups FILE.csv`: with a dry run, a progress bar, and a report of each refused line."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisor.cli.opening import actor, open_installation
from provisor.cli.progress import progress
from provisor.cli.refusals import BAD_ANSWER
from provisor.cli.screen import plain_table, say, show, show_json
from provisor.cli.secrets_given import read_file
from provisor.cli.words import count

if TYPE_CHECKING:
    from provisor.directory.csv_import import Report

app = typer.Typer(help="Bring users and groups in from CSV files.", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A CSV file in UTF-8; its first line names the columns.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
AllOrNothing = Annotated[bool, typer.Option("--all-or-nothing", help="Do nothing if any line is refused.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")]

#: So many refused lines are shown; `--json` has all.
_SHOWN = 200


@app.command("users")
def import_users(
    file: File, dry_run: DryRun = False, all_or_nothing: AllOrNothing = False, as_json: AsJson = False
) -> None:
    """Create, update and delete users. Exits with 1 when a line was refused."""
    data = read_file(file)
    open_installation()
    from provisor.directory.csv_import import import_users as act

    _import(act, data, "user", dry_run=dry_run, all_or_nothing=all_or_nothing, as_json=as_json)


@app.command("groups")
def import_groups(
    file: File, dry_run: DryRun = False, all_or_nothing: AllOrNothing = False, as_json: AsJson = False
) -> None:
    """Create, update and delete groups, with members and parents. Exits with 1 when a line was refused."""
    data = read_file(file)
    open_installation()
    from provisor.directory.csv_import import import_groups as act

    _import(act, data, "group", dry_run=dry_run, all_or_nothing=all_or_nothing, as_json=as_json)


def _import(
    act: Callable[..., "Report"],
    data: bytes,
    noun: str,
    *,
    dry_run: bool,
    all_or_nothing: bool,
    as_json: bool,
) -> None:
    what = f"Checking {noun}s" if dry_run else f"Importing {noun}s"
    with progress(what, "lines") as advance:
        report = act(data, actor=actor(), dry_run=dry_run, all_or_nothing=all_or_nothing, progress=advance)
    if as_json:
        show_json(_document(report))
    else:
        _show(report, noun, all_or_nothing=all_or_nothing)
    if report.refused:
        raise typer.Exit(BAD_ANSWER)


def _show(report: "Report", noun: str, *, all_or_nothing: bool) -> None:
    would = "would be " if report.dry_run else ""
    parts = [f"{count(report.created, noun)} {would}created"]
    parts += [
        f"{number:,} {would}{act}"
        for act, number in (("updated", report.updated), ("deleted", report.deleted))
    ]
    say(
        ", ".join(
            [
                *parts,
                f"{report.unchanged:,} unchanged, {len(report.refused):,} refused.",
            ]
        )
    )
    if report.refused and all_or_nothing:
        say("Nothing was imported, because of --all-or-nothing and the lines below.")
    if report.refused:
        _show_refused(report)


def _show_refused(report: "Report") -> None:
    table = plain_table("", ("line", "reason", "what to do"), numbers=("line",))
    for refused in report.refused[:_SHOWN]:
        table.add_row(str(refused.line), refused.reason, refused.hint)
    show(table)
    hidden = len(report.refused) - _SHOWN
    if hidden > 0:
        say(f"… and {hidden:,} more lines; --json prints all of them.")


def _document(report: "Report") -> dict[str, Any]:
    refused = [{"line": one.line, "reason": one.reason, "hint": one.hint} for one in report.refused]
    counts = {name: getattr(report, name) for name in ("created", "updated", "deleted", "unchanged")}
    return {"dry_run": report.dry_run, **counts, "refused": refused}
