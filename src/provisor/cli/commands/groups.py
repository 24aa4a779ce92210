"""`provisor group ...`: groups of the directory and who is in them."""

from typing import Annotated

import typer

from provisor.cli.opening import actor, open_installation
from provisor.cli.screen import say
from provisor.cli.words import count

app = typer.Typer(help="The groups of the directory.", no_args_is_help=True)

GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="A group's name or id.")]
Outer = Annotated[str, typer.Argument(metavar="PARENT", help="The outer group's name or id.")]
Inner = Annotated[str, typer.Argument(metavar="CHILD", help="The inner group's name or id.")]
Users = Annotated[list[str], typer.Argument(metavar="USER...", help="User names or ids.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="The name of the group.")],
    inside: Annotated[str, typer.Option(help="A group to put it into.")] = "",
) -> None:
    """Create an empty group."""
    open_installation()
    from provisor.directory.groups import create_group
    from provisor.directory.memberships import nest
    from provisor.directory.queries import find_group

    parent = find_group(inside) if inside else None
    made = create_group(name, actor=actor())
    if parent is not None:
        nest(parent.id, made.id, actor=actor())
    say(f'The group "{made.display_name}" was created (id {made.pk}).')


@app.command("add")
def add(group: GroupName, users: Users) -> None:
    """Put users into a group."""
    open_installation()
    from provisor.directory.memberships import add_members
    from provisor.directory.queries import find_group, find_user

    found = find_group(group)
    number = add_members(found.id, [find_user(user).id for user in users], actor=actor())
    say(f'{count(number, "user")} joined the group "{found.display_name}".')


@app.command("remove")
def remove(group: GroupName, users: Users) -> None:
    """Take users out of a group."""
    open_installation()
    from provisor.directory.memberships import remove_members
    from provisor.directory.queries import find_group, find_user

    found = find_group(group)
    number = remove_members(found.id, [find_user(user).id for user in users], actor=actor())
    say(f'{count(number, "user")} left the group "{found.display_name}".')


@app.command("nest")
def nest(parent: Outer, child: Inner) -> None:
    """Put a group into a group: the members of CHILD are members of PARENT, too."""
    open_installation()
    from provisor.directory import memberships
    from provisor.directory.queries import find_group

    outer, inner = find_group(parent), find_group(child)
    if memberships.nest(outer.id, inner.id, actor=actor()):
        say(f'The group "{inner.display_name}" is inside the group "{outer.display_name}" now.')
    else:
        say(f'The group "{inner.display_name}" was inside the group "{outer.display_name}" already.')


@app.command("unnest")
def unnest(parent: Outer, child: Inner) -> None:
    """Take a group out of a group: who was in PARENT only by way of CHILD leaves it."""
    open_installation()
    from provisor.directory import memberships
    from provisor.directory.queries import find_group

    outer, inner = find_group(parent), find_group(child)
    if memberships.unnest(outer.id, inner.id, actor=actor()):
        say(f'The group "{inner.display_name}" is not inside the group "{outer.display_name}" any more.')
    else:
        say(f'The group "{inner.display_name}" was not directly inside the group "{outer.display_name}".')


@app.command("delete")
def delete(group: GroupName) -> None:
    """Delete a group; its users stay in the directory."""
    open_installation()
    from provisor.directory.groups import delete_group
    from provisor.directory.queries import find_group

    say(f'The group "{delete_group(find_group(group).id, actor=actor()).display_name}" was deleted.')
