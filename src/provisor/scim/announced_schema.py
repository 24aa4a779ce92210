"""The attributes that an application lists in /Schemas (RFC 7643, 7), read from documents that may hold anything."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

from provisor.scim.known_attributes import as_boolean
from provisor.scim.path import PathError, parse_path
from provisor.scim.schemas import CORE_SCHEMAS, SCHEMA_OF
from provisor.scim.syntax import member

#: What is kept of one kind of resource; what is beyond is counted and left out.
MOST_ATTRIBUTES: Final = 1000
MOST_EXTENSIONS: Final = 50
MOST_VALUES: Final = 30
LONGEST_VALUE: Final = 100
LONGEST_PATH: Final = 300
#: Characters of all canonical values of one kind of resource together.
_ALL_VALUES: Final = 20_000
_NAME: Final = re.compile(r"[A-Za-z$][A-Za-z0-9$_-]*")
_TYPES: Final = ("string", "boolean", "integer", "decimal", "dateTime", "reference", "binary", "complex")
_MUTABILITIES: Final = ("readWrite", "readOnly", "immutable", "writeOnly")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedAttribute:
    """One attribute. `path` names it without any choice of an element: `emails.value`, `urn:...:User:department`.

    What the document leaves out has the value that RFC 7643, section 2.2 and 7, gives it.
    """

    path: str
    type: str = "string"
    multi_valued: bool = False
    required: bool = False
    mutability: str = "readWrite"
    canonical_values: tuple[str, ...] = ()

    @property
    def is_read_only(self) -> bool:
        return self.mutability == "readOnly"


@dataclass(frozen=True, kw_only=True)
class AnnouncedResource:
    """What one kind of resource has there. Sub-attributes come after the attribute that they are a part of."""

    attributes: tuple[AnnouncedAttribute, ...]
    #: Extensions that every resource of this kind must have.
    required_extensions: tuple[str, ...] = ()
    #: Attributes beyond `MOST_ATTRIBUTES`.
    left_out: int = 0

    @cached_property
    def by_path(self) -> Mapping[str, AnnouncedAttribute]:
        """The attributes by folded path: names compare case-insensitively (RFC 7643, 2.1)."""
        return {each.path.casefold(): each for each in self.attributes}

    @cached_property
    def parts(self) -> Mapping[str, tuple[AnnouncedAttribute, ...]]:
        """The sub-attributes of each complex attribute, by its folded path."""
        found: dict[str, list[AnnouncedAttribute]] = {}
        for each in self.attributes:
            if sub_attribute_of(each.path):
                found.setdefault(each.path.casefold().rpartition(".")[0], []).append(each)
        return {path: tuple(parts) for path, parts in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedSchema:
    """What was read; None for a kind of which nothing was to be read."""

    users: AnnouncedResource | None
    groups: AnnouncedResource | None

    def of(self, kind: str) -> AnnouncedResource | None:
        """The resource of "user" or "group"."""
        return self.users if kind == "user" else self.groups

    def as_document(self) -> dict[str, Any]:
        """The same as JSON; `from_document` reads it."""
        return {name: _document(getattr(self, name)) for name in ("users", "groups")}


def from_document(document: Mapping[str, Any]) -> AnnouncedSchema:
    """Read what `as_document` has written."""
    return AnnouncedSchema(users=_resource(document["users"]), groups=_resource(document["groups"]))


def sub_attribute_of(path: str) -> str:
    """The name after the dot, "" where there is none; the dots of a URN's version are none."""
    return path.rpartition(":")[2].partition(".")[2]


def read_announced_schema(schemas: object, resource_types: object) -> AnnouncedSchema | None:
    """Read both documents, each a list of entries. None when nothing usable is in them: that is no knowledge."""
    listed = _by_urn(schemas)
    found = AnnouncedSchema(
        users=_Reader("user", listed, resource_types).read(),
        groups=_Reader("group", listed, resource_types).read(),
    )
    return found if found.users or found.groups else None


