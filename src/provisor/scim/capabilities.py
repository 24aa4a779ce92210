"""What is known of one application: facts, who said so, how they are resolved, and what its documents say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisor.scim.dialect import FACTS, Dialect, FactDefinition, FactKind, Origin, Rate
from provisor.scim.schemas import USER_SCHEMA

__all__ = [
    "FACTS",
    "UNKNOWN",
    "Dialect",
    "Fact",
    "FactDefinition",
    "FactKind",
    "Origin",
    "Rate",
    "fact_problem",
    "from_discovery",
    "resolve",
]

#: The value of a fact that nobody could establish; it counts as absent.
UNKNOWN: Final = "unknown"

#: Most resources that Provisor asks for in one page, whatever an application announces.
LARGEST_PAGE: Final = 1000

_STRENGTH: Final = {origin: strength for strength, origin in enumerate(Origin)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One statement about an application, with its origin and the evidence for it (an address, an exchange)."""

    name: str
    value: Any
    origin: str
    evidence: str = ""


def fact_problem(name: str, value: object) -> str:
    """Why this cannot be a fact, as a sentence; empty when it can. "unknown" fits every fact."""
    definition = FACTS.get(name)
    if definition is None:
        return f'There is no fact "{name}". Known are: {", ".join(FACTS)}.'
    if value == UNKNOWN and UNKNOWN not in definition.choices:
        return ""
    if not _fits(definition, value):
        return f'The value "{value}" of the fact "{name}" is not of the type {definition.kind}.'
    if definition.choices and value not in definition.choices:
        return f'The value "{value}" of the fact "{name}" is none of {", ".join(definition.choices)}.'
    return ""


def _fits(definition: FactDefinition, value: object) -> bool:
    match definition.kind:
        case FactKind.BOOL:
            return isinstance(value, bool)
        case FactKind.INT:
            return _is_number(value, int)
        case FactKind.FLOAT:
            return _is_number(value, int, float)
        case FactKind.STR:
            return isinstance(value, str)
    return _fits_list(definition.name, value)


def _is_number(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool) and value >= 0  # type: ignore[operator]  # a number of `types`


def _fits_list(name: str, value: object) -> bool:
    if not isinstance(value, list | tuple):
        return False
    if name == "rates":
        return all(isinstance(item, Mapping) and _is_rate(item) for item in value)
    if name == "duplicate_status":
        return all(_is_number(item, int) for item in value)
    return all(isinstance(item, str) for item in value)


def _is_rate(item: Mapping[str, Any]) -> bool:
    return (
        isinstance(item.get("match"), str)
        and _is_number(item.get("per_second"), int, float)
        and item["per_second"] > 0
        and _is_number(item.get("burst", 1), int)
    )


def resolve(facts: Iterable[Fact]) -> Dialect:
    """The dialect that these facts make: the strongest origin wins, and of equals the last.

    Facts without a known value, of a name or a type that this version does not know, count as absent:
    what is stored must never keep an application from working. `fact_problem` is for the gate.
    """
    known: dict[str, tuple[int, Fact]] = {}
    for fact in facts:
        if fact.value == UNKNOWN or fact_problem(fact.name, fact.value):
            continue
        strength = _STRENGTH[Origin(fact.origin)]
        if fact.name not in known or known[fact.name][0] <= strength:
            known[fact.name] = (strength, fact)
    values = {name: _settled(name, fact.value) for name, (_, fact) in known.items()}
    return Dialect(**values, origins={name: Origin(fact.origin) for name, (_, fact) in known.items()})


def _settled(name: str, value: Any) -> Any:
    if name == "rates":
        return tuple(
            Rate(match=r["match"], per_second=float(r["per_second"]), burst=r.get("burst", 1)) for r in value
        )
    return tuple(value) if isinstance(value, list) else value


def from_discovery(spc: object | None, resource_types: object | None, schemas: object | None) -> list[Fact]:
    """What the application says of itself: ServiceProviderConfig, the ResourceTypes and the Schemas.

    Each document may be None (there is none) and may hold anything: only what is well-formed becomes a fact.
    """
    return [
        *(_from_configuration(spc) if isinstance(spc, Mapping) else ()),
        *(_from_resource_types(resource_types) if isinstance(resource_types, list) else ()),
        *(_from_schemas(schemas) if isinstance(schemas, list) else ()),
    ]


def _from_configuration(spc: Mapping[str, Any]) -> list[Fact]:
    said = {name: _member(spc, name) for name in ("patch", "bulk", "filter", "sort", "etag", "pagination")}
    patch = _boolean(said["patch"].get("supported"))
    values = {
        "patch_users": patch,
        "patch_groups": patch,
        "filter": _boolean(said["filter"].get("supported")),
        "sort": _boolean(said["sort"].get("supported")),
        "etag": _boolean(said["etag"].get("supported")),
        "bulk": _boolean(said["bulk"].get("supported")),
        "bulk_operations": _count(said["bulk"].get("maxOperations")),
        "bulk_payload": _count(said["bulk"].get("maxPayloadSize")),
        "page_size": _page_size(said["filter"], said["pagination"]),
        "paging": _paging(said["pagination"]),
    }
    return [
        _said(name, value, "ServiceProviderConfig") for name, value in values.items() if value is not None
    ]


def _said(name: str, value: Any, document: str) -> Fact:
    return Fact(name=name, value=value, origin=Origin.PROBE, evidence=document)


def _member(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def _boolean(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.casefold())
    return value if isinstance(value, bool) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _page_size(filtering: Mapping[str, Any], pagination: Mapping[str, Any]) -> int | None:
    """The smaller of filter.maxResults (RFC 7643, 5) and pagination.maxPageSize (RFC 9865, 4)."""
    sizes = [_count(filtering.get("maxResults")), _count(pagination.get("maxPageSize"))]
    known = [size for size in sizes if size is not None]
    return min(*known, LARGEST_PAGE) if known else None


def _paging(pagination: Mapping[str, Any]) -> str | None:
    if _boolean(pagination.get("cursor")):
        return "cursor"
    return "index" if _boolean(pagination.get("index")) else None


def _from_resource_types(resource_types: list[Any]) -> list[Fact]:
    """Which of users and groups there are. An empty list says nothing: every provider has some resource."""
    names = {
        str(item.get(key, "")).rsplit(":", 1)[-1].strip("/").casefold()
        for item in resource_types
        if isinstance(item, Mapping)
        for key in ("id", "name", "endpoint", "schema")
    }
    if not names - {""}:
        return []
    return [
        _said("users", not names.isdisjoint({"user", "users"}), "ResourceTypes"),
        _said("groups", not names.isdisjoint({"group", "groups"}), "ResourceTypes"),
    ]


def _from_schemas(schemas: list[Any]) -> list[Fact]:
    users = [item for item in schemas if isinstance(item, Mapping) and item.get("id") == USER_SCHEMA]
    attributes = [
        item for user in users for item in _list(user.get("attributes")) if isinstance(item, Mapping)
    ]
    return [
        _said("password_required", True, "Schemas")
        for attribute in attributes
        if attribute.get("name") == "password" and _boolean(attribute.get("required"))
    ]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
