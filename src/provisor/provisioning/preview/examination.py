"""Examine an application without writing to it: what Test connection and `provisor doctor` show."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from provisor.applications.capabilities import dialect_of, record_probe
from provisor.applications.credentials import OpenCredential
from provisor.applications.models import Application
from provisor.applications.schemas import record_schema
from provisor.audit.actor import Actor
from provisor.provisioning.passes.connection import Connection, NoCredentialError, connect, read_credential
from provisor.provisioning.preview.testing_often import READ, TESTED, TRIED, begin_test
from provisor.scim.announced_schema import AnnouncedResource, AnnouncedSchema
from provisor.scim.capabilities import Fact, Origin, resolve
from provisor.scim.client import Discovery, ScimClient
from provisor.scim.dialect import Dialect
from provisor.scim.errors import NotSent, Refused, ScimFailure
from provisor.vault.keys import VaultError

REACHED = "The application answers at {base_url}."
SIGNED_IN = "The credential is accepted."
EMPTY_SEARCH = "A search for somebody who does not exist comes back empty, as it should."
IGNORED = "The application ignores filters: it returned somebody else. Provisor reads whole lists instead, which is slower."
NO_FILTER = "The application does not search (it answered {status}). Provisor reads whole lists instead, which is slower."
NO_USERS = (
    "There is no /Users at this address (404). Check the SCIM base URL: it usually ends in /v2 or /scim/v2."
)
NO_GROUPS = "There is no /Groups: users are provisioned, groups are not."
DOCUMENTS = "It describes itself: {found}."
NO_DOCUMENTS = "It does not describe itself (no ServiceProviderConfig); the profile's facts are used."


LISTED = "It lists its attributes: {found}."
UNLISTED = "Its /Schemas lists no attributes that can be read: mappings are judged by RFC 7643 alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. `level` is ok, warning or error; only an error keeps provisioning from working."""

    name: str
    level: str
    message: str

    @property
    def ok(self) -> bool:
        return self.level != "error"


@dataclass(slots=True)
class Report:
    """The checks in the order in which they were made, the facts that were learnt, and the attributes listed there."""

    checks: list[Check] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    attributes: AnnouncedSchema | None = None
    requests: int = 0

    def add(self, name: str, level: str, message: str) -> None:
        self.checks.append(Check(name=name, level=level, message=message))

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "checks": [{**asdict(check), "ok": check.ok} for check in self.checks],
            "facts": [{"name": f.name, "value": f.value, "evidence": f.evidence} for f in self.facts],
            "attributes": self.attributes.as_document() if self.attributes else None,
            "requests": self.requests,
        }


def test_connection(application_id: UUID, *, actor: Actor) -> dict[str, Any]:
    """Test an application that is set up, and remember what it says of itself. Nothing is written there.

    It uses the stored credential, so it is audited before anything is sent (CVE-2026-55106). Raises TestedTooOften.

    Returns `{ok, checks: [{name, ok, level, message}], facts, attributes, requests}`; `ok` is false only if
    provisioning cannot work, and `attributes` is what `announced_schema.from_document` reads, or None.
    """
    application = Application.objects.get(pk=application_id)
    begin_test(TESTED, actor, application.base_url, application, application.auth_method)
    try:
        credential = read_credential(application)
    except (NoCredentialError, VaultError) as error:
        report = Report()
        report.add("credential", "error", str(error))
        return report.as_dict()
    report = asyncio.run(_examine(application.base_url, credential, dialect_of(application)))
    if report.facts:
        record_probe(application, report.facts, evidence="Test connection")
    record_schema(application, report.attributes, origin="Test connection")
    return report.as_dict()


def read_attributes(application_id: UUID, *, actor: Actor) -> str:
    """Ask the application for its attributes again and remember them; "" when that went well, else why not.

    What was read before stays where nothing could be read now (R15). Nothing is written there. It uses the stored
    credential, so it is audited and counted like a test. Raises TestedTooOften.
    """
    application = Application.objects.get(pk=application_id)
    begin_test(READ, actor, application.base_url, application, application.auth_method)
    try:
        credential = read_credential(application)
        found = asyncio.run(_discover(application.base_url, credential, dialect_of(application)))
    except (NoCredentialError, VaultError, ScimFailure, ValueError) as error:
        return error.sentence if isinstance(error, ScimFailure) else str(error)
    record_schema(application, found.attributes, origin="Mapping")
    return "" if found.attributes else " ".join((UNLISTED, *found.problems))


async def _discover(base_url: str, credential: OpenCredential, dialect: Dialect) -> Discovery:
    connection = connect(base_url, credential, dialect)
    try:
        return await ScimClient(connection.transport, connection.authentication, dialect).discover()
    finally:
        await connection.close()


def try_values(
    base_url: str,
    method: str,
    values: dict[str, str],
    facts: Iterable[Fact] = (),
    *,
    actor: Actor,
    application: Application | None = None,
) -> dict[str, Any]:
    """Examine an address with values that are typed and not saved yet; `application` is whose they would be.

    Audited before anything is sent, without the values. Raises TestedTooOften.
    """
    begin_test(TRIED, actor, base_url, application, method)
    return examine(base_url, method, values, facts)


