"""What came of a work, as its page shows it."""

from collections.abc import Iterable, Sequence
from typing import Any

#: Rows that a result keeps; how many there were is said beside them.
MOST_ROWS = 500


def result(
    sentence: str,
    *,
    links: Iterable[tuple[str, str]] = (),
    header: Sequence[str] = (),
    rows: Sequence[Sequence[Any]] = (),
    caption: str = "",
) -> dict[str, Any]:
    """Return a result: a sentence, links to go on with (label, address), and a table for what needs a look.

    Of the rows the first `MOST_ROWS` are kept; `row_count` says how many there were.
    """
    return {
        "sentence": sentence,
        "links": [{"label": label, "address": address} for label, address in links],
        "caption": caption,
        "header": list(header),
        "rows": [list(row) for row in rows[:MOST_ROWS]],
        "row_count": len(rows),
    }
