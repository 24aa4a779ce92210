"""`provisor policy ...`: which group gets which application."""

from typing import Annotated, Any

import typer
from rich.text import Text

from provisor.cli.opening import actor, open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import plain_table, say, show, show_json

app = typer.Typer(help="Which group gets which application.", no_args_is_help=True)

App = Annotated[str, typer.Argument(metavar="APP", help="An application's name or id.")]
GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="A group's name or id.")]


@app.command("add")
def add(
    application: App,
    group: GroupName,
    *,
    name: Annotated[str, typer.Option(help="A name; left out, one is made of the two.")] = "",
    login_method: Annotated[
        str, typer.Option(help="How its users sign in: password, passwordless or magic_link.")
    ] = "password",
    second_factor: Annotated[str, typer.Option(help="none, totp, passkey or any.")] = "none",
    push_group: Annotated[
        bool, typer.Option("--push-group/--users-only", help="The group itself becomes a group there.")
    ] = True,
    scope: Annotated[
        str,
        typer.Option("--only-for", help='A condition over the user (CEL), e.g. user.userType == "Employee".'),
    ] = "",
    roles: Annotated[
        list[str] | None, typer.Option("--role", help="A role that its users get there; may be repeated.")
    ] = None,
    entitlements: Annotated[
        list[str] | None, typer.Option("--entitlement", help="An entitlement, likewise.")
    ] = None,
) -> None:
    """Grant an application to a group: its users get accounts there."""
    open_installation()
    from provisor.applications.lookup import find_application
    from provisor.applications.policies import create_policy
    from provisor.directory.queries import find_group

    target, granted = find_application(application), find_group(group)
    fields: dict[str, Any] = {"scope": scope, "roles": roles or [], "entitlements": entitlements or []}
    fields |= {"login_method": login_method, "second_factor": second_factor}
    if not push_group:
        fields["push_group"] = False
    policy = create_policy(
        name=name or f"{target.name} for {granted.display_name}",
        application=target,
        group=granted,
        actor=actor(),
        **fields,
    )
    say(f'The policy "{policy.name}" grants "{target.name}" to the group "{granted.display_name}".')


@app.command("list")
def list_policies(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List all policies."""
    open_installation()
    from provisor.applications.documents import policy_document
    from provisor.applications.lookup import live_policies

    found = list(
        live_policies().select_related("application", "group").order_by("application__name_key", "name")
    )
    if as_json:
        return show_json([policy_document(one) for one in found])
    if not found:
        return say("There is no policy yet: nobody is brought to any application.")
    table = plain_table("", ("policy", "application", "group", "login method"))
    for one in found:
        cells = (one.name, one.application.name, one.group.display_name, one.login_method.replace("_", " "))
        table.add_row(*(Text(cell) for cell in cells))
    return show(table)


@app.command("remove")
def remove(application: App, group: GroupName) -> None:
    """Take a grant back: whom no other policy brings there leaves by the table of causes."""
    open_installation()
    from provisor.applications.lookup import find_application, live_policies
    from provisor.applications.policies import delete_policy
    from provisor.directory.queries import find_group

    target, granted = find_application(application), find_group(group)
    policy = live_policies().filter(application=target, group=granted).first()
    if policy is None:
        raise CommandRefusal(
            f'No policy grants "{target.name}" to the group "{granted.display_name}". See: provisor policy list'
        )
    delete_policy(policy.id, actor=actor())
    say(f'The policy "{policy.name}" was removed.')
