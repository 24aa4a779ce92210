"""`provisor application show` and `provisor application profile`: what is known of an application, and by which profile."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from provisor.cli.commands.doctor import show_attributes
from provisor.cli.opening import actor, open_installation
from provisor.cli.screen import plain_table, say, show, show_json

if TYPE_CHECKING:
    from provisor.applications.profile_change import ProfileChange
    from provisor.provisioning.rehearsal.rehearsal import Rehearsal

App = Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def show_application(application: App, as_json: AsJson = False) -> None:
    """Show what is known of an application: what it can do, which attributes it lists, what of the mapping does not fit."""
    open_installation()
    from provisor.applications.capabilities import facts_of
    from provisor.applications.documents import application_document
    from provisor.applications.lookup import find_application
    from provisor.applications.mapping_advice import advice_on_mappings
    from provisor.applications.schemas import known_schema

    found = find_application(application)
    known = known_schema(found)
    listed: dict[str, Any] | None = None
    if known:
        listed = {"at": known.at.isoformat(), "origin": known.origin, **known.schema.as_document()}
    document = {
        **application_document(found),
        "facts": [asdict(fact) for fact in facts_of(found)],
        "attributes": listed,
        "advice": [asdict(each) for each in advice_on_mappings(found, known)],
    }
    if as_json:
        show_json(document)
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    say(Text(document["name"], "bold"), f"  {document['profile']}  {document['base_url']}")
    say("paused: " + document["paused_reason"] if document["paused"] else f"mode: {document['mode']}")
    table = plain_table("What is known of it", ("fact", "value", "said by", "how we know"))
    for fact in document["facts"]:
        table.add_row(*(Text(str(fact[name])) for name in ("name", "value", "origin", "evidence")))
    show(table)
    listed = document["attributes"]
    if listed is None:
        say(f'Its attributes were not read yet. Read them: provisor application test "{document["name"]}"')
        return
    say(f"Its attributes were read at {listed['at']} ({listed['origin']}).")
    show_attributes({name: listed[name] for name in ("users", "groups")})
    for each in document["advice"]:
        say(Text("  ! ", "yellow"), Text(f"{each['mapping']}  ", "bold"), each["sentence"])


def change_profile(
    application: App,
    profile: Annotated[
        str, typer.Argument(metavar="PROFILE", help="What is known of the vendor, such as slack.")
    ],
    *,
    take: Annotated[
        list[str] | None,
        typer.Option(help="Also take over: features, deprovision, matching, users or groups (the mappings)."),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would change, and change nothing.")] = False,
) -> None:
    """Give an application another profile. Its switches and mappings stay as they are, unless --take names them."""
    open_installation()
    from provisor.applications.applications import update_application
    from provisor.applications.lookup import find_application
    from provisor.applications.profile_change import foresee_profile, profile_changes
    from provisor.provisioning.rehearsal.rehearsal import rehearse, sentence

    found = find_application(application)
    change = foresee_profile(found, profile)
    changes = profile_changes(found, profile, take or ())
    effect: Rehearsal = rehearse(lambda: update_application(found.id, changes, actor=actor()))
    _print_change(change, take or [])
    say(Text(sentence(effect), "bold"))
    if plan:
        say("Nothing was changed.")
        return
    update_application(found.id, changes, actor=actor(), version=found.version)
    say(f'"{found.name}" has the profile {change.profile.name} now.')


def _print_change(change: "ProfileChange", take: list[str]) -> None:
    table = plain_table("", ("what", "now", "then", ""))
    for fact in change.facts:
        table.add_row(fact.name, Text(_value(fact.before)), Text(_value(fact.after)), "")
    for part, rows in change.settings.items():
        for row in rows:
            word = "taken over" if part in take else f"stays (--take {part})"
            table.add_row(f"{part} {row.path}", Text(str(row.before)), Text(str(row.after)), word)
    for part, rules in change.rules.items():
        for rule in rules:
            word = (
                "kept: changed by hand"
                if rule.act == "keep"
                else rule.act
                if part in take
                else f"stays (--take {part})"
            )
            table.add_row(
                Text(f"{part} {rule.target}"), Text(_source(rule.before)), Text(_source(rule.after)), word
            )
    if table.row_count:
        show(table)


def _value(value: Any) -> str:
    """The value of a fact; of budgets each class with its requests per second."""
    if isinstance(value, tuple):
        return ", ".join(
            f"{each.match} {each.per_second:g}/s" if hasattr(each, "match") else str(each) for each in value
        )
    return str(value)


def _source(rule: Any) -> str:
    return str((rule or {}).get("source") or (rule or {}).get("value") or "")