def examine(base_url: str, method: str, values: dict[str, str], facts: Iterable[Fact] = ()) -> dict[str, Any]:
    """Examine any address with a credential: the same report, and nothing is remembered."""
    credential = OpenCredential(method=method, values=values)
    return asyncio.run(_examine(base_url, credential, resolve(facts))).as_dict()


async def _examine(base_url: str, credential: OpenCredential, dialect: Dialect) -> Report:
    report = Report()
    try:
        connection = connect(base_url, credential, dialect)
    except (ScimFailure, ValueError) as error:
        report.add("address", "error", str(error))
        return report
    try:
        await _check_all(report, connection, dialect, base_url)
    finally:
        await connection.close()
    return report


async def _check_all(report: Report, connection: Connection, dialect: Dialect, base_url: str) -> None:
    def count(_: object) -> None:
        report.requests += 1

    client = ScimClient(connection.transport, connection.authentication, dialect, observer=count)
    discovery = await _reach(report, client, base_url)
    if discovery is None:
        return
    report.facts += discovery.facts
    report.attributes = discovery.attributes
    _judge_documents(report, discovery)
    await _check_users(report, client)
    if report.ok:
        await _check_groups(report, client)


async def _reach(report: Report, client: ScimClient, base_url: str) -> Discovery | None:
    """Read the documents: reachability, TLS and, where they are protected, the credential."""
    try:
        discovery = await client.discover()
    except NotSent as failure:
        report.add("reachable", "error", failure.sentence)
    except Refused as failure:
        report.add("reachable", "ok", REACHED.format(base_url=base_url))
        report.add("credential", "error", failure.sentence)
    except ScimFailure as failure:
        report.add("reachable", "error", failure.sentence)
    else:
        report.add("reachable", "ok", REACHED.format(base_url=base_url))
        return discovery
    return None


def _judge_documents(report: Report, discovery: Discovery) -> None:
    named = {
        "ServiceProviderConfig": discovery.spc,
        "ResourceTypes": discovery.resource_types,
        "Schemas": discovery.schemas,
    }
    found = [name for name, document in named.items() if document]
    if found:
        report.add("documents", "ok", DOCUMENTS.format(found=", ".join(found)))
    else:
        report.add("documents", "warning", NO_DOCUMENTS)
    if discovery.attributes:
        report.add("attributes", "ok", counted(discovery.attributes))
    elif discovery.schemas is not None:
        report.add("attributes", "warning", UNLISTED)
    for problem in discovery.problems:
        report.add("documents", "warning", problem)


def counted(schema: AnnouncedSchema) -> str:
    """How many attributes the application lists, in a sentence."""
    kinds: dict[str, AnnouncedResource | None] = {"users": schema.users, "groups": schema.groups}
    return LISTED.format(
        found=" and ".join(
            f"{len(one.attributes) + one.left_out:,} of {noun}" for noun, one in kinds.items() if one
        )
    )


async def _check_users(report: Report, client: ScimClient) -> None:
    """Search for a random name that must not be there: credential, endpoint and filter in one request."""
    try:
        search = await client.search("user", "userName", f"provisor-{uuid.uuid4()}", act="test")
    except Refused as failure:
        await _judge_refused_search(report, client, failure)
    except ScimFailure as failure:
        report.add("users", "error", failure.sentence)
    else:
        report.add("credential", "ok", SIGNED_IN)
        if search.ignored_filter:
            report.add("search", "warning", IGNORED)
            report.facts.append(
                Fact(name="filter_ignored", value=True, origin=Origin.PROBE, evidence=IGNORED)
            )
        else:
            report.add("search", "ok", EMPTY_SEARCH)


async def _judge_refused_search(report: Report, client: ScimClient, failure: Refused) -> None:
    if failure.status in (401, 403):
        report.add("credential", "error", failure.sentence)
        return
    listed = await _try(lambda: _first_page(client, "user"))
    if listed is not None:
        missing = listed.status == 404  # noqa: PLR2004 - the status of what is not there
        report.add("users", "error", NO_USERS if missing else listed.sentence)
        return
    report.add("credential", "ok", SIGNED_IN)
    report.add("search", "warning", NO_FILTER.format(status=failure.status))
    evidence = f"A search was answered with {failure.status}."
    report.facts.append(Fact(name="filter", value=False, origin=Origin.PROBE, evidence=evidence))


async def _check_groups(report: Report, client: ScimClient) -> None:
    failure = await _try(lambda: _first_page(client, "group"))
    if failure is None:
        report.add("groups", "ok", "Groups can be read.")
    elif failure.status == 404:  # noqa: PLR2004 - the status of what is not there
        report.add("groups", "warning", NO_GROUPS)
        report.facts.append(
            Fact(name="groups", value=False, origin=Origin.PROBE, evidence="GET /Groups: 404")
        )
    else:
        report.add("groups", "warning", failure.sentence)


async def _first_page(client: ScimClient, kind: str) -> None:
    async for _ in client.pages(kind, act="test"):
        return


async def _try(act: Callable[[], Awaitable[None]]) -> ScimFailure | None:
    try:
        await act()
    except ScimFailure as failure:
        return failure
    return None
