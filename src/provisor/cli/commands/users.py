"""`provisor user ...`: single users of the directory."""

from typing import Annotated, Any

import typer
from rich.text import Text

from provisor.cli.opening import actor, open_installation
from provisor.cli.screen import plain_table, say, show, show_json

app = typer.Typer(help="The people of the directory.", no_args_is_help=True)

UserName = Annotated[str, typer.Argument(metavar="USER", help="A user name or an id.")]
#: So many users are listed; `--json` has all.
_SHOWN = 200


@app.command("create")
def create(
    user_name: Annotated[str, typer.Argument(metavar="USERNAME", help="The name to sign in with.")],
    *,
    given_name: Annotated[str, typer.Option(help="Given name.")],
    family_name: Annotated[str, typer.Option(help="Family name.")],
    email: Annotated[str, typer.Option(help="Work e-mail address.")],
    display_name: Annotated[str, typer.Option(help="Left out, it is made of the two names.")] = "",
    title: Annotated[str, typer.Option(help="Job title.")] = "",
) -> None:
    """Create a user."""
    open_installation()
    from provisor.directory.users import create_user

    resource: dict[str, Any] = {
        "userName": user_name,
        "name": {"givenName": given_name, "familyName": family_name},
        "displayName": display_name or f"{given_name} {family_name}",
        "emails": [{"value": email, "type": "work", "primary": True}],
        "active": True,
    } | ({"title": title} if title else {})
    made = create_user(resource, actor=actor())
    say(f'The user "{made.user_name}" was created (id {made.pk}).')


@app.command("activate")
def activate(user: UserName) -> None:
    """Enable a user: the accounts come back by the policies."""
    say(f'The user "{_switch(user, active=True)}" is active.')


@app.command("deactivate")
def deactivate(user: UserName) -> None:
    """Disable a user: every application acts by its table of causes."""
    say(f'The user "{_switch(user, active=False)}" is disabled.')


def _switch(user: str, *, active: bool) -> str:
    open_installation()
    from provisor.directory.queries import find_user
    from provisor.directory.users import set_active

    return set_active(find_user(user).id, active, actor=actor()).user_name


@app.command("delete")
def delete(user: UserName) -> None:
    """Delete a user from the directory: every application acts by its table of causes."""
    open_installation()
    from provisor.directory.queries import find_user
    from provisor.directory.users import delete_user

    say(f'The user "{delete_user(find_user(user).id, actor=actor()).user_name}" was deleted.')


@app.command("list")
def list_users(
    as_json: Annotated[bool, typer.Option("--json", help="Print the resources as JSON.")] = False,
) -> None:
    """List users by name."""
    open_installation()
    from provisor.directory.queries import users

    found = users().order_by("user_name_key")
    if as_json:
        return show_json([{"id": str(one.pk), **one.resource} for one in found.iterator(chunk_size=2000)])
    table = plain_table("", ("user name", "name", "e-mail", "active"))
    for one in found[:_SHOWN]:
        active = "yes" if one.active else "no"
        table.add_row(Text(one.user_name), Text(one.display_name), Text(one.email), active)
    show(table)
    hidden = found.count() - _SHOWN
    return say(f"… and {hidden:,} more; --json prints all.") if hidden > 0 else None