class _Reader:
    """Reads the attributes of one kind of resource, and counts what it has taken."""

    def __init__(self, kind: str, listed: Mapping[str, Mapping[str, Any]], resource_types: object) -> None:
        self._kind, self._listed = kind, listed
        self._extensions = dict(_extensions_of(kind, resource_types))
        self._taken: dict[str, AnnouncedAttribute] = {}
        self._left_out = 0
        self._values_left = _ALL_VALUES

    def read(self) -> AnnouncedResource | None:
        core = SCHEMA_OF[self._kind]
        self._take_all(self._listed.get(core.casefold(), {}), "")
        alike = (urn for urn in self._listed if urn.rpartition(":")[2] == self._kind)
        for folded in [*dict.fromkeys((*self._extensions, *alike))][:MOST_EXTENSIONS]:
            schema = self._listed.get(folded)
            if schema is not None and not _is_core(folded):
                self._take_all(schema, f"{member(schema, 'id')}:")
        if not self._taken:
            return None
        required = (str(member(self._listed[urn], "id")) for urn in self._required())
        return AnnouncedResource(
            attributes=tuple(self._taken.values()),
            required_extensions=tuple(required),
            left_out=self._left_out,
        )

    def _required(self) -> Iterator[str]:
        return (urn for urn, required in self._extensions.items() if required and urn in self._listed)

    def _take_all(self, schema: Mapping[str, Any], prefix: str) -> None:
        for item in _objects(member(schema, "attributes")):
            taken = self._take(item, prefix, None)
            if taken is not None:
                for part in _objects(member(item, "subAttributes")):
                    self._take(part, f"{taken.path}.", taken)

    def _take(
        self, item: Mapping[str, Any], prefix: str, whole: AnnouncedAttribute | None
    ) -> AnnouncedAttribute | None:
        """Take one attribute, unless it is none or there already; beyond the bound it is only counted."""
        name = member(item, "name")
        if len(self._taken) >= MOST_ATTRIBUTES:
            self._left_out += 1
            return None
        path = _canonical(name, prefix)
        if not path or path.casefold() in self._taken:
            return None
        mutability = _one_of(_MUTABILITIES, member(item, "mutability"))
        attribute = AnnouncedAttribute(
            path=path,
            type=_one_of(_TYPES, member(item, "type")),
            multi_valued=bool(as_boolean(member(item, "multiValued"))),
            required=bool(as_boolean(member(item, "required"))),
            mutability="readOnly" if whole and whole.is_read_only else mutability,
            canonical_values=self._values(member(item, "canonicalValues")),
        )
        self._taken[path.casefold()] = attribute
        return attribute

    def _values(self, given: object) -> tuple[str, ...]:
        texts = given[: MOST_VALUES * 10] if isinstance(given, list) else []
        usable = [text for text in texts if isinstance(text, str) and 0 < len(text) <= LONGEST_VALUE]
        kept = tuple(dict.fromkeys(text for text in usable if text.isprintable()))[:MOST_VALUES]
        self._values_left -= sum(map(len, kept))
        return kept if self._values_left >= 0 else ()


def _by_urn(schemas: object) -> dict[str, Mapping[str, Any]]:
    """The schemas that have a URN of their own, by the folded URN; of two with the same the first."""
    found: dict[str, Mapping[str, Any]] = {}
    for schema in _objects(schemas):
        urn = member(schema, "id")
        if isinstance(urn, str) and (_is_core(urn.casefold()) or _canonical("x", f"{urn}:")):
            found.setdefault(urn.casefold(), schema)
    return found


def _extensions_of(kind: str, resource_types: object) -> Iterator[tuple[str, bool]]:
    """The extensions that the resource type of this kind names, and whether each must be there."""
    for resource_type in _objects(resource_types):
        names = (str(member(resource_type, key)).strip("/").casefold() for key in ("id", "name", "endpoint"))
        if {kind, f"{kind}s"}.isdisjoint(names):
            continue
        for extension in _objects(member(resource_type, "schemaExtensions")):
            urn = member(extension, "schema")
            if isinstance(urn, str):
                yield urn.casefold(), bool(as_boolean(member(extension, "required")))


def _is_core(folded: str) -> bool:
    return folded in {urn.casefold() for urn in CORE_SCHEMAS}


def _canonical(name: object, prefix: str) -> str:
    """The path as our own reader spells it; "" where it is none that a mapping could name (RFC 7643, 2.1)."""
    path = f"{prefix}{name}"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return ""
    if len(path) > LONGEST_PATH or not path.isascii() or not path.isprintable():
        return ""
    try:
        spelled = str(parse_path(path))
    except PathError:
        return ""
    return spelled if spelled.casefold() == path.casefold() else ""


def _one_of(known: tuple[str, ...], given: object) -> str:
    """The known word that is meant; the first, which is the default of the RFC, for everything else."""
    text = given.casefold() if isinstance(given, str) else ""
    return next((word for word in known if word.casefold() == text), known[0])


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else iter(())


def _document(resource: AnnouncedResource | None) -> dict[str, Any] | None:
    if resource is None:
        return None
    return {
        "attributes": [
            asdict(each) | {"canonical_values": list(each.canonical_values)} for each in resource.attributes
        ],
        "required_extensions": list(resource.required_extensions),
        "left_out": resource.left_out,
    }


def _resource(document: Mapping[str, Any] | None) -> AnnouncedResource | None:
    if document is None:
        return None
    return AnnouncedResource(
        attributes=tuple(
            AnnouncedAttribute(**each | {"canonical_values": tuple(each["canonical_values"])})
            for each in document["attributes"]
        ),
        required_extensions=tuple(document["required_extensions"]),
        left_out=document["left_out"],
    )
