"""Membership of groups: added and removed as deltas, taken back as a whole when an operation is refused."""

from typing import Any

from tests.lab.answers import Refusal
from tests.lab.draft import member_elements
from tests.lab.filters import Filter
from tests.lab.options import LabOptions, MemberRemoval
from tests.lab.patching import Operation
from tests.lab.store import Record, Resource, Store


class MembersEdit:
    """Changes to one group's members, with a memory of what was there."""

    def __init__(self, store: Store, group: Record, options: LabOptions) -> None:
        self._store = store
        self._group = group
        self._options = options
        self._undo: list[tuple[str, Resource | None]] = []

    def apply(self, operations: list[Operation]) -> None:
        """Apply all operations or none; raises Refusal 400."""
        try:
            check_number(sum(_named(operation) for operation in operations), self._options)
            for operation in operations:
                self._apply_one(operation)
        except Refusal:
            self.take_back()
            raise

    def set(self, elements: list[Resource]) -> None:
        """Make these the only members."""
        wanted = {element["value"] for element in elements}
        self._remove([member_id for member_id in self._group.members if member_id not in wanted])
        self._add(elements)

    def take_back(self) -> None:
        """Undo what this edit has done."""
        for member_id, element in reversed(self._undo):
            self._store.part(self._group, member_id)
            if element is not None:
                self._store.join(self._group, element)
        self._undo.clear()

    def _apply_one(self, operation: Operation) -> None:
        assert operation.target is not None
        if operation.verb == "remove":
            self._remove(self._to_remove(operation, operation.target.filter))
        elif operation.target.filter is not None:
            raise Refusal(400, "Members cannot be changed, only added and removed.", "mutability")
        elif operation.verb == "replace":
            self.set(member_elements(operation.value or []))
        else:
            self._add(member_elements(operation.value))

    def _add(self, elements: list[Resource]) -> None:
        for element in elements:
            member_id = element["value"]
            if self._options.members_must_exist and not self._store.member_exists(member_id):
                raise Refusal(400, f'There is no user or group "{member_id}".', "invalidValue")
            self._undo.append((member_id, self._group.members.get(member_id)))
            kept = {name: value for name, value in element.items() if value is not None}
            self._store.join(self._group, kept)

    def _remove(self, member_ids: list[str]) -> None:
        for member_id in member_ids:
            element = self._store.part(self._group, member_id)
            if element is not None:
                self._undo.append((member_id, element))
            elif self._options.absent_member_refused:
                raise Refusal(400, f'"{member_id}" is no member.', "noTarget")

    def _to_remove(self, operation: Operation, wanted: Filter | None) -> list[str]:
        how = self._options.member_removal
        if wanted is not None:
            if how is MemberRemoval.VALUE:
                raise Refusal(400, "Members are removed by a list of values.", "invalidPath")
            return self._matching(wanted)
        if operation.value is None or how is MemberRemoval.EVERYONE:
            return list(self._group.members)
        if how is MemberRemoval.FILTER:
            raise Refusal(400, "A remove operation has no value.", "invalidValue")
        return [element["value"] for element in member_elements(operation.value)]

    def _matching(self, wanted: Filter) -> list[str]:
        equality = wanted.equality
        if equality is not None and equality.where.attribute == "value":
            found = self._group.members.get(equality.value)
            if found is None:
                return [equality.value] if self._options.absent_member_refused else []
            return [equality.value] if wanted.matches(found) else []
        return [member_id for member_id, element in self._group.members.items() if wanted.matches(element)]


def check_number(count: int, options: LabOptions) -> None:
    """Refuse more members in one request than the target takes."""
    limit = options.members_per_request
    if limit and count > limit:
        raise Refusal(
            400, f"{count} members in one request are too many, {limit} is the limit.", "invalidValue"
        )


def _named(operation: Operation) -> int:
    assert operation.target is not None
    if operation.target.filter is not None:
        return 1
    value: Any = operation.value
    return len(value) if isinstance(value, list) else int(value is not None)
