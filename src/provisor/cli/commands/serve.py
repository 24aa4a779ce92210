"""`provisor serve` and `provisor worker`: the processes that stay."""

from typing import Annotated

import typer

from provisor.cli.opening import open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import say

_PORT = 8000


def serve(
    host: Annotated[str, typer.Option(help="Listen on this address.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Listen on this port; 0 takes any free one.")
    ] = _PORT,
) -> None:
    """Run the web console, both APIs and the engine in one process, until Ctrl-C or SIGTERM."""
    from provisor.cli.serving import address_of, listen, serve_until_ended

    open_installation(quiet=False)
    from provisor.provisioning.engine import Engine

    engine = Engine()
    engine.start()
    try:
        listener = listen(host, port)
    except CommandRefusal:
        engine.stop()
        raise
    serve_until_ended(
        engine, listener, lambda: say(f"Provisor is at {address_of(host, listener)} (Ctrl-C ends it)")
    )


def worker() -> None:
    """Run passes beside other workers (distributed, with PostgreSQL)."""
    raise CommandRefusal(
        "This version has no distributed worker yet: one process, provisor serve, does all the work, "
        "on SQLite and on PostgreSQL."
    )
