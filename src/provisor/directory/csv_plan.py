"""What is common to planning an import of users and one of groups: lines that can be done, lines that are refused."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from provisor.directory import names
from provisor.directory.csv_columns import ACTION, Column
from provisor.directory.csv_file import Row
from provisor.directory.csv_report import Refused
from provisor.directory.models import Group, User
from provisor.directory.queries import as_id
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.values import shown
from provisor.identifiers import uuid7

_BATCH = 500
_Found = TypeVar("_Found", User, Group)


class Outcome(StrEnum):
    """What a line does; the words are the fields of `Report`."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    #: The directory says so already.
    UNCHANGED = "unchanged"


@dataclass(slots=True, kw_only=True)
class PlannedLine:
    """One line that can be done."""

    line: int
    name: str
    #: The name as it compares.
    key: str
    cells: dict[str, str]
    #: The id of what there is already, or the one that the new user or group will have.
    id: UUID = field(default_factory=uuid7)
    exists: bool = False
    document: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome = Outcome.UNCHANGED

    @property
    def action(self) -> str:
        """`add`, `update`, `delete`, or empty: add or update, whichever fits."""
        return self.cells.get(ACTION.name, "").strip().lower()


Planned = TypeVar("Planned", bound=PlannedLine)


class LinePlan(Generic[Planned]):
    """The lines that can be done, by key of their name, and those that are refused."""

    #: "user" or "group", for messages.
    noun: str

    def __init__(self, columns: list[Column], name: Column) -> None:
        self.columns = columns
        self.name = name
        self.lines: dict[str, Planned] = {}
        self.refused: list[Refused] = []

    def refuse(self, line: int, reason: str) -> None:
        """Note why a line is left out."""
        self.refused.append(
            Refused(line=line, reason=reason, hint="Correct the line, and import the file again.")
        )

    def read(self, rows: Iterable[Row], make: Callable[..., Planned]) -> None:
        """Take each row whose name can be one, and is in the file for the first time."""
        for row in rows:
            try:
                self._take(row, make)
            except DirectoryRefusal as refusal:
                self.refuse(row.line, refusal.reason)

    def _take(self, row: Row, make: Callable[..., Planned]) -> None:
        cells = {column.name: cell for column, cell in zip(self.columns, row.cells, strict=True)}
        name = names.clean(cells[self.name.name], self.name.name)
        key = names.fold(name)
        first = self.lines.get(key)
        if first is not None:
            raise DirectoryRefusal(
                self.name.name,
                f"The {self.noun} {shown(name)} is in line {first.line} already (as {shown(first.name)}).",
            )
        self.lines[key] = make(line=row.line, name=name, key=key, cells=cells)

    def each(self, lines: Iterable[Planned], step: Callable[[Planned], None]) -> None:
        """Do a step for each line; where it is refused, the line leaves the plan."""
        for planned in list(lines):
            try:
                step(planned)
            except DirectoryRefusal as refusal:
                self.refuse(planned.line, refusal.reason)
                del self.lines[planned.key]

    def kept(self) -> list[Planned]:
        """Return the lines that are not to delete."""
        return [planned for planned in self.lines.values() if planned.action != "delete"]

    def check_action(self, planned: Planned, was_there: Callable[[str], bool]) -> None:
        """Refuse an action that does not fit; to delete what is deleted already is no fault."""
        action, name = planned.action, f"{self.noun} {shown(planned.name)}"
        if action not in {"", "add", "update", "delete"}:
            raise DirectoryRefusal(
                ACTION.name, f'{shown(action)} is no action: write "add", "update", "delete" or nothing.'
            )
        if action == "update" and not planned.exists:
            raise DirectoryRefusal(ACTION.name, f"There is no {name} to update. Use the action add.")
        if action == "delete" and not planned.exists and not was_there(planned.key):
            raise DirectoryRefusal(ACTION.name, f"There is no {name} to delete, and there never was.")

    def decide(self, planned: Planned, *, changes: bool) -> None:
        """Set the outcome; `changes` says whether what is there differs. A second `add` may not change anything."""
        if planned.action == "delete":
            planned.outcome = Outcome.DELETED if planned.exists else Outcome.UNCHANGED
        elif not planned.exists:
            planned.outcome = Outcome.CREATED
        elif changes and planned.action == "add":
            reason = (
                f"The {self.noun} {shown(planned.name)} exists already, and differs. Use the action update."
            )
            raise DirectoryRefusal(ACTION.name, reason)
        else:
            planned.outcome = Outcome.UPDATED if changes else Outcome.UNCHANGED


def by_key(keys: list[str], column: str, select: Callable[..., Iterable[_Found]]) -> dict[str, _Found]:
    """Return what there is under the folded names, by key."""
    return {
        getattr(one, column): one
        for start in range(0, len(keys), _BATCH)
        for one in select(**{f"{column}__in": keys[start : start + _BATCH]})
    }


def by_text(texts: Iterable[str], column: str, select: Callable[..., Iterable[_Found]]) -> dict[str, _Found]:
    """Return what there is under the names or ids, by the text as it was written."""
    keys = {text: names.fold(text) for text in texts}
    named = by_key(list(set(keys.values())), column, select)
    found = {text: named[key] for text, key in keys.items() if key in named}
    for text in keys.keys() - found.keys():
        wanted = as_id(text)
        one = next(iter(select(id=wanted)), None) if wanted else None
        if one is not None:
            found[text] = one
    return found
