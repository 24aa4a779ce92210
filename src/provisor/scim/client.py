"""The client of one application: operations on users and groups, each exchange observed, paced and retold."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import quote

import orjson

from provisor.scim import discovery, paging, searching
from provisor.scim.answers import (
    Listing,
    read_any,
    read_listing,
    read_nothing,
    read_object,
    read_required,
    read_search,
)
from provisor.scim.authentication import Authentication
from provisor.scim.dialect import Dialect
from provisor.scim.discovery import Discovery
from provisor.scim.errors import NotSent, Refused, ScimFailure
from provisor.scim.filter import equality
from provisor.scim.json_body import plain_text
from provisor.scim.limits import TransportLimits
from provisor.scim.paging import BEGINNING, Page, Position
from provisor.scim.searching import Search
from provisor.scim.transport import Request, Response, encode_query

__all__ = [
    "Call",
    "Discovery",
    "Exchange",
    "Located",
    "Page",
    "Resource",
    "ScimClient",
    "Search",
    "Unsendable",
    "creation",
]

T = TypeVar("T")
Resource = dict[str, Any]
Gate = Callable[[str, str], Awaitable[None]]
Reader = Callable[[Response, TransportLimits, float], T]
Query = tuple[tuple[str, str], ...]

#: Longest id that is put into an address, in bytes.
ID_MAX: Final = 1024
#: Bytes of each body that an Exchange keeps.
KEPT_BODY: Final = 64 * 1024
_ENDPOINTS: Final = {"user": "/Users", "group": "/Groups"}
_UNAUTHORIZED: Final = 401
_DEFAULT_LIMITS: Final = TransportLimits()
#: An answer of up to so many bytes is read in about a millisecond, whatever is in it: it is not worth a question to the
#: kernel, twice for each request, how long it took.
_CHEAP: Final = 16 * 1024
#: A larger answer than this is read in a thread of its own, one after the other: the loop, and with it every other
#: application, goes on meanwhile, but for the part in which the interpreter cannot be shared (R7).
_LONG: Final = 512 * 1024
_READER: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="provisor-read")


class Unsendable(NotSent):
    """The request cannot be written down: an id or a value that no address or JSON can hold. Permanent."""

    retryable = False


class Located(dict[str, Any]):
    """A resource of which nothing is known but its id, and perhaps its version: the answer did not hold it."""


class Door(Protocol):
    """What a client needs of a transport; a simulation has one of its own."""

    async def send(self, request: Request) -> Response: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what became of it, as it is recorded. Request headers, and with them secrets, are no part.

    `path` is below the base URL, with its query. `status` is None without an answer. `milliseconds` are
    those until the answer or the failure. Bodies are cut to 64 KiB. `at` is when it was sent, in Unix
    seconds. `act` and `tag` are the caller's, given back. `reading` are the seconds of the
    processor that it took to read the answer; 0 for a small one, which cannot be dear.
    """

    method: str
    path: str
    status: int | None
    milliseconds: float
    request_body: bytes
    response_body: bytes
    failure: ScimFailure | None
    act: str
    tag: object
    at: float
    reading: float = 0.0


