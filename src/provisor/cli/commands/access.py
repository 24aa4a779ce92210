"""`provisor access APP --on DATE`: who had an account there on that day, from when to when, and why."""

import csv
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from provisor.cli.opening import open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import plain_table, say, show, show_json
from provisor.cli.words import count

if TYPE_CHECKING:
    from provisor.provisioning.why.access import Access

HEADER = ("user", "user_id", "account", "from", "because", "to", "because_of")


def access(
    application: Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")],
    *,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day, as 2026-05-31.")],
    user: Annotated[str, typer.Option(help="Only this user, by user name or id.")] = "",
    zone: Annotated[str, typer.Option(help="The time zone of the day, as Europe/Berlin; else UTC.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False,
) -> None:
    """Say whose account in an application was live on a day, from when to when, with the cause at both ends."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.directory.queries import find_user
    from provisor.provisioning.why.access import NoSuchDay, access_on, every_access, read_day

    target = find_application(application)
    try:
        day = read_day(on, zone)
    except NoSuchDay as wrong:
        raise CommandRefusal(str(wrong)) from None
    whom = find_user(user).id if user else None
    rows = every_access(access_on(day, application_id=target.id, user_id=whom))
    if as_json:
        show_json([asdict(row) | {"from_at": _time(row.from_at), "to_at": _time(row.to_at)} for row in rows])
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(HEADER)
        writer.writerows([_safe(cell) for cell in _cells(row)] for row in rows)
    else:
        _say(list(rows), f'"{target.name}" on {day.on} ({day.zone})')


def _say(rows: "list[Access]", where: str) -> None:
    if not rows:
        return say(f"Nobody had an account in {where}, as far as Provisor knows.")
    table = plain_table("", ("user", "account", "from", "because", "to", "because"))
    for row in rows:
        name, _, *rest = _cells(row)
        table.add_row(*(Text(str(cell)) for cell in (name, *rest)))
    show(table)
    return say(f"{count(len(rows), 'account')} in {where}. Times are UTC.")


def _cells(row: "Access") -> tuple[Any, ...]:
    to = _time(row.to_at) or "still live"
    return (row.user_name, row.user_id, row.remote_id, _time(row.from_at), row.from_cause, to, row.to_cause)


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _safe(cell: Any) -> str:
    """No spreadsheet takes it for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
