"""Importing users and groups from CSV files.

A line is created if its name (compared without case) is new, else updated; the column `action` (add, update, delete)
narrows that. A column that the file has not is left alone; an empty cell clears its attribute, except `active`. Values
are data: nothing is ever evaluated.

Users: `groups` (separated by semicolons) puts the user into groups that exist, and takes them out of none. `manager` is
a user name or an id, also of another line of the file. Groups: `members` (user names, separated by semicolons) come in,
and nobody is taken out; `parent` is a group, also of another line, that this one is put into.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from uuid import UUID

from provisor.audit.actor import Actor
from provisor.directory.bulk import create_users, replace_users
from provisor.directory.changes import change
from provisor.directory.csv_apply import LineImport
from provisor.directory.csv_columns import (
    DISPLAY_NAME,
    GROUP_COLUMNS,
    USER_COLUMNS,
    USER_NAME,
    custom_columns,
    read_header,
)
from provisor.directory.csv_file import read_table
from provisor.directory.csv_groups import GroupPlan, PlannedGroup
from provisor.directory.csv_plan import Outcome
from provisor.directory.csv_report import FileRefused, Progress, Refused, Report
from provisor.directory.csv_users import PlannedUser, UserPlan, managers_first
from provisor.directory.groups import create_group, delete_group, update_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import CustomAttribute
from provisor.directory.queries import users
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.users import delete_user

__all__ = ["FileRefused", "Refused", "Report", "import_groups", "import_users"]


def import_users(
    data: bytes,
    *,
    actor: Actor,
    dry_run: bool = False,
    all_or_nothing: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import users; return what was done, or with `dry_run` what would be.

    A refused line holds up no other, unless `all_or_nothing`. `progress` is called with the lines that are settled and
    all lines. Raises `FileRefused`: the file cannot be read, or a column is unknown; nothing was written then.
    """
    table = read_table(data)
    known = [*USER_COLUMNS, *custom_columns(CustomAttribute.ResourceType.USER)]
    columns = read_header(table.header, known, USER_NAME)
    with change() if all_or_nothing and not dry_run else nullcontext():
        plan = UserPlan(columns, table.rows)
        plan.refused += table.refused
        work = _UserImport(
            plan, actor=actor, dry_run=dry_run, all_or_nothing=all_or_nothing, progress=progress
        )
        return work.run()


def import_groups(
    data: bytes,
    *,
    actor: Actor,
    dry_run: bool = False,
    all_or_nothing: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Import groups; as `import_users`."""
    table = read_table(data)
    known = [*GROUP_COLUMNS, *custom_columns(CustomAttribute.ResourceType.GROUP)]
    columns = read_header(table.header, known, DISPLAY_NAME)
    with change() if all_or_nothing and not dry_run else nullcontext():
        plan = GroupPlan(columns, table.rows)
        plan.refused += table.refused
        work = _GroupImport(
            plan, actor=actor, dry_run=dry_run, all_or_nothing=all_or_nothing, progress=progress
        )
        return work.run()


class _UserImport(LineImport[PlannedUser]):
    """Users: first they exist, then they refer to one another, then they join, and those to delete go last."""

    def apply(self) -> None:
        fresh = managers_first(self.of(Outcome.CREATED))
        self.in_runs(fresh, self._create)
        self.in_runs([one for one in fresh if one.late_manager], self._set_managers, settles=False)
        self.in_runs(self.of(Outcome.UPDATED), self._update)
        self._join()
        self.in_runs(self.of(Outcome.DELETED), self.one_by_one(self._delete))

    def _create(self, run: Sequence[PlannedUser]) -> None:
        documents = [planned.first_document() for planned in run]
        outcome = create_users(documents, actor=self.actor, ids=[planned.id for planned in run])
        self.refuse((run[index], refusal) for index, refusal in outcome.refused)

    def _update(self, run: Sequence[PlannedUser]) -> None:
        changes = [(planned.user, planned.document) for planned in run if planned.user]
        refused = replace_users(changes, actor=self.actor)
        self.refuse((run[index], refusal) for index, refusal in refused)

    def _set_managers(self, run: Sequence[PlannedUser]) -> None:
        found = {user.id: user for user in users().filter(id__in=[planned.id for planned in run])}
        ready = [planned for planned in run if planned.id in found]
        refused = replace_users([(found[one.id], one.document) for one in ready], actor=self.actor)
        self.refuse((ready[index], refusal) for index, refusal in refused)

    def _join(self) -> None:
        joining: dict[UUID, list[PlannedUser]] = {}
        for planned in self.of(Outcome.CREATED, Outcome.UPDATED):
            for group_id in planned.joins:
                joining.setdefault(group_id, []).append(planned)
        for group_id, joiners in joining.items():
            self.in_runs(joiners, partial(self._admit, group_id), settles=False)

    def _admit(self, group_id: UUID, run: Sequence[PlannedUser]) -> None:
        try:
            add_members(group_id, [planned.id for planned in run], actor=self.actor)
        except DirectoryRefusal as refusal:
            self.refuse((planned, refusal) for planned in run)

    def _delete(self, planned: PlannedUser) -> None:
        delete_user(planned.id, actor=self.actor)


class _GroupImport(LineImport[PlannedGroup]):
    """Groups: first they exist with their members, then they take one another in, and those to delete go last."""

    def apply(self) -> None:
        self.in_runs(self.of(Outcome.CREATED), self.one_by_one(self._create))
        self.in_runs(self.of(Outcome.UPDATED), self.one_by_one(self._update))
        inside = [planned for planned in self.of(Outcome.CREATED, Outcome.UPDATED) if planned.parent]
        self.in_runs(inside, self.one_by_one(self._nest), settles=False)
        self.in_runs(self.of(Outcome.DELETED), self.one_by_one(self._delete))

    def _create(self, planned: PlannedGroup) -> None:
        planned.id = create_group(planned.name, actor=self.actor, resource=planned.document).id
        add_members(planned.id, planned.joins, actor=self.actor)

    def _update(self, planned: PlannedGroup) -> None:
        if planned.group is not None and not planned.group.is_everyone:
            update_group(
                planned.id, actor=self.actor, resource=planned.document, version=planned.group.version
            )
            add_members(planned.id, planned.joins, actor=self.actor)

    def _nest(self, planned: PlannedGroup) -> None:
        if planned.parent is not None:
            nest(planned.parent.id, planned.id, actor=self.actor)

    def _delete(self, planned: PlannedGroup) -> None:
        delete_group(planned.id, actor=self.actor)
