"""`provisor demo`: from nothing to a company in step with a real SCIM server, and the proof of it."""

from pathlib import Path
from typing import Annotated

import typer

from provisor.sample.company import LEAST, MOST


def demo(
    users: Annotated[int, typer.Option(min=LEAST, max=MOST, help="How many people the company has.")] = 500,
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the proof: status 0, or 1 if anything differs.")
    ] = False,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Where the console listens afterwards; 0 takes any free port."),
    ] = 0,
) -> None:
    """Show it all: a sample company, a real SCIM server, provisioning, changes, and the proof that both are equal.

    It uses a data directory of its own, var/demo below the current one, made anew on each run.
    """
    from provisor.cli.demo.place import make_place, set_environment
    from provisor.cli.demo.target import starting_target
    from provisor.cli.opening import open_installation
    from provisor.cli.refusals import BAD_ANSWER

    directory = make_place(Path("var") / "demo")
    set_environment(directory)
    with starting_target(directory) as starting:
        open_installation()
        from provisor.cli.demo.story import Story

        story = Story(starting.ready(), directory, size=users)
        equal = story.tell()
        if leave:
            story.end()
        else:
            story.stay(port)
    if not equal:
        raise typer.Exit(BAD_ANSWER)
