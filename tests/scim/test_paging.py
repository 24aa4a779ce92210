"""Whole lists from servers that lie about them: nothing is called complete that was not really seen."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.answers import Listing, read_listing, read_search
from provisor.scim.errors import Refused, Unreadable
from provisor.scim.limits import TransportLimits
from provisor.scim.paging import Page, Query, read_pages
from provisor.scim.transport import Response
from tests.scim.raw_server import http, listing

Server = Callable[[dict[str, str]], Listing]


def ids(*numbers: int | str) -> list[dict]:
    return [{"id": str(number)} for number in numbers]


def found(resources: list[dict], total: int | None = None, cursor: str = "") -> Listing:
    return Listing(resources=tuple(resources), received=len(resources), total=total, next_cursor=cursor)


def true(held: int, _: int) -> int | None:
    return held


def of_page(_: int, page: int) -> int | None:
    return page


def unsaid(_: int, __: int) -> int | None:
    return None


def zero(_: int, __: int) -> int | None:
    return 0


def too_many(held: int, _: int) -> int | None:
    return held + 3


def indexed(
    held: list[dict],
    *,
    cap: int = 1000,
    total: Callable[[int, int], int | None] = true,
    ignores_start: bool = False,
    ignores_count: bool = False,
) -> Server:
    """A server with these resources and these vices. `total` gets what is held and the size of the page."""

    def answer(query: dict[str, str]) -> Listing:
        start = 1 if ignores_start else int(query.get("startIndex", "1"))
        count = cap if ignores_count else min(cap, int(query.get("count", "100")))
        page = held[start - 1 : start - 1 + count]
        return found(page, total(len(held), len(page)))

    return answer


async def read_all(server: Server, paging: str = "index", size: int = 5, **options) -> tuple[list[Page], int]:
    """All pages, and how many requests they took."""
    asked: list[dict[str, str]] = []

    async def fetch(query: Query) -> Listing:
        asked.append(dict(query))
        assert len(asked) < 200
        return server(dict(query))

    return [page async for page in read_pages(fetch, paging=paging, size=size, **options)], len(asked)


def seen(pages: list[Page]) -> list[str]:
    return [item["id"] for page in pages for item in page.resources]


TWELVE = ids(*range(1, 13))


@pytest.mark.parametrize(
    ("server", "number", "complete"),
    [
        pytest.param(indexed(TWELVE), 12, True, id="honest"),
        pytest.param(indexed(TWELVE[:5]), 5, True, id="exactly-one-page"),
        pytest.param(indexed([]), 0, True, id="empty"),
        pytest.param(indexed(TWELVE, cap=2), 12, True, id="short-pages"),
        pytest.param(indexed(TWELVE, total=of_page), 12, True, id="total-is-page-size"),
        pytest.param(indexed(TWELVE, total=unsaid), 12, True, id="no-total"),
        pytest.param(indexed(TWELVE, total=zero), 12, True, id="total-zero"),
        pytest.param(indexed(TWELVE, total=too_many), 12, False, id="total-too-large"),
        pytest.param(indexed(TWELVE, ignores_start=True), 5, False, id="ignores-start"),
        pytest.param(
            indexed(TWELVE, ignores_start=True, total=of_page),
            5,
            False,
            id="ignores-start-and-total-is-page-size",
        ),
        pytest.param(
            indexed(TWELVE, ignores_start=True, total=unsaid),
            5,
            False,
            id="ignores-start-no-total",
        ),
        pytest.param(
            indexed(TWELVE[:4], ignores_start=True), 4, True, id="ignores-start-but-all-on-one-page"
        ),
        pytest.param(indexed(TWELVE[:1], ignores_start=True), 1, True, id="ignores-start-single"),
        pytest.param(
            indexed(TWELVE, ignores_start=True, ignores_count=True), 12, True, id="ignores-all-gives-all"
        ),
        pytest.param(indexed([*TWELVE, *TWELVE[:2]]), 12, False, id="lists-two-twice"),
        pytest.param(indexed([*TWELVE, {"userName": "no id"}]), 12, False, id="one-without-id"),
        pytest.param(indexed([{"id": ""}, {"id": None}, {"id": ["x"]}]), 0, False, id="none-with-id"),
    ],
)
async def test_a_list_by_index_is_complete_only_if_everything_was_seen(
    server: Server, number: int, complete: bool
) -> None:
    """Each resource once, the verdict on the last page only, and an end in every case."""
    pages, _ = await read_all(server)
    assert len(seen(pages)) == len(set(seen(pages))) == number
    assert pages[-1].complete is complete
    assert not any(page.complete for page in pages[:-1])


async def test_an_honest_list_costs_its_pages_and_one_more() -> None:
    """The empty page at the end is the proof."""
    _, requests = await read_all(indexed(TWELVE))
    assert requests == 4


async def test_a_list_that_shrinks_while_it_is_read_is_not_complete() -> None:
    """A deletion moves the rest forward, and one is skipped."""
    held = list(TWELVE)

    def shrinking(query: dict[str, str]) -> Listing:
        answer = indexed(held)(query)
        held[0:1] = []
        return answer

    pages, _ = await read_all(shrinking)
    assert len(seen(pages)) < 12
    assert not pages[-1].complete


async def test_a_list_without_end_is_left_after_so_many_pages() -> None:
    """New ids for ever."""

    def endless(query: dict[str, str]) -> Listing:
        return found(ids(*range(int(query["startIndex"]), int(query["startIndex"]) + 5)), 10**9)

    pages, requests = await read_all(endless, pages_max=7)
    assert requests == 7
    assert not pages[-1].complete


async def test_a_server_without_paging_is_asked_once() -> None:
    """Neither startIndex nor count is sent."""
    asked: list[dict] = []

    def server(query: dict[str, str]) -> Listing:
        asked.append(query)
        return found(TWELVE, 12)

    pages, _ = await read_all(server, paging="none")
    assert asked == [{}]
    assert (len(seen(pages)), pages[-1].complete) == (12, True)
    short, _ = await read_all(lambda _: found(TWELVE[:5], 12), paging="none")
    assert not short[-1].complete


def by_cursor(held: list[dict], *, total: int | None = None, loops: bool = False) -> Server:
    """RFC 9865: the cursor is where to go on."""

    def answer(query: dict[str, str]) -> Listing:
        start = int(query["cursor"] or 0)
        end = start + int(query["count"])
        following = str(end) if end < len(held) else ("0" if loops else "")
        return found(held[start:end], total, following)

    return answer


@pytest.mark.parametrize(
    ("server", "number", "complete"),
    [
        pytest.param(by_cursor(TWELVE), 12, True, id="honest"),
        pytest.param(by_cursor(TWELVE, total=12), 12, True, id="with-total"),
        pytest.param(by_cursor(TWELVE, total=20), 12, False, id="total-too-large"),
        pytest.param(by_cursor(TWELVE[:3]), 3, True, id="one-page"),
        pytest.param(by_cursor(TWELVE[:5], total=5), 5, True, id="one-full-page"),
        pytest.param(by_cursor([]), 0, True, id="empty"),
        pytest.param(by_cursor(TWELVE, loops=True), 12, False, id="loops"),
        pytest.param(lambda _: found(TWELVE[:1], None, "x" * 5000), 1, False, id="huge-cursor"),
        pytest.param(lambda q: found([], None, q["cursor"] + "x"), 0, False, id="idle-for-ever"),
        pytest.param(indexed(TWELVE), 12, True, id="cursor-ignored-index-honoured"),
        pytest.param(indexed(TWELVE, total=unsaid), 12, True, id="cursor-ignored-no-total"),
    ],
)
async def test_a_list_by_cursor_is_complete_only_if_everything_was_seen(
    server: Server, number: int, complete: bool
) -> None:
    """Including servers that ignore the cursor and answer by index."""
    pages, _ = await read_all(server, paging="cursor")
    assert len(seen(pages)) == len(set(seen(pages))) == number
    assert pages[-1].complete is complete
    assert not any(page.complete for page in pages[:-1])


async def test_an_empty_page_with_a_cursor_does_not_end_the_list() -> None:
    """RFC 9865 allows pages without resources on the way."""
    answers = {"": found([], None, "a"), "a": found(ids(1), None, "b"), "b": found(ids(2))}
    pages, _ = await read_all(lambda query: answers[query["cursor"]], paging="cursor")
    assert (seen(pages), pages[-1].complete) == (["1", "2"], True)


@given(
    held=st.integers(0, 30),
    cap=st.integers(1, 9),
    size=st.integers(1, 9),
    ignored=st.sets(st.sampled_from(["startIndex", "count"])),
    total=st.sampled_from([true, of_page, unsaid, too_many]),
)
async def test_complete_is_never_a_lie(*, held, cap, size, ignored, total) -> None:
    """Whatever the vices, `complete` means that every resource was seen.

    Left out is the one server that cannot be told from an honest one: it gives the same page whatever is
    asked, and claims that page to be all.
    """
    page_never_varies = "count" in ignored or min(cap, size, held) <= 1
    if "startIndex" in ignored and total is of_page and page_never_varies:
        return
    server = indexed(
        ids(*range(held)),
        cap=cap,
        total=total,
        ignores_start="startIndex" in ignored,
        ignores_count="count" in ignored,
    )
    pages, _ = await read_all(server, size=size)
    assert not pages[-1].complete or len(seen(pages)) == held


def response(status: int, body: object) -> Response:
    raw = http(status, body)
    return Response(status=status, headers={}, body=raw.partition(b"\r\n\r\n")[2], milliseconds=1.0)


def parsed(body: object, status: int = 200) -> Listing:
    return read_listing(response(status, body), TransportLimits(), 0.0)


def test_a_list_is_read_leniently() -> None:
    """Case of names, null for a list, a total as text, ids as numbers, entries that are no resources."""
    assert parsed({"resources": [{"id": 5}], "totalresults": "7"}) == found(ids(5), 7)
    assert parsed({"Resources": None, "totalResults": 0}) == found([], 0)
    assert parsed({"totalResults": 0}).received == 0
    assert parsed({"Resources": [1, None, {"id": "a"}]}).received == 3
    assert parsed(listing([], -1)).total is None
    assert parsed(listing([], nextCursor=7)).next_cursor == ""


@pytest.mark.parametrize(
    "body", [{}, {"Resources": {}}, {"Resources": "x", "totalResults": 1}, [], {"id": "x"}]
)
def test_what_is_no_list_is_never_taken_for_an_empty_one(body: object) -> None:
    """No absence is concluded from an answer that says nothing."""
    with pytest.raises(Unreadable):
        parsed(body)


def test_a_404_to_a_search_is_no_hit_and_to_a_list_is_a_refusal() -> None:
    """Okta accepts a 404 as "no such user"; a web page with that status is still a wrong address."""
    none = read_search(response(404, {"detail": "not found"}), TransportLimits(), 0.0)
    assert none.resources == ()
    assert read_search(response(404, b""), TransportLimits(), 0.0).resources == ()
    with pytest.raises(Refused):
        parsed({"detail": "not found"}, 404)
    with pytest.raises(Refused):
        read_search(response(404, b"<html>nginx</html>"), TransportLimits(), 0.0)
