"""Opening the installation: settings, data directory, schema. Django is imported here and not before."""

import getpass
import importlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provisor.audit.actor import Actor


#: Any number that nobody else locks in this database.
_MIGRATING = 0x6D696772617465


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
    """Apply the migrations that are missing; looking costs some milliseconds when there are none.

    Several processes may start at once on one PostgreSQL: one migrates, and the others wait for it.
    """
    from django.core.management import call_command
    from django.db import connection

    if _is_up_to_date():
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        try:
            if not _is_up_to_date():
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])


def _is_up_to_date() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


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
