"""The one door: every request that leaves this process goes through `Transport.send`.

It resolves, checks each address just before it connects (so that an answer of DNS that changes is of no use),
verifies TLS, follows no redirect, keeps no cookie, obeys no proxy setting, and reads no more than the limits.
"""

import asyncio
import functools
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractResolver
from aiohttp.connector import Connection
from yarl import URL

from provisor.scim.addresses import (
    OWN_TARGET,
    PrivateTargets,
    WebAddress,
    objection,
    read_address,
    refusal,
)
from provisor.scim.client_certificate import load_client
from provisor.scim.errors import NotSent, OutcomeUnknown, Unreadable
from provisor.scim.json_body import parse_json
from provisor.scim.limits import TransportLimits
from provisor.scim.patience import Exchange, Patience, current
from provisor.scim.transport_body import keep_back
from provisor.scim.transport_failures import BarredError, ForbiddenAddressError, failure_of, keep_single

__all__ = [
    "ClientCertificate",
    "Request",
    "Response",
    "Transport",
    "TransportLimits",
    "encode_query",
    "parse_json",
]

USER_AGENT: Final = "Provisor/1 (outbound SCIM 2.0 client)"
#: Part of the total time in which a request must have got its connection, so that a time-out before
#: anything was sent is told apart from one after it.
_SHARE_FOR_CONNECTION: Final = 0.75
_NO_HEADERS: Final[Mapping[str, str]] = {}
_FIRST_FINAL_STATUS: Final = 200
_DEFAULT_LIMITS: Final = TransportLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `url_path` is below the base URL, begins with "/" and is percent-encoded already."""

    method: str
    url_path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] | None = None
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer, whatever its status. Names of headers are in lower case; of equal names the last."""

    status: int
    headers: dict[str, str]
    body: bytes
    milliseconds: float


def encode_query(query: tuple[tuple[str, str], ...]) -> str:
    """The query of an address, with %20 for a space: some servers do not read "+" as one."""
    return urlencode(query, quote_via=quote, safe="") if query else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """What Provisor shows of itself (PEM, with its chain), and the key to it, which shows in no representation."""

    certificate: str
    key: str = field(repr=False)


@functools.lru_cache(maxsize=16)
def _tls(authorities: str) -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and host name verified; `authorities` (PEM) are trusted as well."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities:
        context.load_verify_locations(cadata=authorities)
    return context


def _tls_with(authorities: str, client: ClientCertificate | None) -> ssl.SSLContext:
    """As `_tls`; one that holds a key is made anew and shared with nobody."""
    if client is None:
        return _tls(authorities)
    context = _tls.__wrapped__(authorities)
    load_client(context, client)
    return context


class _Connector(aiohttp.TCPConnector):
    """Hands out a connection only while requests may leave: the last moment before one does."""

    def __init__(self, *, is_barred: Callable[[], bool], **how: Any) -> None:
        super().__init__(**how)
        self._is_barred = is_barred

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: Any,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - as aiohttp calls it
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        if self._is_barred():
            connection.release()
            raise BarredError
        exchange = current.get()
        if exchange is not None:
            exchange.hear()
        return connection


