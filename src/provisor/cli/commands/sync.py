"""`provisor sync APP`: have an application hold what the directory says, now."""

from typing import TYPE_CHECKING, Annotated

import typer

from provisor.cli.awaiting import End, await_application
from provisor.cli.opening import actor, open_installation
from provisor.cli.refusals import BAD_ANSWER
from provisor.cli.requests_sent import Sent, last_attempt, sent_since
from provisor.cli.screen import remark, say, show_json
from provisor.cli.words import BAD_LINKS, LINKS, count

if TYPE_CHECKING:
    from provisor.applications.models import Application


def sync(
    application: Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")],
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for a running service to finish the work.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Send what is due to an application. Exits with 1 when something could not be brought in order.

    Beside a running service the work is marked and done there. Without one it is done here, until nothing is left.
    """
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.homes.home import begin, make_engine
    from provisor.provisioning.operations import request_sync

    target = find_application(application)
    before = last_attempt()
    engine = make_engine()
    if not begin(engine):
        run = request_sync(target.id, actor=actor())
        if not wait:
            return say(f'The running service brings "{target.name}" up to date. See: provisor status')
        end = await_application(target.id, run.id, what=target.name)
    else:
        try:
            run = request_sync(target.id, actor=actor())
            engine.wake()
            end = await_application(target.id, run.id, what=target.name)
        finally:
            engine.stop()
    return _report(target, end, sent_since(target.id, before), as_json=as_json)


def _report(target: "Application", end: End, sent: Sent, *, as_json: bool) -> None:
    from provisor.provisioning.queries import application_status

    status = application_status(target.id)
    bad = {name: int(status.get(name, 0)) for name in BAD_LINKS if status.get(name)}
    if as_json:
        document = {
            "requests": sent.requests,
            "writes": sent.writes,
            "remaining": end.remaining,
            "reason": end.reason,
        }
        show_json({"application": target.name, **document, "status": status})
    else:
        _say(target.name, end, sent, status["in_sync"], bad)
    if end.remaining or bad:
        raise typer.Exit(BAD_ANSWER)


def _say(name: str, end: End, sent: Sent, in_sync: int, bad: dict[str, int]) -> None:
    if end.remaining:
        remark(f'"{name}" is not up to date. {end.reason}', "red")
    requests = f"{count(sent.requests, 'request')}, {sent.writes:,} of them writing"
    say(f'"{name}": {in_sync:,} in sync; {requests if sent.requests else "nothing to send"}.')
    for state, number in bad.items():
        say(f"  {LINKS[state].text}: {number:,}")
    if bad:
        say("The console and provisor explain say why, and what to do.")
