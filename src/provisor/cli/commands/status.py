"""`provisor status`: every application at a glance."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from provisor.cli.opening import open_installation
from provisor.cli.screen import plain_table, say, show, show_json
from provisor.cli.words import LINKS, application_look, count

if TYPE_CHECKING:
    from provisor.applications.models import Application

_ALWAYS = ("in_sync", "due", "waiting", "failed", "held")
_WHEN_ANY = ("conflict", "missing", "released", "excluded")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def status(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list.")] = False) -> None:
    """Show every application: its state, what is in sync, what is due, what needs a person."""
    open_installation()

    from provisor.applications.lookup import live_applications
    from provisor.provisioning.homes.home import engine_runs
    from provisor.provisioning.queries import application_statuses

    found = application_statuses()
    rows = [(one, found[one.pk]) for one in live_applications().order_by("name_key")]
    if as_json:
        return show_json([{"id": one.pk, "name": one.name, **each} for one, each in rows])
    if rows:
        show(_table(rows))
        _say_reasons(rows)
    else:
        say("There is no application yet. Add one: provisor application add NAME --url URL --token-stdin")
    runs = engine_runs()
    say(
        "The engine runs."
        if runs
        else "No engine runs: nothing is sent until provisor serve or provisor sync."
    )
    return None


def _table(rows: "list[tuple[Application, dict[str, Any]]]") -> Any:
    states = [*_ALWAYS, *(name for name in _WHEN_ANY if any(each.get(name) for _, each in rows))]
    words = [LINKS[name].word for name in states]
    table = plain_table("", ("application", "state", *words, "last contact"), numbers=words)
    for application, each in rows:
        look = application_look(each["state"])
        mode = "" if application.mode == "enforce" else " (observed only)"
        cells = [_cell(name, int(each.get(name, 0))) for name in states]
        table.add_row(
            Text(application.name), Text(look.text + mode, look.style), *cells, _ago(each["last_contact"])
        )
    return table


def _cell(state: str, number: int) -> Text:
    return Text(f"{number:,}", LINKS[state].style if number else "bright_black")


def _say_reasons(rows: "list[tuple[Application, dict[str, Any]]]") -> None:
    for application, each in rows:
        if each["reason"]:
            say(Text(f"{application.name}: ", "bold"), str(each["reason"]))


def _ago(milliseconds: int | None) -> str:
    if not milliseconds:
        return "never"
    seconds = max(0, int(time.time() - milliseconds / 1_000))
    for size, noun in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            return f"{count(seconds // size, noun)} ago"
    return f"{count(seconds, 'second')} ago"
