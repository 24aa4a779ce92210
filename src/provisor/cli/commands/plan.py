"""`provisor plan APP`: what a pass would do now, and nothing done (R19)."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from provisor.cli.opening import open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import say, show_json
from provisor.cli.words import count

if TYPE_CHECKING:
    from provisor.applications.models import Application

#: Sign, style and chip of each act, destructive first: the order in which they are shown.
_ACTS = {
    "delete": ("-", "red", "delete"),
    "find_and_deprovision": ("-", "red", "find and take away"),
    "deactivate": ("-", "red", "deactivate"),
    "remove_members": ("-", "red", "members leave"),
    "create": ("+", "green", "create"),
    "adopt": ("+", "cyan", "adopt"),
    "update": ("~", "yellow", "update"),
    "add_members": ("+", "green", "members join"),
}
_UNKNOWN = ("·", "default", "")


def plan(
    application: Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")],
    *,
    user: Annotated[str, typer.Option(help="Only this user, by user name or id.")] = "",
    group: Annotated[str, typer.Option(help="Only this group, by name or id.")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the exact requests.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what a pass would do now. Nothing is written, here or there."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.provisioning.preview.preview import plan_application

    target = find_application(application)
    if user and group:
        raise CommandRefusal("Give --user or --group, not both.")
    if user or group:
        return _say_one(target, user, group, as_json=as_json)
    found = plan_application(target.id)
    if as_json:
        return show_json({"application": target.name, **found})
    if not any(found["totals"].values()):
        return say(f'Nothing to do: "{target.name}" holds what the directory says.')
    say(Text(target.name, "bold"), "  ", _chips(found["totals"]))
    for operation in sorted(found["operations"], key=_rank):
        _say_operation(operation, verbose=verbose)
    if found.get("next"):
        say("  … and more; --json or the API show the pages.")
    return say("Nothing was written. To do it: provisor sync ", json.dumps(target.name, ensure_ascii=False))


def _say_one(target: "Application", user: str, group: str, *, as_json: bool) -> None:
    """The exact requests for one user or group, and where it stands after them."""
    from provisor.directory.queries import find_group, find_user
    from provisor.provisioning.preview.preview import plan_one

    kind, subject = ("user", find_user(user).id) if user else ("group", find_group(group).id)
    found = plan_one(target.id, kind, subject)
    if as_json:
        return show_json({"application": target.name, **found})
    for operation in sorted(found["operations"], key=_rank):
        _say_operation(operation, verbose=True)
    if found["reason"]:
        say(found["reason"])
    elif not found["operations"]:
        say(f'Nothing to do: "{target.name}" holds what the directory says.')
    return say("Nothing was written.")


def _chips(totals: dict[str, int]) -> Text:
    chips = []
    for act in sorted(totals, key=_place):
        if totals[act]:
            _, style, word = _ACTS.get(act, _UNKNOWN)
            chips.append(Text(f"{totals[act]:,} {word or act}", f"bold {style}"))
    return Text(" · ").join(chips)


def _say_operation(operation: dict[str, Any], *, verbose: bool) -> None:
    sign, style, word = _ACTS.get(operation["act"], _UNKNOWN)
    number = int(operation.get("count", 1))
    many = f" ({count(number, 'member')})" if operation["act"].endswith("_members") else ""
    name = Text(f'{operation["kind"]} "{operation["name"]}"{many}')
    reason = Text(f"  {operation['reason']}" if operation.get("reason") else "", "bright_black")
    say(Text(f"  {sign} {word or operation['act']:<14} ", style), name, reason)
    for request in operation["requests"] if verbose else ():
        say(Text(f"      {request['method']} {request['path']}", "cyan"))
        if request.get("body"):
            say(Text(f"      {json.dumps(request['body'], ensure_ascii=False)}", "bright_black"))


def _rank(operation: dict[str, Any]) -> int:
    return _place(operation["act"])


def _place(act: str) -> int:
    return list(_ACTS).index(act) if act in _ACTS else len(_ACTS)
