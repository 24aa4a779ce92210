"""A change that reaches too many accounts to be rehearsed: they are counted, and the answer says "up to so many".

A rehearsal holds SQLite's one write lock while it folds. Who waits behind a question that somebody only asks must not
wait for seconds, so that above a limit the question is answered by one COUNT.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import Count

from provisor.applications.lookup import live_applications
from provisor.applications.models import Application
from provisor.directory.models import Closure
from provisor.provisioning.keys import to_key, to_uuid
from provisor.provisioning.rehearsal import rehearsal_sql as sql
from provisor.provisioning.rehearsal.rehearsal_reach import Reach, Rehearsal, rehearsal_of

#: People of groups up to whom a change of the groups themselves is tried: writing down that each of them left takes
#: about 15 ms for a thousand.
CROWD = 10_000

#: At most so many accounts, by application.
Crowd: TypeAlias = Mapping[UUID, int]


def touched(cursor: Any) -> Crowd:
    """Count the accounts that the fold would look at because of what is pending in this transaction."""
    cursor.execute(sql.TOUCHES)
    return {to_uuid(application): int(count) for application, count in cursor.fetchall()}


def crowded(people_of: Collection[UUID], granted_to: Collection[UUID]) -> Rehearsal | None:
    """Say what a change of these groups may reach at most, where too many people are in them; None where they are few.

    `people_of` are the groups whose people it is about, `granted_to` those through which policies reach them.
    """
    inside = Closure.objects.filter(ancestor_id__in=people_of)
    held = inside.aggregate(people=Count("descendant__memberships"))["people"]
    return _counted_people(people_of, granted_to) if held > CROWD else None


def _counted_people(people_of: Collection[UUID], granted_to: Collection[UUID]) -> Rehearsal:
    statement = sql.CROWD.format(granted=_marks(granted_to), people=_marks(people_of))
    with connection.cursor() as cursor:
        cursor.execute(statement, [to_key(each) for each in (*granted_to, *people_of)])
        return counted({to_uuid(application): int(count) for application, count in cursor.fetchall()})


def counted(crowd: Crowd, returned: object = None) -> Rehearsal:
    """Return what was counted as a rehearsal that planned nothing."""
    applications = live_applications().in_bulk(list(crowd))
    reaches = [
        _reach(applications[one], count) for one, count in crowd.items() if count and one in applications
    ]
    return rehearsal_of(tuple(sorted(reaches, key=lambda reach: reach.name.casefold())), returned)


def _reach(application: Application, count: int) -> Reach:
    return Reach(
        application_id=application.id, name=application.name, mode=application.mode, paused=application.paused,
        touched=count, planned=0, reached=count, names={},
    )  # fmt: skip


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
