"""What an import did, line by line where it did not."""

from collections.abc import Callable
from dataclasses import dataclass, field

from provisor.directory.refusal import DirectoryRefusal, RefusalKind

#: Called with the lines that are settled, and all lines.
Progress = Callable[[int, int], None]


class FileRefused(DirectoryRefusal):
    """The file as a whole cannot be read; nothing was written. `line` is where it was noticed (1 is the first)."""

    def __init__(self, reason: str, hint: str, *, line: int = 1) -> None:
        super().__init__("file", f"{reason} {hint}", RefusalKind.INVALID)
        self.line = line
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A line that was left out: its number in the file (the header is usually 1), why, and what to do."""

    line: int
    reason: str
    hint: str


@dataclass(slots=True, kw_only=True)
class Report:
    """How many users or groups were created, updated, deleted, found as they should be, and which lines refused.

    For a dry run: what would have been. With all-or-nothing and any refused line, nothing was done and the counts
    are zero.
    """

    dry_run: bool
    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
