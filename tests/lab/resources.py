"""Creating, reading, changing and deleting users and groups on the lab target (RFC 7644 3.3 to 3.6)."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.lab.answers import Refusal
from tests.lab.draft import check, incoming
from tests.lab.listing import list_resources
from tests.lab.members import MembersEdit, check_number
from tests.lab.options import AnswerBody, Duplicates, LabOptions
from tests.lab.patching import apply, read_operations
from tests.lab.rendering import Rendering
from tests.lab.store import Collection, Record, Resource, Store, without


class Done(NamedTuple):
    """What an act led to; `location` and `etag` only where there is a resource."""

    status: int
    document: Any = None
    location: str = ""
    etag: str = ""


class Resources:
    """The acts on one store under one set of options."""

    def __init__(self, store: Store, options: LabOptions, base: str, wall: Callable[[], float]) -> None:
        self.store = store
        self._options = options
        self._base = base
        self._wall = wall
        self._second = -1
        self._stamp = ""
        self.rendering = Rendering(options)

    def collection(self, name: str) -> tuple[str, Collection]:
        """The resource type and the resources behind `Users` or `Groups`; raises Refusal 404."""
        if name == "Users":
            return "User", self.store.users
        if name == "Groups" and self._options.groups:
            return "Group", self.store.groups
        raise Refusal(404, f"There is no /{name}.")

    def search(self, name: str, query: dict[str, str]) -> Done:
        _, collection = self.collection(name)
        return Done(200, list_resources(collection, query, self._options, self.rendering))

    def read(self, name: str, resource_id: str, query: dict[str, str], if_none_match: str = "") -> Done:
        record = self._record(name, resource_id)
        if if_none_match and if_none_match == self._etag(record):
            return Done(304, etag=if_none_match)
        return self._done(200, record, AnswerBody.BODY, query)

    def create(self, name: str, data: Resource) -> Done:
        kind, collection = self.collection(name)
        resource, members = incoming(data, kind, self._options.drops)
        if resource[collection.unique] in self._options.refused_names:
            raise Refusal(400, f'"{resource[collection.unique]}" is reserved.', "invalidValue")
        self._check_unique(collection, resource, "")
        members = members if self._options.members_on_create else []
        check_number(len(members), self._options)
        record = self._add(kind, collection, resource)
        if members:
            self._set_first_members(collection, record, members)
        return self._done(201, record, self._options.post_answer)

    def put(self, name: str, resource_id: str, data: Resource, if_match: str = "") -> Done:
        kind, collection = self.collection(name)
        if not self._options.put:
            raise Refusal(501, "PUT is not supported.")
        record = self._record(name, resource_id, if_match)
        resource, members = incoming(data, kind, self._options.drops)
        self._check_unique(collection, resource, record.id)
        if kind == "Group":
            check_number(len(members), self._options)
            self._set_members(record, members)
        self._replace(collection, record, resource)
        return self._after_change(collection, record, self._options.put_answer)

    def patch(self, name: str, resource_id: str, data: Resource, if_match: str = "") -> Done:
        kind, collection = self.collection(name)
        if not self._options.patch:
            raise Refusal(501, "PATCH is not supported.")
        record = self._record(name, resource_id, if_match)
        operations = read_operations(data, self._options)
        if not operations:
            return self._done(200, record, self._options.patch_answer)
        edit = MembersEdit(self.store, record, self._options)
        edit.apply([operation for operation in operations if operation.on_members])
        others = [operation for operation in operations if not operation.on_members]
        try:
            self._change(kind, collection, record, lambda: apply(record.resource, others, self._options))
        except Refusal:
            edit.take_back()
            raise
        return self._after_change(collection, record, self._options.patch_answer)

    def delete(self, name: str, resource_id: str, if_match: str = "") -> Done:
        _, collection = self.collection(name)
        if not self._options.delete:
            raise Refusal(405, "DELETE is not allowed.")
        record = self._record(name, resource_id, if_match)
        self.store.forget(collection, record)
        return Done(204, location=self._location(record.home, record.id))

    def _record(self, name: str, resource_id: str, if_match: str = "") -> Record:
        _, collection = self.collection(name)
        record = collection.records.get(resource_id)
        if record is None:
            raise Refusal(404, f'There is no resource "{resource_id}" in /{name}.')
        if if_match and if_match != "*" and self._options.etag and if_match != self._etag(record):
            raise Refusal(412, f'The resource is at version {self._etag(record)}, not at "{if_match}".')
        return record

    def _check_unique(self, collection: Collection, resource: Resource, own_id: str) -> None:
        namesakes = collection.named(resource[collection.unique])
        if not namesakes or self._options.duplicates is Duplicates.ALLOWED:
            return
        if collection is self.store.groups and not self._options.group_names_unique:
            return
        if any(other.id != own_id for other in namesakes):
            status = 409 if self._options.duplicates is Duplicates.CONFLICT else 400
            scim_type = "uniqueness" if status == 409 else ""
            raise Refusal(status, f'"{resource[collection.unique]}" is taken.', scim_type)

    def _add(self, kind: str, collection: Collection, resource: Resource) -> Record:
        unique = resource[collection.unique]
        new_id = unique if self._options.id_is_user_name else self.store.new_id(kind, unique)
        stamp = self._now()
        location = self._location(collection.home, new_id)
        resource["id"] = new_id
        resource["meta"] = {
            "resourceType": kind,
            "created": stamp,
            "lastModified": stamp,
            "location": location,
        }
        return collection.add(resource)

    def _change(
        self, kind: str, collection: Collection, record: Record, changed: Callable[[], Resource]
    ) -> None:
        resource = changed()
        resource = check(without(resource, self._options.drops) if self._options.drops else resource, kind)
        if resource[collection.unique].casefold() != record.resource[collection.unique].casefold():
            self._check_unique(collection, resource, record.id)
        self._replace(collection, record, resource)

    def _set_first_members(self, collection: Collection, record: Record, members: list[Resource]) -> None:
        try:
            self._set_members(record, members)
        except Refusal:
            self.store.forget(collection, record)
            raise

    def _set_members(self, record: Record, members: list[Resource]) -> None:
        edit = MembersEdit(self.store, record, self._options)
        try:
            edit.set(members)
        except Refusal:
            edit.take_back()
            raise

    def _replace(self, collection: Collection, record: Record, resource: Resource) -> None:
        resource["id"] = record.id
        resource["meta"] = {**record.resource["meta"], "lastModified": self._now()}
        collection.replace(record, resource)

    def _after_change(self, collection: Collection, record: Record, body: AnswerBody) -> Done:
        if self._options.active_false_deletes and b'"active":false' in record.raw:
            self.store.forget(collection, record)
            return Done(204)
        return self._done(200, record, body)

    def _done(
        self, status: int, record: Record, body: AnswerBody, query: dict[str, str] | None = None
    ) -> Done:
        etag = self._etag(record) if self._options.etag else ""
        location = self._location(record.home, record.id)
        if body is AnswerBody.BODY:
            return Done(status, self.rendering.show(record, query), location, etag)
        return Done(204 if body is AnswerBody.NO_CONTENT else status, None, location, etag)

    def _location(self, home: str, resource_id: str) -> str:
        return f"{self._base}/{home}/{resource_id}"

    def _etag(self, record: Record) -> str:
        return f'W/"{record.version}"'

    def _now(self) -> str:
        second = int(self._wall())
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        return self._stamp
