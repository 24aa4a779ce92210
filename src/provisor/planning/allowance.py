"""How much may be taken away before a person is asked (R10): pure arithmetic."""

from collections.abc import Mapping
from typing import Any

DEFAULT_COUNT = 5
DEFAULT_PERCENT = 5.0

#: The window over which the brake counts, in milliseconds: 24 hours, rolling, so that nothing drips past it.
WINDOW = 24 * 3_600_000


def allowance(brake: Mapping[str, Any], live: int) -> int:
    """Return how many destructive operations may go through in the window: max(count, percent of what is live)."""
    count = brake.get("count")
    percent = brake.get("percent")
    count = DEFAULT_COUNT if count is None else int(count)
    percent = DEFAULT_PERCENT if percent is None else float(percent)
    return max(count, int(live * percent / 100))


def crosses(*, executed: int, pending: int, allowed: int) -> bool:
    """Tell whether the pending batch would cross the budget; it is then held as a whole, not cut at the limit."""
    return pending > 0 and executed + pending > allowed
