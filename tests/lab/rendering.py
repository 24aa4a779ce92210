"""How the lab target shows a stored resource, with the vices that are switched on."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from tests.lab.attributes import Place, canonical, place
from tests.lab.options import LabOptions, MembersRead
from tests.lab.store import Record, Resource

_ALWAYS = ("schemas", "id")
_SELECTIONS = {"attributes", "excludedAttributes"}


class Rendering:
    """Resources as the options want them shown."""

    def __init__(self, options: LabOptions) -> None:
        self._options = options
        self._plain = not (
            options.lower_case_user_name or options.string_booleans or options.relative_location
        )

    def show(self, record: Record, query: dict[str, str] | None = None) -> Resource | orjson.Fragment:
        """The resource; `attributes` and `excludedAttributes` of the query are obeyed (RFC 7644 3.9)."""
        if self._plain and record.home == "Users" and not (query and _SELECTIONS & query.keys()):
            return orjson.Fragment(record.raw)
        resource = self._with_members(record)
        if not self._plain:
            resource = self._spoilt(resource)
        if query and _SELECTIONS & query.keys():
            return _selected(resource, query)
        return resource

    def _with_members(self, record: Record) -> Resource:
        read = self._options.members_read
        if read is MembersRead.ALL:
            return record.whole()
        is_empty = record.home == "Groups" and read is MembersRead.EMPTY
        return {**record.resource, "members": []} if is_empty else record.resource

    def _spoilt(self, resource: Resource) -> Resource:
        shown = dict(resource)
        if self._options.lower_case_user_name and "userName" in shown:
            shown["userName"] = shown["userName"].lower()
        if self._options.relative_location:
            shown["meta"] = {**shown["meta"], "location": urlsplit(shown["meta"]["location"]).path}
        return _with_string_booleans(shown) if self._options.string_booleans else shown


def query_of(text: str) -> dict[str, str]:
    """The parameters of a query string, the last of each name."""
    return dict(parse_qsl(text, keep_blank_values=True)) if text else {}


def _with_string_booleans(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_string_booleans(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_string_booleans(inner) for inner in value]
    return str(value) if isinstance(value, bool) else value


def _selected(resource: Resource, query: dict[str, str]) -> Resource:
    if "attributes" in query:
        wanted = [place(name) for name in query["attributes"].split(",") if name]
        chosen = {name: part for name in resource if (part := _part(resource, name, wanted)) is not None}
        return {**{name: resource[name] for name in _ALWAYS}, **chosen}
    excluded = {canonical(name.strip()).casefold() for name in query["excludedAttributes"].split(",")}
    return {
        name: value for name, value in resource.items() if name in _ALWAYS or name.casefold() not in excluded
    }


def _part(resource: Resource, name: str, wanted: list[Place]) -> Any:
    value = resource[name]
    hits = [where for where in wanted if (where.schema or where.attribute).casefold() == name.casefold()]
    if not hits:
        return None
    subs = {(where.attribute if where.schema else where.sub).casefold() for where in hits}
    if "" in subs or not isinstance(value, dict):
        return value
    return {sub: inner for sub, inner in value.items() if sub.casefold() in subs}
