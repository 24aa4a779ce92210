"""`provisor serve` and `provisor worker`: the processes that stay."""

from typing import Annotated

import typer

from provisor.cli.opening import open_installation
from provisor.cli.refusals import CommandRefusal
from provisor.cli.screen import say

_PORT = 8000
ALONE = (
    "On SQLite one process, provisor serve, does all the work. Workers share it on PostgreSQL: "
    "set PROVISOR_DATABASE_URL."
)


def serve(
    host: Annotated[str, typer.Option(help="Listen on this address.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Listen on this port; 0 takes any free one.")
    ] = _PORT,
    worker: Annotated[
        bool,
        typer.Option(
            "--worker/--no-worker",
            help="Bring applications up to date here too, or leave it to provisor worker.",
        ),
    ] = True,
) -> None:
    """Run the web console, both APIs and the engine in one process, until Ctrl-C or SIGTERM."""
    from provisor.cli.serving import address_of, listen, serve_until_ended

    open_installation(quiet=False)
    from django.conf import settings

    from provisor.provisioning.homes.home import is_distributed, make_engine
    from provisor.sample.keeper import keeping

    if not (worker or is_distributed()):
        raise CommandRefusal(ALONE)
    engine = make_engine() if worker else None
    # The test target of the sample company, if there is one: it answers until the engine has stopped.
    with keeping(settings.DATA_DIR):
        if engine is not None:
            engine.start()
        try:
            listener = listen(host, port)
        except CommandRefusal:
            if engine is not None:
                engine.stop()
            raise
        serve_until_ended(
            engine, listener, lambda: say(f"Provisor is at {address_of(host, listener)} (Ctrl-C ends it)")
        )


def worker() -> None:
    """Bring applications up to date, beside other workers, until Ctrl-C or SIGTERM; on PostgreSQL only."""
    from provisor.cli.serving import wait_for_the_end

    open_installation(quiet=False)
    from provisor.provisioning.homes.home import is_distributed, make_engine

    if not is_distributed():
        raise CommandRefusal(ALONE)
    engine = make_engine()
    engine.start()
    try:
        wait_for_the_end(lambda: say("This worker is ready (Ctrl-C ends it)"))
    finally:
        engine.stop()
