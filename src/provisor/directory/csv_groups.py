"""Planning an import of groups, by reading only; a dry run ends here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from provisor.directory import names
from provisor.directory.csv_columns import DISPLAY_NAME, MEMBERS, PARENT, Column, put, split
from provisor.directory.csv_file import Row
from provisor.directory.csv_plan import LinePlan, PlannedLine, by_key, by_text
from provisor.directory.csv_users import present_members
from provisor.directory.documents import differences
from provisor.directory.everyone import refuse_everyone
from provisor.directory.models import Group, Nesting, User
from provisor.directory.queries import groups, users
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.schema import ResourceSchema, group_schema, normalise
from provisor.directory.values import shown
from provisor.scim.resource import copied


@dataclass(slots=True, kw_only=True)
class PlannedGroup(PlannedLine):
    """One line of a file of groups."""

    #: The group as read, if there is one.
    group: Group | None = None
    #: Users who are to join, and are not in it.
    joins: list[UUID] = field(default_factory=list)
    #: The line that makes the group around this one, or the group itself if it is there; None: it stays where it is.
    parent: "PlannedGroup | Group | None" = None


class GroupPlan(LinePlan[PlannedGroup]):
    """What each line of a file of groups does."""

    noun = "group"

    def __init__(self, columns: list[Column], rows: Iterable[Row]) -> None:
        super().__init__(columns, DISPLAY_NAME)
        self.inside: dict[UUID, set[UUID]] = {}
        self.read(rows, PlannedGroup)
        self._look_up()
        self.each(self.lines.values(), lambda planned: self.check_action(planned, _was_there))
        schema = group_schema()
        self.each(self.kept(), lambda planned: self._write(planned, schema))
        self._plan_members()
        if PARENT in columns:
            self._plan_parents()
        self.each(self.lines.values(), self._decide)

    def _look_up(self) -> None:
        for key, group in by_key(list(self.lines), "display_name_key", groups().filter).items():
            planned = self.lines[key]
            planned.group, planned.id, planned.exists = group, group.id, True

    def _write(self, planned: PlannedGroup, schema: ResourceSchema) -> None:
        document = copied(planned.group.resource) if planned.group else {}
        for column in self.columns:
            if column.path:
                put(document, column, planned.cells[column.name])
        planned.document = normalise(document, schema)

    def _plan_members(self) -> None:
        wanted = {text for planned in self.kept() for text in split(planned.cells.get(MEMBERS.name, ""))}
        if wanted:
            found = by_text(wanted, "user_name_key", users().filter)
            user_ids = list({user.id for user in found.values()})
            present = present_members([one.id for one in self.kept() if one.exists], user_ids)
            self.each(self.kept(), lambda planned: _join(planned, found, present))

    def _plan_parents(self) -> None:
        texts = {planned.cells[PARENT.name].strip() for planned in self.kept()} - {""}
        found = by_text(texts, "display_name_key", groups().filter)
        before = -1
        # A line that is refused takes with it those whose parent it would have created, and so on.
        while before != len(self.lines):
            before = len(self.lines)
            self.inside = _nestings()
            self.each(self.kept(), lambda planned: self._set_parent(planned, found))

    def _set_parent(self, planned: PlannedGroup, found: dict[str, Group]) -> None:
        text = planned.cells[PARENT.name].strip()
        planned.parent = None
        if not text:
            return
        parent = self._parent(text, found)
        if planned.id in self.inside.get(parent.id, ()):
            return
        if parent.id in _below(planned.id, self.inside):
            raise DirectoryRefusal(
                PARENT.name,
                f"{shown(planned.name)} cannot go into {shown(text)}, which is inside it, or would be by this file.",
            )
        self.inside.setdefault(parent.id, set()).add(planned.id)
        planned.parent = parent

    def _parent(self, text: str, found: dict[str, Group]) -> "PlannedGroup | Group":
        line = self.lines.get(names.fold(text))
        parent = line.group or line if line is not None and line.action != "delete" else None
        if parent is None and line is None:
            parent = found.get(text)
        if parent is None:
            raise DirectoryRefusal(
                PARENT.name, f"There is no group {shown(text)}, nor a line that can be imported and makes it."
            )
        if isinstance(parent, Group):
            refuse_everyone(parent, "put into a group, or take one in")
        return parent

    def _decide(self, planned: PlannedGroup) -> None:
        group = planned.group
        changes = group is not None and any(differences(group.resource, planned.document))
        if group is not None and (changes or planned.parent or planned.action == "delete"):
            refuse_everyone(group, "changed or deleted")
        self.decide(planned, changes=changes or bool(planned.joins) or planned.parent is not None)


def _join(planned: PlannedGroup, found: dict[str, User], present: set[tuple[UUID, UUID]]) -> None:
    texts = split(planned.cells[MEMBERS.name])
    unknown = [text for text in texts if text not in found]
    if unknown:
        raise DirectoryRefusal(
            MEMBERS.name,
            f"There is no user {shown(unknown[0])}. Create the user first, or import the users first.",
        )
    if planned.group is not None and planned.group.is_everyone:
        return
    ids = dict.fromkeys(found[text].id for text in texts)
    planned.joins = [one for one in ids if (planned.id, one) not in present]


def _was_there(key: str) -> bool:
    return Group.objects.filter(display_name_key=key).exists()


def _nestings() -> dict[UUID, set[UUID]]:
    inside: dict[UUID, set[UUID]] = {}
    for parent_id, child_id in Nesting.objects.values_list("parent_id", "child_id"):
        inside.setdefault(parent_id, set()).add(child_id)
    return inside


def _below(group_id: UUID, inside: dict[UUID, set[UUID]]) -> set[UUID]:
    found: set[UUID] = set()
    todo = [group_id]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += inside.get(one, ())
    return found
