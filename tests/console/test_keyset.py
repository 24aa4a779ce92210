"""Pages by keyset: every row once, forward and back, whatever the marks say."""

import pytest
from django.test import RequestFactory

from provisor.console.keyset import Page, page_of
from provisor.directory.models import User
from tests.console.conftest import user

BY = ("display_name", "id")


@pytest.fixture
def people(db: None) -> list[str]:
    """Seven people, of whom some share a display name."""
    for number in range(7):
        made = user(f"user{number}")
        made.display_name = f"name {number // 3}"
        made.save()
    return list(User.objects.order_by(*BY).values_list("user_name", flat=True))


def _page(rows: int = 3, by: tuple[str, ...] = BY, **parameters: str) -> Page:
    return page_of(User.objects.all(), RequestFactory().get("/", parameters), *by, rows=rows)


def _names(page: Page) -> list[str]:
    return [row.user_name for row in page.rows]


def test_walking_forward_meets_everybody_once(people: list[str]):
    page, met = _page(), []
    while True:
        met += _names(page)
        if not page.after:
            break
        page = _page(after=page.after)
    assert met == people


def test_walking_back_shows_the_same_pages(people: list[str]):
    first = _page()
    second = _page(after=first.after)
    back = _page(before=second.before)
    assert _names(back) == _names(first)
    assert back.before == ""
    assert _names(_page(after=back.after)) == _names(second)


def test_a_falling_order_walks_the_other_way(people: list[str]):
    falling = ("-display_name", "-id")
    first = _page(by=falling)
    assert _names(first) + _names(_page(by=falling, after=first.after)) == people[::-1][:6]


def test_one_page_has_no_neighbours(people: list[str]):
    page = _page(rows=7)
    assert (page.before, page.after) == ("", "")


@pytest.mark.parametrize(
    "mark", ["x", "W10", "WzFd", "eyJhIjoxfQ", "WyJ4IiwieSJd", "%00", "WzEsWzJdXQ", "WzFlOTk5LDFlOTk5XQ"]
)
def test_a_mark_that_cannot_be_read_shows_the_first_page(people: list[str], mark: str):
    assert _names(_page(after=mark)) == people[:3]


def test_a_page_is_one_query_however_far(people: list[str], django_assert_num_queries):
    mark = _page().after
    with django_assert_num_queries(1):
        _page(after=mark)
