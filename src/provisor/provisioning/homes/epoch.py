"""The epoch of an application fences off who has lost it: nothing more is recorded for a pass that was taken over."""

from typing import Any

from django.db import connection

from provisor.provisioning.keys import Key
from provisor.provisioning.passes.context import Context

READ = "SELECT epoch FROM applications_application WHERE id = %s"


ADVANCE = "UPDATE applications_application SET epoch = epoch + 1 WHERE id = %s"


class FencedError(Exception):
    """Another worker has taken the application: nothing of this pass may be recorded any more."""


def advance(key: Key) -> int:
    """Begin another epoch of an application, in the transaction that has locked it; returns its number."""
    with connection.cursor() as cursor:
        cursor.execute(ADVANCE, [key])
        cursor.execute(READ, [key])
        return int(cursor.fetchone()[0])


def hold(cursor: Any, context: Context) -> None:
    """Make sure that the application is still ours, and keep it so until the transaction ends.

    On PostgreSQL the row is locked in share mode: whoever takes the application over, and the fold, wait for us; so
    does everything else that changes many of its links, which is why nobody ever waits in a circle.
    Raises FencedError.
    """
    shared = " FOR SHARE" if connection.features.has_select_for_update else ""
    cursor.execute(READ + shared, [context.key])
    row = cursor.fetchone()
    if row is None or row[0] != context.epoch:
        raise FencedError
