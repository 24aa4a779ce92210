"""Re-assert desired state: every account and group in sync is read again, and what differs is sent.

For the day after an incident at the vendor. It goes at the application's rate, behind every change of today.
"""

from uuid import UUID

from django.db import connection

from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.audit.record import record as record_act
from provisor.directory.changes import change
from provisor.provisioning.clock import now
from provisor.provisioning.drift.scans import announce
from provisor.provisioning.homes.turns import lock_application
from provisor.provisioning.keys import to_key
from provisor.provisioning.models import Link
from provisor.provisioning.operations import OperationRefused

NOT_ALLOWED = "{name} is paused or only observed, so nothing is sent. Resume it, or set its mode to enforce."

#: What is due for another reason keeps its place before these: the claim is in the order of `not_before`.
ACCOUNTS = """
UPDATE provisioning_link SET state = 'due', phase = CASE WHEN kind = 'user' THEN 2 ELSE 3 END, attempts = 0,
    not_before = %s, doubt = %s, generation = generation + 1, reason = ''
WHERE application_id = %s AND state = 'in_sync' AND in_scope AND remote_id IS NOT NULL AND intent IS NULL
  AND origin IN ('created', 'adopted')
"""
MEMBERS = """
UPDATE provisioning_link_member SET doubt = TRUE, due = TRUE
WHERE wanted AND remote_id IS NOT NULL AND link_id IN (
    SELECT id FROM provisioning_link WHERE application_id = %s AND kind = 'group' AND state = 'in_sync' AND in_scope
      AND intent IS NULL AND origin IN ('created', 'adopted'))
"""
#: Every managed path is in doubt.
EVERYTHING = '{"all": true}'


def count_reassertable(application_id: UUID) -> int:
    """How many accounts and groups would be read again."""
    rows = Link.objects.filter(
        application_id=application_id, state=Link.State.IN_SYNC, in_scope=True, intent__isnull=True,
        origin__in=[Link.Origin.CREATED, Link.Origin.ADOPTED],
    )  # fmt: skip
    return rows.exclude(remote_id=None).count()


def reassert(application_id: UUID, *, actor: Actor) -> int:
    """Make every account and group that is in sync due, to be read and corrected; returns how many.

    Raises OperationRefused while nothing may be sent.
    """
    with change(), connection.cursor() as cursor:
        application = lock_application(application_id)
        if application.paused or application.mode != Application.Mode.ENFORCE:
            raise OperationRefused(NOT_ALLOWED.format(name=application.name))
        key = to_key(application_id)
        cursor.execute(MEMBERS, [key])
        cursor.execute(ACCOUNTS, [now(), EVERYTHING, key])
        count = int(cursor.rowcount)
        record_act(
            actor, "application.reasserted", subject_id=str(application_id),
            subject_label=application.name, after={"links": count},
        )  # fmt: skip
        announce()
    return count
