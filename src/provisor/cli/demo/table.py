"""The table of what happened in the application, stage by stage, as the server itself shows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.box import ROUNDED
from rich.table import Table
from rich.text import Text

from provisor.cli.demo.snapshot import Happened
from provisor.cli.requests_sent import Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the story: what the server shows, what it cost."""

    name: str
    happened: Happened
    sent: Sent
    seconds: float


#: Row, style when there is any, and how to read it from a stage.
_ROWS: Final[tuple[tuple[str, str, Callable[[Stage], int]], ...]] = (
    ("accounts created", "green", lambda stage: stage.happened.created),
    ("accounts updated", "yellow", lambda stage: stage.happened.updated),
    ("accounts deactivated", "red", lambda stage: stage.happened.deactivated),
    ("accounts deleted", "red", lambda stage: stage.happened.deleted),
    ("groups created", "green", lambda stage: stage.happened.groups_created),
    ("groups renamed", "yellow", lambda stage: stage.happened.groups_updated),
    ("groups deleted", "red", lambda stage: stage.happened.groups_deleted),
    ("members added", "green", lambda stage: stage.happened.members_added),
    ("members removed", "red", lambda stage: stage.happened.members_removed),
)
_COSTS: Final[tuple[tuple[str, Callable[[Stage], str]], ...]] = (
    ("requests", lambda stage: f"{stage.sent.requests:,}"),
    ("of them writing", lambda stage: f"{stage.sent.writes:,}"),
    ("seconds", lambda stage: f"{stage.seconds:.1f}"),
)


def stage_table(stages: Sequence[Stage]) -> Table:
    """A column for each stage."""
    table = Table(
        title="What happened in the application (read back from the server)",
        title_style="bold",
        title_justify="left",
        box=ROUNDED,
        border_style="bright_black",
        header_style="bold",
    )
    table.add_column("")
    for stage in stages:
        table.add_column(stage.name, justify="right", min_width=10)
    last = len(_ROWS) - 1
    for place, (name, style, read) in enumerate(_ROWS):
        table.add_row(name, *(_number(read(stage), style) for stage in stages), end_section=place == last)
    for name, write in _COSTS:
        table.add_row(name, *(Text(write(stage), "bold") for stage in stages))
    return table


def _number(number: int, style: str) -> Text:
    return Text(f"{number:,}", style) if number else Text("·", "bright_black")
