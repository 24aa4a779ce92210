"""How much may be taken away before a person is asked (R10)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.planning.allowance import WINDOW, allowance, crosses


@pytest.mark.parametrize(
    ("brake", "live", "expected"),
    [
        ({}, 0, 5),
        ({}, 99, 5),
        ({}, 100, 5),
        ({}, 120, 6),
        ({}, 10_000, 500),
        ({"count": None, "percent": None}, 1_000, 50),
        ({"count": 0, "percent": 0}, 1_000, 0),
        ({"count": 20, "percent": 1}, 1_000, 20),
        ({"count": 1, "percent": 2.5}, 1_000, 25),
    ],
)
def test_r10_the_budget_is_the_larger_of_a_count_and_a_part(
    brake: dict[str, float], live: int, expected: int
) -> None:
    """Five or five percent, unless the administrator has set them; zero is a setting."""
    assert allowance(brake, live) == expected


@pytest.mark.parametrize(
    ("executed", "pending", "crossed"),
    [(0, 0, False), (0, 5, False), (0, 6, True), (5, 0, False), (5, 1, True), (9, 0, False), (3, 2, False)],
)
def test_r10_executed_and_pending_count_together(executed: int, pending: int, crossed: bool) -> None:
    """A budget that is used up holds the next one; nothing pending is never held."""
    assert crosses(executed=executed, pending=pending, allowed=5) is crossed


@given(st.lists(st.integers(min_value=0, max_value=20), max_size=30), st.integers(min_value=0, max_value=20))
def test_r10_drips_never_pass_the_budget(batches: list[int], allowed: int) -> None:
    """However leavers are cut into batches, no more than the allowance is executed within the window."""
    executed = 0
    for pending in batches:
        if not crosses(executed=executed, pending=pending, allowed=allowed):
            executed += pending
    assert executed <= allowed


def test_r10_the_window_is_a_day() -> None:
    """Milliseconds."""
    assert WINDOW == 86_400_000
