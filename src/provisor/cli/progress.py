"""Progress: a live bar in a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from provisor.cli.screen import remarks

#: Called with how many are done, and how many there are.
Advance = Callable[[int, int], None]
#: Plain lines are written at each of so many equal steps.
_STEPS = 10


@contextmanager
def progress(what: str, unit: str) -> Iterator[Advance]:
    """Show the progress of some work, on standard error. `unit` is what is counted, such as "links"."""
    console = remarks()
    if console.is_terminal:
        with _bar(console, what, unit) as advance:
            yield advance
    else:
        yield _PlainLines(console, what, unit)


@contextmanager
def _bar(console: Console, what: str, unit: str) -> Iterator[Advance]:
    from rich import progress as bars

    columns = (
        bars.TextColumn("  {task.description}", markup=False),
        bars.BarColumn(bar_width=36, complete_style="cyan", finished_style="green"),
        bars.TextColumn("{task.completed:>6,.0f} / {task.total:,.0f} " + unit, markup=False),
        bars.TimeElapsedColumn(),
    )
    with bars.Progress(*columns, console=console, transient=False) as bar:
        task = bar.add_task(what, total=0)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _PlainLines:
    """A line at each tenth of the way; nothing for a state that was told already."""

    def __init__(self, console: Console, what: str, unit: str) -> None:
        self._console, self._what, self._unit = console, what, unit
        self._told = -1

    def __call__(self, done: int, total: int) -> None:
        step = _STEPS * done // total if total else 0
        if total and step > self._told:
            self._told = step
            self._console.print(f"{self._what}: {done:,} of {total:,} {self._unit}")