class ScimClient:
    """Speaks to one application.

    `gate(method, kind)` is awaited before each request leaves, so it can pace or stop; `observer` is called
    after each. `kind` is "user", "group", or "" for documents. `clock` gives Unix seconds, `timer` seconds that
    never go backwards, and `effort` the seconds for which the thread that asks has had the processor.

    All operations raise ScimFailure: see `provisor.scim.errors`. After a 401 the authentication is asked
    whether another try makes sense, and the request is sent once more.
    """

    def __init__(
        self,
        transport: Door,
        authentication: Authentication,
        dialect: Dialect,
        *,
        gate: Gate | None = None,
        observer: Callable[[Exchange], None] | None = None,
        limits: TransportLimits = _DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
        effort: Callable[[], float] = time.thread_time,
    ) -> None:
        self._transport = transport
        self._authentication = authentication
        self._dialect = dialect
        self._gate = gate
        self._observer = observer
        self._limits = limits
        self._clock = clock
        self._timer = timer
        self._effort = effort
        self._content = {"Content-Type": dialect.content_type}
        self._credentials: Mapping[str, str] = {}
        self._credentials_with_content: Mapping[str, str] = self._content

    async def get(
        self,
        kind: str,
        identity: str,
        *,
        act: str,
        tag: object = None,
        attributes: Iterable[str] = (),
        excluded: Iterable[str] = (),
    ) -> Resource:
        """One resource by its id. Its ETag is in `meta.version`."""
        call = Call("GET", kind, _path(kind, identity), act, tag, query=_chosen(attributes, excluded))
        return await self._exchange(call, read_required)

    async def search(self, kind: str, path: str, value: str, *, act: str, tag: object = None) -> Search:
        """The resources whose attribute has this value, each one checked again; a 404 is no hit."""
        query = (("filter", equality(path, value)),)
        call = Call("GET", kind, _ENDPOINTS[kind], act, tag, query=query)

        def read(response: Response, limits: TransportLimits, now: float) -> Search:
            # judged where it is read: thousands who were not asked for are dear to look at, too
            return searching.judge(read_search(response, limits, now), path, value)

        return await self._exchange(call, read)

    async def create(
        self, kind: str, body: Mapping[str, Any], *, act: str, tag: object = None
    ) -> Resource | None:
        """POST a new resource; what the application returned, None when it returned nothing."""
        return await self._exchange(creation(kind, body, act=act, tag=tag), read_object)

    async def patch(
        self,
        kind: str,
        identity: str,
        body: Mapping[str, Any],
        etag: str = "",
        *,
        act: str,
        tag: object = None,
    ) -> Resource | None:
        """PATCH a resource; with `etag` only if it is still of that version (RFC 7644, 3.14)."""
        call = Call("PATCH", kind, _path(kind, identity), act, tag, body=_written(body), etag=etag)
        return await self._exchange(call, read_object)

    async def put(
        self,
        kind: str,
        identity: str,
        body: Mapping[str, Any],
        etag: str = "",
        *,
        act: str,
        tag: object = None,
    ) -> Resource | None:
        """PUT the whole of a resource; with `etag` only if it is still of that version."""
        call = Call("PUT", kind, _path(kind, identity), act, tag, body=_written(body), etag=etag)
        return await self._exchange(call, read_object)

    async def delete(self, kind: str, identity: str, *, act: str, tag: object = None) -> None:
        """DELETE a resource. A 404 is raised like any refusal: its meaning is the caller's."""
        await self._exchange(Call("DELETE", kind, _path(kind, identity), act, tag), read_nothing)

    def pages(
        self,
        kind: str,
        *,
        act: str,
        tag: object = None,
        attributes: Iterable[str] = (),
        excluded: Iterable[str] = (),
        after: Position = BEGINNING,
    ) -> AsyncIterator[Page]:
        """The whole list, page by page: see `provisor.scim.paging` for when it counts as complete.

        `after` is the position of the last page of an earlier reading that is continued.
        """
        chosen = _chosen(attributes, excluded)

        async def fetch(query: Query) -> Listing:
            call = Call("GET", kind, _ENDPOINTS[kind], act, tag, query=query + chosen)
            return await self._exchange(call, read_listing)

        return paging.read_pages(
            fetch, paging=self._dialect.paging, size=self._dialect.page_size, after=after
        )

    async def discover(self, *, act: str = "discover", tag: object = None) -> Discovery:
        """What the application says of itself. Raises NotSent, OutcomeUnknown, and Refused with status 401."""

        async def fetch(path: str) -> Resource | list[Any]:
            return await self._exchange(Call("GET", "", path, act, tag), read_any)

        return await discovery.discover(fetch, self._dialect.config_path)

    async def _exchange(self, call: "Call", read: Reader[T]) -> T:
        try:
            return await self._attempt(call, read)
        except Refused as refusal:
            again = refusal.status == _UNAUTHORIZED and await self._authentication.refused(call.credentials)
            if not again:
                raise
        return await self._attempt(call, read)

    async def _attempt(self, call: "Call", read: Reader[T]) -> T:
        if self._gate is not None:
            await self._gate(call.method, call.kind)
        call.at, call.started = self._clock(), self._timer()
        response: Response | None = None
        try:
            received = await self._transport.send(await self._request(call))
            call.received = self._timer()
            response = self._concealed(received)
            if len(response.body) <= _CHEAP:
                result = read(response, self._limits, self._clock())
            else:
                result = await self._read(call, response, read)
        except ScimFailure as failure:
            self._observe(call, response, failure)
            raise
        self._observe(call, response, None)
        return result

    async def _read(self, call: "Call", response: Response, read: Reader[T]) -> T:
        if len(response.body) <= _LONG:
            return self._read_measured(call, response, read)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_READER, self._read_measured, call, response, read)

    def _read_measured(self, call: "Call", response: Response, read: Reader[T]) -> T:
        """Read an answer, and keep how long this thread had the processor for it."""
        begun = self._effort()
        try:
            return read(response, self._limits, self._clock())
        finally:
            call.reading = self._effort() - begun

    async def _request(self, call: "Call") -> Request:
        credentials = call.credentials = await self._authentication.headers()
        headers = credentials if call.body is None else self._with_content(credentials)
        if call.etag:
            headers = {**headers, "If-Match": call.etag}
        return Request(
            method=call.method, url_path=call.path, query=call.query, headers=headers, body=call.body
        )

    def _with_content(self, credentials: Mapping[str, str]) -> Mapping[str, str]:
        """Made once for each credentials object: the same token is used for thousands of requests."""
        if credentials is not self._credentials:
            self._credentials = credentials
            self._credentials_with_content = {**credentials, **self._content}
        return self._credentials_with_content

    def _concealed(self, response: Response) -> Response:
        """The answer without any secret that it echoes."""
        body = self._authentication.conceal(response.body)
        return response if body is response.body else replace(response, body=body)

    def _observe(self, call: "Call", response: Response | None, failure: ScimFailure | None) -> None:
        if self._observer is None:
            return
        received = self._timer() if response is None else call.received
        self._observer(
            Exchange(
                method=call.method,
                path=f"{call.path}?{encode_query(call.query)}" if call.query else call.path,
                status=None if response is None else response.status,
                milliseconds=(received - call.started) * 1000.0,
                request_body=b"" if call.body is None else call.body[:KEPT_BODY],
                response_body=b"" if response is None else response.body[:KEPT_BODY],
                failure=failure,
                act=call.act,
                tag=call.tag,
                at=call.at,
                reading=call.reading,
            )
        )


