"""Who waits for whom on PostgreSQL, so that nobody ever waits in a circle; on SQLite the write lock does it all.

Locks are taken in this order: the audit chain (`directory.changes.change`), the fold, the applications by id, links.
Whoever changes several links of an application locks its row first: the fold and acts of people by themselves, a pass
by `epoch.hold`.
"""

from typing import Any
from uuid import UUID

from django.db import connection

from provisor.applications.models import Application

#: Any number that nobody else locks in this database.
_FOLD = 0x70726F7669736F72


def take_fold(cursor: Any, *, wait: bool) -> bool:
    """Take the turn of the fold until the transaction ends; false when somebody has it and `wait` is false."""
    if connection.vendor != "postgresql":
        return True
    if wait:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FOLD])
        return True
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_FOLD])
    return bool(cursor.fetchone()[0])


def lock_application(application_id: UUID) -> Application:
    """Return an application that is not deleted, locked until the transaction ends. Raises Application.DoesNotExist."""
    return Application.objects.select_for_update(no_key=True).get(pk=application_id, deleted_at=None)
