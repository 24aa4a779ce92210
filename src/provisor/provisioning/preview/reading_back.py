"""What an application holds of one account at this moment: one GET, on a person's request."""

import asyncio
from typing import Any

from django.db import connection as database
from django.db import transaction

from provisor.applications.models import Application
from provisor.mapping.problems import MappingRefused
from provisor.provisioning.batches import execute_batch
from provisor.provisioning.clock import now
from provisor.provisioning.models import Health, Link
from provisor.provisioning.operations import OperationRefused
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.attempts import attempt_row
from provisor.provisioning.passes.connection import Connection, NoCredentialError, connect, read_credential
from provisor.provisioning.passes.context import Context, load_context
from provisor.provisioning.passes.take import read_link
from provisor.provisioning.passes.work import DueLink
from provisor.scim.client import Exchange, ScimClient
from provisor.scim.errors import ScimFailure
from provisor.vault.keys import VaultError

ONE = f"{sql.LINKS} WHERE l.id = %s"

PAUSED = "{name} is paused, so nothing is asked of it either. Resume it, then read again."
THROTTLED = "{name} has asked to go slower, and no request leaves for another {seconds} s. Read again then."
NO_ID = "There is no account to read: Provisor knows of none there."
UNREADABLE = "Not read: {sentence}"


def read_now(link_id: int) -> dict[str, Any]:
    """GET the account of a link from its application, and record the attempt; returns the resource.

    Raises OperationRefused with a sentence where it cannot be read: paused, throttled, without an id there, or
    because the application does not give it. Link.DoesNotExist where there is no such link.
    """
    link = Link.objects.select_related("application").get(pk=link_id)
    application = link.application
    _refuse_if_resting(application)
    if not link.remote_id:
        raise OperationRefused(NO_ID)
    try:
        context, credential = load_context(application), read_credential(application)
        connection = connect(application.base_url, credential, context.dialect)
    except (NoCredentialError, VaultError, MappingRefused, ScimFailure, ValueError) as problem:
        raise OperationRefused(UNREADABLE.format(sentence=problem)) from None
    exchanges: list[Exchange] = []
    try:
        return asyncio.run(_get(connection, context, _due(link), exchanges))
    except ScimFailure as failure:
        raise OperationRefused(UNREADABLE.format(sentence=failure.sentence)) from None
    finally:
        _record(context, exchanges)


def _refuse_if_resting(application: Application) -> None:
    if application.paused:
        raise OperationRefused(PAUSED.format(name=application.name))
    health = Health.objects.filter(application=application, state=Health.State.THROTTLED).first()
    rest = health.not_before - now() if health else 0
    if rest > 0:
        raise OperationRefused(THROTTLED.format(name=application.name, seconds=rest // 1_000 + 1))


def _due(link: Link) -> DueLink:
    with database.cursor() as cursor:
        cursor.execute(ONE, [link.id])
        return read_link(cursor.fetchone())


async def _get(
    connection: Connection, context: Context, link: DueLink, exchanges: list[Exchange]
) -> dict[str, Any]:
    client = ScimClient(
        connection.transport, connection.authentication, context.dialect, observer=exchanges.append
    )
    try:
        return await client.get(link.kind, link.remote_id or "", act="read_now", tag=link)
    finally:
        await connection.close()


def _record(context: Context, exchanges: list[Exchange]) -> None:
    rows = [attempt_row(context, None, exchange) for exchange in exchanges]
    if not rows:
        return
    with transaction.atomic(), database.cursor() as cursor:
        execute_batch(cursor, sql.INSERT_ATTEMPT, sql.INSERT_ATTEMPT_TYPES, rows)
