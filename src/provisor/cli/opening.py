"""Opening the installation: settings, data directory, schema. Django is imported here and not before."""

import getpass
import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisor.audit.actor import Actor


def open_installation(*, quiet: bool = True) -> None:
    """Read the settings, make the data directory and bring the schema up to date.

    `quiet` keeps everything below a warning out of the log, which shares the terminal with the command.
    Raises `ImproperlyConfigured` with a sentence when a variable of the environment cannot be used.
    """
    # By name: no face may import the room that wires the faces together.
    importlib.import_module("provisor.site.start").start()
    if quiet:
        keep_quiet()
    bring_schema_up_to_date()


def bring_schema_up_to_date() -> None:
    """Apply the migrations that are missing; looking costs some milliseconds when there are none."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def actor() -> "Actor":
    """Who acts: the person at the shell, by the name that the system knows."""
    from provisor.audit.actor import Actor, ActorKind

    name = _login_name()
    return Actor(kind=ActorKind.COMMAND, id=name, label=f"{name} (command line)")


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may run under a number that has no name.
        return f"user {os.getuid()}"


def keep_quiet() -> None:
    """Log nothing below a warning from now on."""
    import logging

    logging.getLogger().setLevel(logging.WARNING)
