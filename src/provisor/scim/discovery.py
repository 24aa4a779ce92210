"""What an application says of itself: ServiceProviderConfig, ResourceTypes, Schemas (RFC 7644, 4)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisor.scim.announced_schema import AnnouncedSchema, read_announced_schema
from provisor.scim.capabilities import Fact, Origin, from_discovery
from provisor.scim.errors import NotSent, OutcomeUnknown, ScimFailure
from provisor.scim.syntax import member

#: Some applications answer under the plural (Salesforce, Slack).
_CONFIG_PATHS: Final = ("/ServiceProviderConfig", "/ServiceProviderConfigs")
_UNAUTHORIZED: Final = 401
_ABSENT: Final = frozenset({404, 405, 501})

Fetch = Callable[[str], Awaitable[dict[str, Any] | list[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The three documents, each None when it was not to be had, the facts in them, and what went wrong.

    `problems` are sentences; none of them keeps provisioning from working.
    """

    spc: dict[str, Any] | None
    resource_types: list[dict[str, Any]] | None
    schemas: list[dict[str, Any]] | None
    facts: list[Fact]
    problems: list[str]
    #: The attributes in `schemas`; None when none was to be read.
    attributes: AnnouncedSchema | None


async def discover(fetch: Fetch, config_path: str) -> Discovery:
    """Read the documents. `fetch` gets one by its path and raises ScimFailure.

    Raises what says nothing of documents and all of the connection: NotSent, OutcomeUnknown, and a
    refusal with status 401.
    """
    problems: list[str] = []
    spc, facts = await _configuration(fetch, config_path, problems)
    resource_types = _listed(await _document(fetch, "/ResourceTypes", problems))
    schemas = _listed(await _document(fetch, "/Schemas", problems))
    facts += from_discovery(spc, resource_types, schemas)
    return Discovery(
        spc=spc,
        resource_types=resource_types,
        schemas=schemas,
        facts=facts,
        problems=problems,
        attributes=read_announced_schema(schemas, resource_types),
    )


async def _configuration(
    fetch: Fetch, config_path: str, problems: list[str]
) -> tuple[dict[str, Any] | None, list[Fact]]:
    mine: list[str] = []
    for path in dict.fromkeys((config_path, *_CONFIG_PATHS)):
        document = _single(await _document(fetch, path, mine))
        if document is not None:
            return document, [] if path == config_path else [_found_at(path)]
    problems += mine[:1] or ["The ServiceProviderConfig holds nothing that can be read."]
    return None, []


def _found_at(path: str) -> Fact:
    return Fact(name="config_path", value=path, origin=Origin.PROBE, evidence=f"GET {path}")


async def _document(fetch: Fetch, path: str, problems: list[str]) -> dict[str, Any] | list[Any] | None:
    try:
        return await fetch(path)
    except (NotSent, OutcomeUnknown):
        raise
    except ScimFailure as failure:
        if failure.status == _UNAUTHORIZED:
            raise
        problems.append(_problem(path, failure))
        return None


def _problem(path: str, failure: ScimFailure) -> str:
    if failure.status in _ABSENT:
        return f'The application has no document at "{path}" (status {failure.status}).'
    return f'The document at "{path}" could not be read. {failure.sentence}'


def _single(document: dict[str, Any] | list[Any] | None) -> dict[str, Any] | None:
    """The configuration itself: bare as RFC 7644 has it, or wrapped in a list."""
    listed = _listed(document)
    if listed is not None:
        return listed[0] if listed else None
    return document if isinstance(document, dict) and document else None


def _listed(document: dict[str, Any] | list[Any] | None) -> list[dict[str, Any]] | None:
    """The entries of a ListResponse, or of a bare list, which some applications send."""
    entries = member(document, "Resources") if isinstance(document, Mapping) else document
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else None