class Transport:
    """Connections to the origin of one base URL, for one event loop.

    `private_targets` are the networks in which loopback and private addresses, and http, are accepted.
    `authorities` is PEM text of certificate authorities to trust beside those of the system. `client` is the
    certificate that is shown where one is asked for; never to the address of `send_form`. `resolver` is for tests: what it answers is checked like any other answer.

    `is_own` says whether the base URL is, at this moment, where a target listens that Provisor itself runs on
    127.0.0.1. It is asked again before each connection, and counts for the base URL alone: not for `send_form`.

    `may_send` is asked last before each request leaves; while it says no, nothing does (NotSent).
    """

    def __init__(
        self,
        base_url: str,
        *,
        private_targets: PrivateTargets = (),
        connections: int = 8,
        limits: TransportLimits = _DEFAULT_LIMITS,
        authorities: str = "",
        client: ClientCertificate | None = None,
        resolver: AbstractResolver | None = None,
        is_own: Callable[[], bool] = lambda: False,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """Check the address; nothing is connected before the first request. Raises AddressRefused."""
        self._private_targets = private_targets
        self._is_own, self._may_send = is_own, may_send
        self.address: Final[WebAddress] = read_address(base_url, self._targets())
        self.limits: Final = limits
        self._connections = connections
        self._authorities, self._client = authorities, client
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None
        self._patience: Patience | None = None
        self._closed = False
        self._barred = False
        self._elsewhere: dict[str, Transport] = {}

    async def send(self, request: Request) -> Response:
        """Send one request, exactly once, and read its answer.

        Raises NotSent when nothing left this process (AddressRefused when nothing ever will), OutcomeUnknown
        when no complete answer came, Unreadable when the answer breaks a limit. Any status is an answer.
        """
        session = self._session or self._open()
        started = time.perf_counter()
        assert self._patience is not None
        exchange = self._patience.begin()
        try:
            answer, content = await self._exchange(session, request, exchange)
        except (aiohttp.ClientError, OSError) as problem:
            raise failure_of(problem, self.address.host, self.limits, silent=exchange.was_silent) from problem
        finally:
            self._patience.end(exchange)
        headers = self._headers(answer)
        milliseconds = (time.perf_counter() - started) * 1000.0
        return Response(status=answer.status, headers=headers, body=content, milliseconds=milliseconds)

    async def _exchange(
        self, session: aiohttp.ClientSession, request: Request, exchange: Exchange
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        body = None if request.body is None else keep_back(request.body, self._is_barred)
        try:
            answer = await session.request(
                request.method, self._url(request), data=body, headers=request.headers, allow_redirects=False
            )
            try:
                return answer, await self._read(answer, exchange)
            except BaseException:
                answer.close()
                raise
        except asyncio.CancelledError as problem:
            exchange.check(problem)
            raise

    async def send_form(
        self, address: str, form: Mapping[str, str], headers: Mapping[str, str] = _NO_HEADERS
    ) -> Response:
        """POST a form to an absolute address of its own, such as a token address; checked like a base URL."""
        self._check_open()
        place, _, query = address.partition("?")
        door = self._elsewhere.get(place)
        if door is None:
            door = self._elsewhere[place] = self._sibling(place)
        return await door.send(
            Request(
                method="POST",
                url_path="/" if place.endswith("/") else "",
                query=tuple(parse_qsl(query, keep_blank_values=True)),
                headers={**headers, "Content-Type": "application/x-www-form-urlencoded"},
                body=urlencode(form).encode(),
            )
        )

    def bar(self) -> None:
        """Let no further request leave, also none that waits for a token or a connection: it ends with NotSent.

        What has left may finish. May be called from any thread.
        """
        self._barred = True
        for door in list(self._elsewhere.values()):
            door.bar()

    def _is_barred(self) -> bool:
        return self._barred or not self._may_send()

    async def close(self) -> None:
        """Close all connections. What is sent afterwards is refused with NotSent."""
        self._closed = True
        for door in self._elsewhere.values():
            await door.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        if self._patience is not None:
            self._patience.close()

    def _check_open(self) -> None:
        if self._closed:
            raise NotSent(
                "Provisor has closed its connections to this application; the next pass opens others."
            )

    def _sibling(self, address: str) -> "Transport":
        door = Transport(
            address,
            private_targets=self._private_targets,
            connections=1,
            limits=self.limits,
            authorities=self._authorities,
            resolver=self._resolver,
            may_send=self._may_send,
        )
        door._barred = self._barred
        return door

    def _url(self, request: Request) -> URL:
        return URL.build(
            scheme=self.address.scheme,
            authority=self.address.authority,
            path=self.address.path + request.url_path or "/",
            query_string=encode_query(request.query),
            encoded=True,
        )

    def _open(self) -> aiohttp.ClientSession:
        self._check_open()
        self._patience = Patience(self.limits)
        self._session = aiohttp.ClientSession(
            connector=self._connector(),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "User-Agent": USER_AGENT,
                "Accept": "application/scim+json, application/json;q=0.9",
                "Accept-Encoding": "identity",
            },
            timeout=aiohttp.ClientTimeout(
                total=None,
                connect=self.limits.total * _SHARE_FOR_CONNECTION,
                sock_connect=self.limits.connect,
            ),
            auto_decompress=False,
            trust_env=False,
            max_line_size=self.limits.headers,
            max_field_size=self.limits.headers,
            middlewares=(keep_single,),
        )
        return self._session

    def _connector(self) -> aiohttp.TCPConnector:
        return _Connector(
            is_barred=self._is_barred,
            limit=self._connections,
            ssl=_tls_with(self._authorities, self._client) if self.address.encrypted else True,
            resolver=self._resolver,
            socket_factory=self._socket,
        )

    def _socket(self, information: aiohttp.AddrInfoType) -> socket.socket:
        """A socket for an address that is about to be connected to, or ForbiddenAddressError."""
        family, kind, protocol, _, address = information
        reason = objection(str(address[0]), self._targets(), encrypted=self.address.encrypted)
        if reason:
            raise ForbiddenAddressError(refusal(self._named(str(address[0])), reason))
        return socket.socket(family=family, type=kind, proto=protocol)

    def _targets(self) -> PrivateTargets:
        return self._private_targets + (OWN_TARGET if self._is_own() else ())

    def _named(self, address: str) -> str:
        return address if address == self.address.host.strip("[]") else f"{self.address.host} ({address})"

    async def _read(self, answer: aiohttp.ClientResponse, exchange: Exchange) -> bytes:
        if answer.status < _FIRST_FINAL_STATUS:
            raise OutcomeUnknown(
                f"The application answered with status {answer.status}, which ends no request. "
                "Whether it did what was asked is not known."
            )
        headers = answer.headers
        encoding = headers.get(hdrs.CONTENT_ENCODING)
        if encoding and encoding.lower() != "identity":
            raise Unreadable(
                f"The answer with status {answer.status} is compressed, although that was not asked for. "
                "It was not read.",
                status=answer.status,
            )
        length = headers.get(hdrs.CONTENT_LENGTH)
        if length is None or hdrs.TRANSFER_ENCODING in headers:
            return await self._read_in_pieces(answer, exchange)
        if not length.isdecimal() or int(length) > self.limits.body:
            raise self._too_large(answer.status)
        if answer.content.is_eof():
            return await answer.read()
        return await self._read_in_pieces(answer, exchange)

    async def _read_in_pieces(self, answer: aiohttp.ClientResponse, exchange: Exchange) -> bytes:
        pieces: list[bytes] = []
        left = self.limits.body
        async for piece in answer.content.iter_any():
            exchange.hear()
            left -= len(piece)
            if left < 0:
                raise self._too_large(answer.status)
            pieces.append(piece)
        return b"".join(pieces)

    def _headers(self, answer: aiohttp.ClientResponse) -> dict[str, str]:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if sum(map(len, headers)) + sum(map(len, headers.values())) > self.limits.headers:
            raise Unreadable(
                f"The headers of the answer are larger than {self.limits.headers} bytes. It was not used.",
                status=answer.status,
            )
        return headers

    def _too_large(self, status: int) -> Unreadable:
        return Unreadable(
            f"The answer with status {status} is larger than {self.limits.body} bytes. It was not read to its end.",
            status=status,
        )
