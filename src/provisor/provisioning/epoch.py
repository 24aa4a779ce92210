"""The epoch of an application fences off who has lost it: nothing more is recorded for a pass that was taken over."""

from typing import Any

from django.db import connection

from provisor.provisioning.context import Context

READ = "SELECT epoch FROM applications_application WHERE id = %s"


class FencedError(Exception):
    """Another worker has taken the application: nothing of this pass may be recorded any more."""


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
