"""Reading a whole list: by index (RFC 7644, 3.4.2.4) or cursor (RFC 9865), believing nothing it says of itself.

What a server says of a list is often wrong: totalResults equal to the size of the page, startIndex ignored,
pages shorter than asked for, the same resource twice. So a list is read until a page is empty or brings nothing
new, and it is *complete* only if nothing contradicts that everything was seen.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from provisor.scim.answers import Listing

Query = tuple[tuple[str, str], ...]
Fetch = Callable[[Query], Awaitable[Listing]]

#: Most pages of one list. Only a list without end has more.
PAGES_MAX: Final = 100_000
#: Longest cursor that is sent back, in characters.
_CURSOR_MAX: Final = 4096
#: Pages in a row that may bring nothing new while the cursor goes on: RFC 9865 allows empty pages.
_IDLE_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a list was read: from here another reading goes on, with what the first one has seen counted."""

    received: int = 0
    distinct: int = 0
    anonymous: int = 0
    total: int | None = None
    #: The cursor of the next page; empty at the beginning, and where the list is read by index.
    cursor: str = ""


BEGINNING: Final = Position()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Resources that no earlier page of this list held.

    `total` is what the server claims, None when it claims nothing. `complete` is true only on the last
    page, and only if everything was seen: then, and only then, a missing resource is really absent.
    `position` is where the next page begins.
    """

    resources: tuple[dict[str, Any], ...]
    total: int | None
    complete: bool
    position: Position = BEGINNING


@dataclass(slots=True)
class _Reading:
    """What has been seen of one list so far."""

    seen: set[str] = field(default_factory=set)
    received: int = 0
    anonymous: int = 0
    total: int | None = None
    repeated: bool = False
    #: Resources that an earlier reading has seen, which is continued here.
    before: int = 0

    def take(self, listing: Listing) -> tuple[dict[str, Any], ...]:
        """The resources that are new. The largest total that was ever claimed is kept."""
        self.received += listing.received
        self.anonymous += listing.received - len(listing.resources)
        if listing.total is not None:
            self.total = max(listing.total, self.total or 0)
        return tuple(item for item in listing.resources if self._is_new(item))

    def _is_new(self, item: dict[str, Any]) -> bool:
        identity = item.get("id")
        if not isinstance(identity, str | int) or identity == "":
            self.anonymous += 1
            return False
        key = str(identity)
        if key in self.seen:
            self.repeated = True
            return False
        self.seen.add(key)
        return True

    def is_whole(self) -> bool:
        """Nothing contradicts that everything was seen: all had ids, and as many as were claimed."""
        return not self.anonymous and (self.total is None or self.distinct >= self.total)

    @property
    def distinct(self) -> int:
        return self.before + len(self.seen)

    def page(
        self, resources: tuple[dict[str, Any], ...], *, complete: bool = False, cursor: str = ""
    ) -> Page:
        position = Position(
            received=self.received,
            distinct=self.distinct,
            anonymous=self.anonymous,
            total=self.total,
            cursor=cursor,
        )
        return Page(resources=resources, total=self.total, complete=complete, position=position)


async def read_pages(
    fetch: Fetch, *, paging: str, size: int, pages_max: int = PAGES_MAX, after: Position = BEGINNING
) -> AsyncIterator[Page]:
    """The pages of a list. `paging` is the dialect's: index, cursor or none; `size` is asked for per page.

    `after` is where an earlier reading ended. Raises what `fetch` raises; then nothing is known to be complete.
    """
    reading = _Reading(
        before=after.distinct, received=after.received, anonymous=after.anonymous, total=after.total
    )
    if paging == "none":
        resources = reading.take(await fetch(()))
        yield reading.page(resources, complete=reading.is_whole() and not reading.repeated)
    elif paging == "cursor" and (after.cursor or not after.received):
        async for page in _by_cursor(fetch, reading, size, pages_max, after.cursor):
            yield page
    else:
        async for page in _by_index(fetch, reading, size, pages_max):
            yield page


async def _by_index(fetch: Fetch, reading: _Reading, size: int, pages_max: int) -> AsyncIterator[Page]:
    for _ in range(pages_max):
        start = reading.received + 1
        listing = await fetch((("startIndex", str(start)), ("count", str(size))))
        resources = reading.take(listing)
        if not listing.received:
            yield reading.page((), complete=reading.is_whole())
            return
        if not resources:
            yield reading.page((), complete=await _is_whole_despite_repetition(fetch, reading))
            return
        yield reading.page(resources)
    yield reading.page(())


async def _is_whole_despite_repetition(fetch: Fetch, reading: _Reading) -> bool:
    """Whether a server that goes on to list what it has listed has listed everything.

    It is so for servers that ignore startIndex, if their total is true. A total that only repeats the size
    of the page is found out by asking for a page of another size.
    """
    if reading.total is None or not reading.is_whole():
        return False
    if reading.total <= 1:
        return True
    listing = await fetch((("startIndex", "1"), ("count", str(reading.total // 2))))
    return listing.total == reading.total


async def _by_cursor(
    fetch: Fetch, reading: _Reading, size: int, pages_max: int, cursor: str
) -> AsyncIterator[Page]:
    begun, used, idle = bool(cursor), {cursor}, 0
    for number in range(pages_max):
        listing = await fetch((("cursor", cursor), ("count", str(size))))
        resources = reading.take(listing)
        cursor = listing.next_cursor
        if not cursor:
            if number == 0 and not begun and not _is_single_page(listing, size):
                break
            yield reading.page(resources, complete=reading.is_whole())
            return
        idle = 0 if resources else idle + 1
        if cursor in used or len(cursor) > _CURSOR_MAX or idle > _IDLE_MAX:
            yield reading.page(resources)
            return
        used.add(cursor)
        yield reading.page(resources, cursor=cursor)
    else:
        yield reading.page(())
        return
    # The server knows no cursors: it has answered the way it answers an index, or may have.
    yield reading.page(resources)
    async for page in _by_index(fetch, reading, size, pages_max):
        yield page


def _is_single_page(listing: Listing, size: int) -> bool:
    """Whether a first page without a cursor to go on is all there is."""
    return listing.received < size if listing.total is None else listing.received >= listing.total
