"""`provisor scan`, `drift`, `adopt`, `reassert`: what an application holds otherwise than it should."""

import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from provisor.cli.awaiting import await_application
from provisor.cli.opening import actor, open_installation
from provisor.cli.progress import progress
from provisor.cli.refusals import BAD_ANSWER, CommandRefusal
from provisor.cli.screen import plain_table, remark, say, show, show_json
from provisor.cli.words import count

if TYPE_CHECKING:
    from provisor.applications.models import Application
    from provisor.provisioning.models import Finding, Scan

App = Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

#: Seconds between two looks, and without any progress until the waiting ends.
_LOOK_EVERY: Final = 0.2
_GIVE_UP_AFTER: Final = 180.0
_WHAT: Final = {
    "changed": "changed",
    "missing": "not there",
    "members": "other members",
    "unknown": "unknown here",
}
_MATCH: Final = {
    "sure": "matched",
    "email": "by e-mail only",
    "ambiguous": "ambiguous",
    "protected": "protected",
}


def scan(
    application: App,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read everything that an application holds, and say what is otherwise than it should be.

    Beside a running service it is done there. Without one it is done here. Exits with 1 when something differs.
    """
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.drift.scans import request_scan
    from provisor.provisioning.homes.home import begin, make_engine

    target = find_application(application)
    engine = make_engine()
    if not begin(engine):
        asked = request_scan(target.id, actor=actor())
        if not wait:
            return say(f'The running service scans "{target.name}". See: provisor drift "{target.name}"')
        done = _await(asked, target.name)
    else:
        try:
            asked = request_scan(target.id, actor=actor())
            engine.wake()
            done = _await(asked, target.name)
        finally:
            engine.stop()
    return _report(target, done, as_json=as_json)


def _await(asked: "Scan", name: str) -> "Scan":
    """Wait until a scan has ended, or nothing moves any more."""
    moved_at, last = time.monotonic(), -1
    with progress(name, "resources") as advance:
        while True:
            asked.refresh_from_db()
            if asked.state not in ("requested", "running"):
                return asked
            seen = sum(asked.totals.get(kind, 0) for kind in ("users", "groups"))
            if seen != last:
                moved_at, last = time.monotonic(), seen
            advance(seen, max(seen, *(int(one.get("total") or 0) for one in asked.lists.values()), 0))
            if reason := _obstacle(asked, moved_at):
                raise CommandRefusal(reason, code=BAD_ANSWER)
            time.sleep(_LOOK_EVERY)


def _obstacle(asked: "Scan", moved_at: float) -> str:
    from provisor.provisioning.queries import application_status

    status = application_status(asked.application_id)
    if status["state"] != "well":
        return str(status["reason"])
    if time.monotonic() - moved_at > _GIVE_UP_AFTER:
        return f"Nothing moved for {_GIVE_UP_AFTER:.0f} seconds; the log of the service says why."
    return ""


def _report(target: "Application", done: "Scan", *, as_json: bool) -> None:
    found = {name: done.totals[name] for name in _WHAT if done.totals.get(name)}
    if as_json:
        document = {"state": done.state, "reason": done.reason, "lists": done.lists, "totals": done.totals}
        show_json({"application": target.name, **document})
    else:
        seen = " and ".join(count(done.totals.get(f"{kind}s", 0), kind) for kind in ("user", "group"))
        say(f'"{target.name}": {seen} read in {count(done.totals.get("pages", 0), "page")}.')
        for name, number in found.items():
            say(f"  {_WHAT[name]}: {number:,}")
        for one in (done.reason, *(str(each.get("reason", "")) for each in done.lists.values())):
            if one:
                remark(one, "yellow")
        say(f'See: provisor drift "{target.name}"' if found else "Nothing differs.")
    if found or done.state != "finished":
        raise typer.Exit(BAD_ANSWER)


def drift(
    application: App,
    what: Annotated[str, typer.Option(help="changed, missing, members or unknown.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most rows.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what scans have found and nobody has decided on yet. Exits with 1 when there is something."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.drift.scans import latest_scan
    from provisor.provisioning.models import Finding

    if what and what not in _WHAT:
        raise CommandRefusal(f'"{what}" is no kind of finding. Use one of: {", ".join(_WHAT)}.')
    target = find_application(application)
    rows = Finding.objects.filter(application=target, state=Finding.State.OPEN).order_by("what", "id")
    rows = rows.filter(what=what) if what else rows
    found = list(rows[:limit])
    if as_json:
        show_json([_document(one) for one in found])
    elif found:
        _show(found)
    elif latest_scan(target.id) is None:
        say(f'"{target.name}" was never scanned. Scan it: provisor scan "{target.name}"')
    else:
        say("Nothing differs that nobody has decided on.")
    if found:
        raise typer.Exit(BAD_ANSWER)


def _document(one: "Finding") -> dict[str, Any]:
    return {
        "id": one.pk,
        "what": one.what,
        "kind": one.kind,
        "name": one.name,
        "remote_id": one.remote_id,
        "match": one.match,
        "detail": one.detail,
        "reason": one.reason,
    }


def _show(found: "list[Finding]") -> None:
    table = plain_table("", ("id", "kind", "name", "what", "in words"), numbers=("id",))
    for one in found:
        table.add_row(str(one.pk), one.kind, Text(one.name), _WHAT[one.what], Text(_words(one)))
    show(table)


def _words(one: "Finding") -> str:
    if one.what == "changed":
        parts = [f"{each['path']}: {each['sent']!r} → {each['now']!r}" for each in one.detail["changes"]]
        return "; ".join(parts)
    if one.what == "members":
        lacking, extra = one.detail["missing_count"], one.detail["extra_count"]
        return f"{lacking} missing, {extra} too many. {one.reason}".strip()
    if one.what == "unknown":
        return f"{_MATCH.get(one.match, 'nobody here')}. {one.reason}".strip()
    return one.reason or "a GET was answered with 404"


def adopt(
    application: App,
    finding: Annotated[int | None, typer.Argument(help="The id that `provisor drift` shows.")] = None,
    user: Annotated[str, typer.Option("--user", help="Whose it is: a user name or an id.")] = "",
    matched: Annotated[
        bool, typer.Option("--matched", help="All that are surely somebody's who is in scope.")
    ] = False,
) -> None:
    """Link accounts that are there already to the people here; they are brought up to date by the next pass."""
    if matched == (finding is not None):
        raise CommandRefusal("Say which: give one id, or --matched for all that are surely somebody's.")
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.directory.queries import find_user
    from provisor.provisioning.drift import finding_acts
    from provisor.provisioning.models import Finding

    target, by = find_application(application), actor()
    if finding is None:
        chosen = finding_acts.sure(target.id)
        result = finding_acts.each(lambda one: finding_acts.adopt(one, actor=by), chosen)
        for sentence in result.refused:
            remark(sentence, "red")
        return say(f"{count(result.done, 'account')} linked.")
    if not Finding.objects.filter(pk=finding, application=target).exists():
        raise CommandRefusal(f'"{target.name}" has no finding {finding}. See: provisor drift "{target.name}"')
    whose = find_user(user).id if user else None
    done = finding_acts.adopt(finding, actor=by, local_id=whose)
    return say(f'"{done.name}" is linked.')


def reassert(
    application: App,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a running service to finish it.")] = False,
) -> None:
    """Have every account and group of an application read again, and put right where it differs."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.drift.reassert import reassert as act
    from provisor.provisioning.homes.home import begin, make_engine

    target = find_application(application)
    engine = make_engine()
    if not begin(engine):
        number = act(target.id, actor=actor())
        end = await_application(target.id, what=target.name) if wait else None
    else:
        try:
            number = act(target.id, actor=actor())
            engine.wake()
            end = await_application(target.id, what=target.name)
        finally:
            engine.stop()
    say(
        f"{count(number, 'account or group', 'accounts and groups')} of {target.name}: read again and put right."
    )
    if end is not None and end.remaining:
        remark(end.reason, "red")
        raise typer.Exit(BAD_ANSWER)
