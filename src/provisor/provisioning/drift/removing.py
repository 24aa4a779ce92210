"""Take away there what nobody here knows, because a person has said so: one deliberate, audited act for each.

The account is read first. Nothing is sent where it is another one by now, protected (R9), or linked meanwhile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from provisor.planning.operation import Act, Operation
from provisor.provisioning.health.health import Health
from provisor.provisioning.homes import epoch
from provisor.provisioning.keys import to_uuid
from provisor.provisioning.models import Finding, Link
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.verdict import NOT_FOUND
from provisor.provisioning.passes.work import DueLink
from provisor.provisioning.perform.perform_send import DeletedByDeactivationError
from provisor.provisioning.perform.perform_write import Writing
from provisor.provisioning.store import Store
from provisor.scim.change import Change
from provisor.scim.client import ScimClient
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.known_attributes import as_boolean
from provisor.scim.path import MISSING, read
from provisor.scim.resource import fold

INSERT_DEPARTURE = (
    "INSERT INTO provisioning_departure (application_id, budget, count, at) VALUES (%s, 'accounts', 1, %s)"
)

GONE = "It was gone already."
DELETED = "Deleted there."
DEACTIVATED = "Deactivated there."
INACTIVE = "It was inactive already."
ANOTHER = "Nothing was sent: under this id there is “{name}” by now. Scan again, then decide."
PROTECTED = "Nothing was sent: it is on the application's list of exclusions."
LINKED = "Nothing was sent: it is linked to somebody here by now."
REFUSED = "Not removed: {sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a person wants away."""

    finding: int
    kind: str
    remote_id: str
    name: str
    verb: str


class Removing:
    """Removals of one pass."""

    def __init__(
        self, context: Context, client: ScimClient, writing: Writing,
        *, store: Store, health: Health, now: Callable[[], int],
    ) -> None:  # fmt: skip
        self._context, self._client, self._writing = context, client, writing
        self._store, self._health, self._now = store, health, now

    async def run(self) -> None:
        """Carry out what is asked for. Raises HaltedError when the pass ends; the rest is done by the next one."""
        for removal in await self._store.run(wanted, self._context):
            try:
                state, reason = await self._remove(removal)
            except ScimFailure as failure:
                self._health.failed(failure)
                state, reason = Finding.State.OPEN, REFUSED.format(sentence=failure.sentence)
            await self._store.run(settle, self._context, removal, state=state, reason=reason, now=self._now())

    async def _remove(self, removal: Removal) -> tuple[str, str]:
        try:
            resource = await self._client.get(removal.kind, removal.remote_id, act="read_back")
        except Refused as refusal:
            if refusal.status != NOT_FOUND:
                raise
            return Finding.State.REMOVED, GONE
        if objection := await self._objection(removal, resource):
            return Finding.State.OPEN, objection
        if removal.verb == "delete":
            await self._client.delete(removal.kind, removal.remote_id, act=Act.DELETE)
            return Finding.State.REMOVED, DELETED
        if as_boolean(resource.get("active")) is False:
            return Finding.State.REMOVED, INACTIVE
        return await self._deactivate(removal, resource)

    async def _objection(self, removal: Removal, resource: Mapping[str, Any]) -> str:
        """Why nothing may be sent; empty where nothing speaks against it."""
        name = read(resource, "userName" if removal.kind == "user" else "displayName")
        if name is MISSING or fold(str(name)) != fold(removal.name):
            return ANOTHER.format(name="" if name is MISSING else name)
        if removal.kind == "user" and self._context.protects and self._context.excluded(resource):
            return PROTECTED
        return LINKED if await self._store.run(is_linked, self._context, removal) else ""

    async def _deactivate(self, removal: Removal, resource: Mapping[str, Any]) -> tuple[str, str]:
        change = Change(path="active", value=False, exists="active" in resource)
        operation = Operation(act=Act.DEACTIVATE, kind="user", changes=(change,))
        try:
            await self._writing.send(_stand_in(self._context, removal), operation)
        except DeletedByDeactivationError:
            return Finding.State.REMOVED, DELETED
        return Finding.State.REMOVED, DEACTIVATED


def _stand_in(context: Context, removal: Removal) -> DueLink:
    """A link for an account that has none: the forms of a write ask for one. Nothing of it is stored."""
    return DueLink(
        id=0, kind="user", local_id=None, remote_id=removal.remote_id, origin="adopted", in_scope=False,
        cause="", generation=0, phase=Phase.ACCOUNT_REMOVALS, sent={"active": True}, doubt={}, verified=True,
        etag="", attempts=0, entry_id=None, name=removal.name or context.name, source=None, references={},
    )  # fmt: skip


def wanted(context: Context) -> list[Removal]:
    """Read which removals a person asked for."""
    rows = Finding.objects.filter(
        application_id=to_uuid(context.key), state=Finding.State.REMOVING, what=Finding.What.UNKNOWN
    )
    return [
        Removal(
            finding=row.pk,
            kind=row.kind,
            remote_id=row.remote_id,
            name=row.name,
            verb=str(row.detail.get("verb", "deactivate")),
        )
        for row in rows.order_by("id")
    ]


def is_linked(context: Context, removal: Removal) -> bool:
    """Whether a link knows the resource by now."""
    rows = Link.objects.filter(
        application_id=to_uuid(context.key), kind=removal.kind, remote_id=removal.remote_id
    )
    return rows.exists()


def settle(context: Context, removal: Removal, *, state: str, reason: str, now: int) -> None:
    """Store what became of a removal; what took an account away counts for the brake of the day."""
    with transaction.atomic(), connection.cursor() as cursor:
        epoch.hold(cursor, context)
        row = Finding.objects.select_for_update().filter(pk=removal.finding).first()
        if row is None:
            return
        row.state, row.reason = state, reason
        row.save(update_fields=["state", "reason"])
        if removal.kind == "user" and reason in (DELETED, DEACTIVATED):
            cursor.execute(INSERT_DEPARTURE, [context.key, now])
