"""Planning an import of users: what each line would do, found by reading only. A dry run ends here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from provisor.directory import names
from provisor.directory.csv_columns import GROUPS, MANAGER, USER_NAME, Column, put, split
from provisor.directory.csv_file import Row
from provisor.directory.csv_plan import LinePlan, PlannedLine, by_key, by_text
from provisor.directory.documents import differences, set_manager
from provisor.directory.models import Group, Membership, User
from provisor.directory.queries import groups, users
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.schema import ResourceSchema, normalise, user_schema
from provisor.directory.statements import batches
from provisor.directory.values import shown
from provisor.scim.resource import copied


@dataclass(slots=True, kw_only=True)
class PlannedUser(PlannedLine):
    """One line of a file of users."""

    #: The user as read, if there is one.
    user: User | None = None
    #: Groups that the user is to join, and is not in.
    joins: list[UUID] = field(default_factory=list)
    #: Key of the line that creates the manager, if one does.
    manager_key: str = ""
    #: That line cannot come before this one: their managers go round in a circle.
    late_manager: bool = False

    def first_document(self) -> dict[str, Any]:
        """Return the document to create the user with: a late manager is written once both are there."""
        return set_manager(self.document, None) if self.late_manager else copied(self.document)


class UserPlan(LinePlan[PlannedUser]):
    """What each line of a file of users does."""

    noun = "user"

    def __init__(self, columns: list[Column], rows: Iterable[Row]) -> None:
        super().__init__(columns, USER_NAME)
        self.read(rows, PlannedUser)
        self._look_up()
        self.each(self.lines.values(), lambda planned: self.check_action(planned, _was_there))
        schema = user_schema()
        self.each(self.kept(), lambda planned: self._write(planned, schema))
        self._plan_groups()
        if MANAGER in columns:
            self._plan_managers()
        self.each(self.lines.values(), lambda planned: self.decide(planned, changes=_changes(planned)))

    def _look_up(self) -> None:
        for key, user in by_key(list(self.lines), "user_name_key", users().filter).items():
            planned = self.lines[key]
            planned.user, planned.id, planned.exists = user, user.id, True

    def _write(self, planned: PlannedUser, schema: ResourceSchema) -> None:
        document = copied(planned.user.resource) if planned.user else {}
        for column in self.columns:
            if column.path:
                put(document, column, planned.cells[column.name])
        planned.document = normalise(document, schema)
        if planned.user is not None:
            planned.document.setdefault("active", planned.user.active)

    def _plan_groups(self) -> None:
        wanted = {text for planned in self.kept() for text in split(planned.cells.get(GROUPS.name, ""))}
        if wanted:
            found = by_text(wanted, "display_name_key", groups().filter)
            group_ids = list({group.id for group in found.values()})
            present = present_members(group_ids, [planned.id for planned in self.kept() if planned.exists])
            self.each(self.kept(), lambda planned: _join(planned, found, present))

    def _plan_managers(self) -> None:
        texts = {planned.cells[MANAGER.name].strip() for planned in self.kept()} - {""}
        found = by_text(texts, "user_name_key", users().filter)
        before = -1
        # A line that is refused takes with it those whose manager it would have created, and so on.
        while before != len(self.lines):
            before = len(self.lines)
            self.each(self.kept(), lambda planned: self._set_manager(planned, found))

    def _set_manager(self, planned: PlannedUser, found: dict[str, User]) -> None:
        text = planned.cells[MANAGER.name].strip()
        line = self.lines.get(names.fold(text))
        manager_id = _manager_id(text, line, found) if text else None
        if manager_id == planned.id:
            raise DirectoryRefusal(
                MANAGER.name, "A user cannot be their own manager. Leave the manager empty."
            )
        planned.manager_key = line.key if line is not None and not line.exists else ""
        planned.document = set_manager(planned.document, manager_id)


def _manager_id(text: str, line: PlannedUser | None, found: dict[str, User]) -> UUID:
    if line is not None and line.action != "delete":
        return line.id
    if line is None and text in found:
        return found[text].id
    raise DirectoryRefusal(
        MANAGER.name,
        f"The manager {shown(text)} is no user of the directory, nor of a line that can be imported. Give a user name.",
    )


def _join(planned: PlannedUser, found: dict[str, Group], present: set[tuple[UUID, UUID]]) -> None:
    for text in split(planned.cells[GROUPS.name]):
        group = found.get(text)
        if group is None:
            raise DirectoryRefusal(
                GROUPS.name, f"There is no group {shown(text)}. Create it first, or import the groups first."
            )
        if not group.is_everyone and (group.id, planned.id) not in present and group.id not in planned.joins:
            planned.joins.append(group.id)


def _was_there(key: str) -> bool:
    return User.objects.filter(user_name_key=key).exists()


def _changes(planned: PlannedUser) -> bool:
    if planned.user is None or planned.action == "delete":
        return False
    return any(differences(planned.user.resource, planned.document)) or bool(planned.joins)


def present_members(group_ids: list[UUID], user_ids: list[UUID]) -> set[tuple[UUID, UUID]]:
    """Return which of the users are in which of the groups, directly: (group, user)."""
    return {
        pair
        for some_groups in batches(group_ids)
        for some in batches(user_ids)
        for pair in Membership.objects.filter(user_id__in=some, group_id__in=some_groups).values_list(
            "group_id", "user_id"
        )
    }


def managers_first(lines: list[PlannedUser]) -> list[PlannedUser]:
    """Return the new users in an order in which managers come before their reports; what goes in circles is marked."""
    fresh = {planned.key: planned for planned in lines}
    placed: dict[str, PlannedUser] = {}
    for planned in lines:
        for one in reversed(_line_of_command(planned, fresh, placed)):
            one.late_manager = one.manager_key in fresh and one.manager_key not in placed
            placed[one.key] = one
    return list(placed.values())


def _line_of_command(
    planned: PlannedUser, fresh: dict[str, PlannedUser], placed: dict[str, PlannedUser]
) -> list[PlannedUser]:
    """Return the user, the manager, the manager's manager and so on, as far as they are not placed yet."""
    line: dict[str, PlannedUser] = {}
    step: PlannedUser | None = planned
    while step is not None and step.key not in placed and step.key not in line:
        line[step.key] = step
        step = fresh.get(step.manager_key)
    return list(line.values())
