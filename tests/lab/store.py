"""What the lab target holds: users and groups, indexed by the attributes that clients search for."""

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from tests.lab.attributes import simple
from tests.lab.filters import Filter
from tests.lab.options import LabOptions

Resource = dict[str, Any]
_INDEXED = ("userName", "displayName", "externalId")


class Record:
    """One stored resource, as JSON: it takes a tenth of the memory of dictionaries and is sent as it is.

    Members are apart and by id, so that a delta costs what it holds. `home` is `Users` or `Groups`.
    """

    __slots__ = ("home", "id", "members", "raw", "serial", "version")

    def __init__(self, home: str, resource: Resource, serial: int) -> None:
        self.home = home
        self.id: str = resource["id"]
        self.raw = orjson.dumps(resource)
        self.serial = serial
        self.version = 1
        self.members: dict[str, Resource] = {}

    @property
    def resource(self) -> Resource:
        """A fresh copy of the resource without members."""
        resource: Resource = orjson.loads(self.raw)
        return resource

    def whole(self) -> Resource:
        """A fresh copy of the resource with its members."""
        members = list(self.members.values())
        return {**self.resource, "members": members} if members else self.resource


Index = dict[str, list[Record]]


class Collection:
    """All resources of one type, in the order of their creation."""

    def __init__(self, home: str, unique: str) -> None:
        self.home = home
        self.unique = unique
        self.records: dict[str, Record] = {}
        self._serial = 0
        self._order: list[Record] | None = None
        # An index is made when somebody first searches by its attribute; most are never asked for.
        self._indexes: dict[str, Index] = {unique: {}}

    def add(self, resource: Resource) -> Record:
        self._serial += 1
        record = Record(self.home, resource, self._serial)
        self.records[record.id] = record
        self._enter(record, resource)
        if self._order is not None:
            self._order.append(record)
        return record

    def replace(self, record: Record, resource: Resource) -> None:
        self._leave(record)
        record.raw = orjson.dumps(resource)
        record.version += 1
        self._enter(record, resource)

    def remove(self, record: Record) -> None:
        self._leave(record)
        del self.records[record.id]
        self._order = None

    def ordered(self) -> list[Record]:
        if self._order is None:
            self._order = list(self.records.values())
        return self._order

    def named(self, name: str) -> list[Record]:
        """The resources with this unique name, whatever its case."""
        return self._indexes[self.unique].get(name.casefold(), [])

    def matching(self, wanted: Filter) -> list[Record]:
        """The resources that match, found by an index where the filter has an equality on an indexed attribute."""
        return [record for record in self._candidates(wanted) if wanted.matches(record.whole())]

    def _candidates(self, wanted: Filter) -> Iterable[Record]:
        where, value = wanted.equality or (None, None)
        if where is None or where.schema or not isinstance(value, str):
            return self.ordered()
        if where.attribute == "id":
            return [self.records[value]] if value in self.records else []
        if where.attribute in _INDEXED or (where.attribute == "emails" and where.sub in ("", "value")):
            return self._index(where.attribute).get(value.casefold(), [])
        return self.ordered()

    def _index(self, attribute: str) -> Index:
        if attribute not in self._indexes:
            self._indexes[attribute] = {}
            for record in self.records.values():
                _enter(self._indexes[attribute], record, record.resource, attribute)
        return self._indexes[attribute]

    def _enter(self, record: Record, resource: Resource) -> None:
        for attribute, index in self._indexes.items():
            _enter(index, record, resource, attribute)

    def _leave(self, record: Record) -> None:
        resource = record.resource
        for attribute, index in self._indexes.items():
            for key in set(_keys(resource, attribute)):
                index[key].remove(record)
                if not index[key]:
                    del index[key]


class Store:
    """Users, groups, and who is in which group."""

    def __init__(self, options: LabOptions) -> None:
        self.users = Collection("Users", "userName")
        self.groups = Collection("Groups", "displayName")
        self._seed = options.seed
        self._gone: set[str] = set()
        self._groups_of: dict[str, dict[str, Record]] = {}

    def new_id(self, kind: str, name: str) -> str:
        """An id that depends on the seed, the name and how often the name was created, and on nothing else.

        So the same requests in another order get the same ids, and a replay of PATCH and DELETE hits.
        """
        nth = 0
        while True:
            key = f"{self._seed}/{kind}/{name.casefold()}/{nth}".encode()
            new_id = hashlib.blake2b(key, digest_size=16).hexdigest()
            if not (self.member_exists(new_id) or new_id in self._gone):
                return new_id
            nth += 1

    def member_exists(self, member_id: str) -> bool:
        return member_id in self.users.records or member_id in self.groups.records

    def join(self, group: Record, element: Resource) -> None:
        member_id = element["value"]
        group.members[member_id] = element
        self._groups_of.setdefault(member_id, {})[group.id] = group

    def part(self, group: Record, member_id: str) -> Resource | None:
        """Take a member out; the element that was there, or None."""
        element = group.members.pop(member_id, None)
        if element is not None:
            self._groups_of[member_id].pop(group.id, None)
        return element

    def forget(self, collection: Collection, record: Record) -> None:
        """Delete a resource, its own memberships and those in it."""
        for group in list(self._groups_of.pop(record.id, {}).values()):
            group.members.pop(record.id, None)
        for member_id in list(record.members):
            self.part(record, member_id)
        collection.remove(record)
        self._gone.add(record.id)


def _enter(index: Index, record: Record, resource: Resource, attribute: str) -> None:
    for key in _keys(resource, attribute):
        holders = index.setdefault(key, [])
        if record not in holders:
            holders.append(record)


def _keys(resource: Resource, attribute: str) -> list[str]:
    value = resource.get(attribute)
    if isinstance(value, str):
        return [value.casefold()]
    values = [simple(element) for element in value] if isinstance(value, list) else []
    return [element.casefold() for element in values if isinstance(element, str)]


def without(resource: Resource, paths: Iterable[str]) -> Resource:
    """The resource without some attributes, which the target does not keep."""
    folded = {path.casefold() for path in paths}
    kept = {name: value for name, value in resource.items() if name.casefold() not in folded}
    for name, value in kept.items():
        if isinstance(value, dict):
            kept[name] = {
                sub: inner
                for sub, inner in value.items()
                if f"{name}.{sub}".casefold() not in folded and f"{name}:{sub}".casefold() not in folded
            }
    return kept
