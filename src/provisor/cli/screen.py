"""What commands print: answers to standard output, everything else to standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.style import StyleType

#: Columns where the output is no terminal and nobody says how wide it may be.
_PLAIN_WIDTH = 120


def answers() -> Console:
    """The console for the answer. Made anew each time: tests and pipes exchange the streams."""
    return _console(stderr=False)


def remarks() -> Console:
    """The console for progress and refusals."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PLAIN_WIDTH
    # What comes from the directory or from a target is shown as text, never read as markup (R16).
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def say(*parts: str | Text) -> None:
    """Print one line of the answer, whole, however long it is."""
    answers().print(
        Text("").join(Text(part) if isinstance(part, str) else part for part in parts), soft_wrap=True
    )


def remark(sentence: str, style: "StyleType" = "") -> None:
    """Print a sentence to standard error."""
    remarks().print(Text(sentence, style=style), soft_wrap=True)


def show_json(document: Any) -> None:
    """Print a document for programs."""
    print(json.dumps(document, indent=2, ensure_ascii=False, default=str))  # noqa: T201 - this is the output


def plain_table(title: str, columns: Sequence[str], *, numbers: Iterable[str] = ()) -> Table:
    """A table in the house style; the columns in `numbers` are right-aligned."""
    from rich.box import SIMPLE_HEAD

    table = Table(
        title=title or None, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    right = set(numbers)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def show(table: Table) -> None:
    answers().print(table)
