"""`provisor notice ...`: what a person must hear of, who hears of it, and whether it arrived."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provisor.cli.opening import actor, open_installation
from provisor.cli.screen import plain_table, remark, say, show, show_json

if TYPE_CHECKING:
    from provisor.notices.models import Notice

app = typer.Typer(help="What a person must hear of, by e-mail and webhook.", no_args_is_help=True)

_EVENTS = typer.Option("--event", help="Only this event; may be given several times. All without it.")


@app.callback()
def _notice() -> None:
    """What a person must hear of, by e-mail and webhook."""


@app.command("list")
def list_notices(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many notices, the newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what is the matter now, and what was told to whom."""
    open_installation()
    from provisor.notices import queries

    reasons, told = list(queries.lasting_reasons()), list(queries.notices()[:limit])
    if as_json:
        return show_json(
            {"now": [_reason(each) for each in reasons], "notices": [_told(each) for each in told]}
        )
    for each in reasons:
        name = f"{each.application.name}: " if each.application else ""
        say(f"Since {_moment(each.since)}  {name}{each.sentence}")
    if not reasons:
        say("Nothing is the matter now.")
    if told:
        show(_table(told))
    if not queries.channels().exists():
        remark("Nobody is told yet. Add an address: provisor notice add-email ADDRESS")
    return None


@app.command("add-email")
def add_email(
    address: Annotated[str, typer.Argument(help="The e-mail address that gets notices.")],
    events: Annotated[list[str] | None, _EVENTS] = None,
) -> None:
    """Let notices go to an e-mail address."""
    open_installation()
    from provisor.notices import channels
    from provisor.notices.events import EVENTS

    channel = channels.add_email(address, events or list(EVENTS), actor=actor())
    say(f"Notices go to {channel.address} from now on.")


@app.command("add-webhook")
def add_webhook(
    url: Annotated[str, typer.Argument(help="The address that gets a signed POST.")],
    events: Annotated[list[str] | None, _EVENTS] = None,
) -> None:
    """Let notices go to a webhook, and print the secret that signs: this once, it is not shown again."""
    open_installation()
    from provisor.notices import channels
    from provisor.notices.events import EVENTS

    channel, secret = channels.add_webhook(url, events or list(EVENTS), actor=actor())
    say(secret)
    remark(f"Notices go to {channel.address} from now on, signed with this secret.")


def _table(told: "list[Notice]") -> Any:
    table = plain_table("", ("at", "notice", "to", "outcome"))
    for notice in told:
        deliveries = list(notice.deliveries.all())
        whom = "\n".join(each.channel.address for each in deliveries) or "nobody"
        outcome = "\n".join(f"{each.state}: {each.outcome}".rstrip(": ") for each in deliveries)
        table.add_row(_moment(notice.at), notice.title, whom, outcome)
    return table


def _reason(reason: Any) -> dict[str, Any]:
    application = reason.application.name if reason.application else None
    return {
        "event": reason.event,
        "application": application,
        "since": reason.since,
        "message": reason.sentence,
    }


def _told(notice: "Notice") -> dict[str, Any]:
    return {
        "id": notice.pk,
        "event": notice.event,
        "phase": notice.phase,
        "application": notice.application_name or None,
        "at": notice.at,
        "title": notice.title,
        "message": notice.sentence,
        "deliveries": [
            {
                "to": each.channel.address,
                "state": each.state,
                "attempts": each.attempts,
                "outcome": each.outcome,
            }
            for each in notice.deliveries.all()
        ],
    }


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
