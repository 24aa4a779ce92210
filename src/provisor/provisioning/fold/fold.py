"""The fold: pending journal entries become due links, by set-based SQL over the current tables (engine.md, section 1)."""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from provisor.applications.models import Application
from provisor.directory.models import Pending
from provisor.provisioning.brake.holds_renewed import renew_holds
from provisor.provisioning.fold import fold_sql as sql
from provisor.provisioning.fold.scope_filters import leave_out
from provisor.provisioning.homes.turns import take_fold
from provisor.provisioning.keys import Key, to_key, to_uuid


def has_pending() -> bool:
    """Tell whether any change waits for the fold."""
    return Pending.objects.exists()


def fold(now: int, *, wait: bool = True) -> frozenset[Key]:
    """Turn everything pending into due links, in one transaction; `now` in Unix milliseconds.

    Returns the applications that have something due because of it. A change that commits meanwhile keeps its
    pending row for the next fold. One fold at a time: where another one is under way, this one waits for it, or with
    `wait=False` does nothing.
    """
    if not has_pending():
        return frozenset()
    with transaction.atomic(), connection.cursor() as cursor:
        if not take_fold(cursor, wait=wait):
            return frozenset()
        _prepare(cursor)
        _touch(cursor)
        _fold_users(cursor, now)
        _fold_groups(cursor, now)
        cursor.execute(sql.CONFIGURED)
        renew_holds([to_uuid(row[0]) for row in cursor.fetchall()], now)
        cursor.execute(sql.UNVERIFY_LINKS)
        cursor.execute(sql.UNVERIFY_DONE)
        cursor.execute(sql.TOUCHED_APPLICATIONS)
        touched = frozenset(row[0] for row in cursor.fetchall())
        cursor.execute(sql.DELETE_PENDING)
    return touched


def _prepare(cursor: Any) -> None:
    """Make the scratch tables of this connection, or empty them."""
    uuid = "uuid" if connection.features.has_native_uuid_field else "char(32)"
    for statement in sql.SCRATCH_TABLES:
        cursor.execute(statement.format(uuid=uuid))
    for name in sql.SCRATCH_NAMES:
        cursor.execute(f"DELETE FROM {name}")  # noqa: S608 - names of this room
    frozen = _applications_where(lambda features: not features.get("groups", {}).get("membership", True))
    cursor.executemany("INSERT INTO fold_frozen (application_id) VALUES (%s)", [(key,) for key in frozen])


def _applications_where(condition: Callable[[dict[str, Any]], bool]) -> list[Key]:
    rows = Application.objects.filter(deleted_at=None).values_list("id", "features")
    return [to_key(identifier) for identifier, features in rows if condition(features)]


def _touch(cursor: Any) -> None:
    """See where to look, and let everybody who changes links there wait until it is folded."""
    for statement in (sql.READ_PENDING, *sql.TOUCH_USERS, *sql.TOUCH_GROUPS):
        cursor.execute(statement)
    if connection.features.has_select_for_update:
        cursor.execute(sql.LOCK_APPLICATIONS)


def _fold_users(cursor: Any, now: int) -> None:
    leave_out(cursor)
    cursor.execute(sql.COMPUTE_SCOPE)
    cursor.execute(sql.COMPUTE_LEAVING)
    cursor.execute(sql.ENTER_USERS, [now])
    cursor.execute(sql.STAY_FROZEN, [now])
    cursor.execute(sql.LEAVE_USERS, [now])
    cursor.execute(sql.CANCEL_HOLDS, [now])
    cursor.execute(sql.CANCEL_STALE_HOLDS, [now])


def _fold_groups(cursor: Any, now: int) -> None:
    cursor.execute(sql.ENTER_GROUPS, [now])
    cursor.execute(sql.LEAVE_GROUPS, [now])
    for statement in sql.TOUCH_MEMBERS:
        cursor.execute(statement)
    cursor.execute(sql.SET_MEMBERS)
    cursor.execute(sql.CANCEL_MEMBER_HOLDS, [now])
    cursor.execute(sql.WAKE_GROUPS, [now])