@dataclass(slots=True)
class Call:
    """One operation on its way: what is asked for, and what was last used to ask."""

    method: str
    kind: str
    path: str
    act: str
    tag: object
    query: Query = ()
    body: bytes | None = None
    etag: str = ""
    credentials: Mapping[str, str] | None = None
    at: float = 0.0
    started: float = 0.0
    received: float = 0.0
    reading: float = 0.0


def creation(kind: str, body: Mapping[str, Any], *, act: str, tag: object) -> Call:
    """The POST of a new resource. Raises Unsendable."""
    return Call("POST", kind, _ENDPOINTS[kind], act, tag, body=_written(body))


def _path(kind: str, identity: str) -> str:
    """The path of a resource: its id as exactly one segment, whatever it holds."""
    try:
        size = len(identity.encode())
    except UnicodeEncodeError:
        size = 0
    if not 0 < size <= ID_MAX or identity in {".", ".."}:
        raise Unsendable(
            f'The id "{plain_text(identity, 80)}" cannot be part of an address: it must be text of 1 to '
            f'{ID_MAX} bytes other than "." and "..". Look at what the application gave as id.'
        )
    return f"{_ENDPOINTS[kind]}/{quote(identity, safe='')}"


def _chosen(attributes: Iterable[str], excluded: Iterable[str]) -> Query:
    """Which attributes to return (RFC 7644, 3.9)."""
    wanted = (("attributes", ",".join(attributes)), ("excludedAttributes", ",".join(excluded)))
    return tuple((name, value) for name, value in wanted if value)


def _written(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as problem:
        raise Unsendable(
            f"The values cannot be written as JSON: {problem}. Look for characters or numbers out of range."
        ) from problem
