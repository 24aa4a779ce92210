"""The one door: what it sends, what it refuses to read, and whether anything was sent when it fails."""

import asyncio
import datetime as dt
import gzip
import socket
import ssl
import warnings
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provisor.scim.errors import AddressRefused, NotSent, OutcomeUnknown, ScimFailure, Unreadable
from provisor.scim.json_body import plain_text
from provisor.scim.transport import Request, Response, Transport, TransportLimits, parse_json
from tests.scim.raw_server import LOOPBACK, Handler, RawServer, Received, Wire, always, http, raw_server
from tests.scim.test_addresses import FixedResolver

GET = Request(method="GET", url_path="/Users/1")
POST = Request(method="POST", url_path="/Users", body=b'{"userName":"a"}')
QUICK = TransportLimits(body=2000, depth=5, connect=0.2, read=0.1, total=0.3, headers=2000)


async def send(url: str, request: Request = GET, **options) -> Response:
    transport = Transport(url, private_targets=LOOPBACK, **options)
    try:
        return await transport.send(request)
    finally:
        await transport.close()


async def failure(handler: Handler, request: Request = POST, **options) -> tuple[ScimFailure, RawServer]:
    """The failure of one request to a server with this handler."""
    async with raw_server(handler) as server:
        with pytest.raises(ScimFailure) as failed:
            await send(server.url, request, **({"limits": QUICK} | options))
    assert failed.value.sentence.endswith(".")
    return failed.value, server


async def test_a_request_goes_out_as_given_and_the_answer_comes_back_whole() -> None:
    """Method, encoded path, query, headers and body arrive; no header of a browser goes along."""
    async with raw_server(always(http(201, {"id": "7"}, {"X-Thing": "a"}))) as server:
        request = Request(
            method="PATCH",
            url_path="/Users/a%2Fb%2E",
            query=(("filter", 'userName eq "a b&c+d"'),),
            headers={"Authorization": "Bearer t", "Content-Type": "application/scim+json"},
            body=b"{}",
        )
        response = await send(server.url, request)
    (got,) = server.received
    assert (got.method, got.path, got.body) == ("PATCH", "/scim/v2/Users/a%2Fb%2E", b"{}")
    assert got.query == {"filter": 'userName eq "a b&c+d"'}
    assert "+" not in got.target
    assert got.headers["authorization"] == "Bearer t"
    assert got.headers["accept-encoding"] == "identity"
    assert got.headers["user-agent"].startswith("Provisor/")
    assert "cookie" not in got.headers
    assert (response.status, response.body, response.headers["x-thing"]) == (201, b'{"id":"7"}', "a")
    assert response.milliseconds > 0


async def test_a_large_body_is_sent_without_a_warning() -> None:
    """More than a mebibyte goes out in pieces."""
    async with raw_server(always(http(200, {}))) as server:
        await send(server.url, Request(method="POST", url_path="/Bulk", body=b"x" * (3 << 20)))
    assert len(server.received[0].body) == 3 << 20


async def test_connections_are_kept_and_never_more_than_allowed() -> None:
    """Fifty requests over two connections."""
    async with raw_server(always(http(200, {}))) as server:
        transport = Transport(server.url, private_targets=LOOPBACK, connections=2)
        await asyncio.gather(*(transport.send(GET) for _ in range(50)))
        await transport.close()
    assert len(server.received) == 50
    assert server.connections == 2


async def test_r16_a_cookie_is_never_sent_back() -> None:
    """No state of the application's own choice travels with the token."""
    async with raw_server(always(http(200, {}, {"Set-Cookie": "a=b; Path=/"}))) as server:
        transport = Transport(server.url, private_targets=LOOPBACK)
        await transport.send(GET)
        await transport.send(GET)
        await transport.close()
    assert all("cookie" not in got.headers for got in server.received)


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests, with their tokens, go to the target alone."""
    async with raw_server(always(http(502))) as proxy, raw_server(always(http(200, {}))) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{proxy.port}")
        assert (await send(server.url)).status == 200
    assert not proxy.received


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_r16_a_redirect_is_an_answer_and_not_followed(status: int) -> None:
    """No request, and no token, goes where an answer points."""
    async with raw_server(always(http(200, {}))) as other:
        redirect = http(status, b"", {"Location": other.url})
        async with raw_server(always(redirect)) as server:
            assert (await send(server.url)).status == status
    assert not other.received


async def test_r16_a_chain_of_redirects_is_not_followed_at_all() -> None:
    """Public to public to inside: the second place is not asked, so the third is never named."""
    async with raw_server(always(http(200, {}))) as inside:
        on, begin = {"Location": inside.url}, {"Refresh": "0"}
        async with (
            raw_server(always(http(307, b"", on))) as second,
            raw_server(always(http(302, b"", begin | {"Location": second.url}))) as first,
        ):
            assert (await send(first.url, POST)).status == 302
        assert (len(first.received), len(second.received), len(inside.received)) == (1, 0, 0)


async def test_credentials_of_a_netrc_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the user of the service keeps for other programs does not go to applications."""
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login someone password canary-netrc\ndefault login x password y\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    async with raw_server(always(http(200, {}))) as server:
        await send(server.url)
    assert "authorization" not in server.received[0].headers


async def test_r16_a_body_larger_than_allowed_is_not_read() -> None:
    """By its announced length."""
    failed, _ = await failure(always(http(200, b"x" * 2001)))
    assert isinstance(failed, Unreadable)
    assert failed.status == 200


async def test_r16_an_endless_body_ends_at_the_limit() -> None:
    """Without any announced length."""

    async def endless(_: Received, wire: Wire) -> None:
        wire.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not wire.is_closing():
            wire.write(b"200\r\n" + b"x" * 512 + b"\r\n")
            await wire.drain()

    failed, _ = await failure(endless, limits=TransportLimits(body=100_000))
    assert isinstance(failed, Unreadable)
    assert "100000 bytes" in failed.sentence


async def test_r16_an_announced_length_that_is_a_lie_does_not_matter_when_pieces_come() -> None:
    """Both lengths at once is request smuggling, not an answer."""
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + b"x" * 4095
    )
    failed, _ = await failure(always(answer + b"\r\n0\r\n\r\n"))
    assert isinstance(failed, Unreadable | OutcomeUnknown)


async def test_r16_a_compressed_body_is_refused_and_not_unpacked() -> None:
    """A bomb of zeros stays packed."""
    bomb = gzip.compress(b"0" * 1_000_000)
    failed, _ = await failure(always(http(200, bomb, {"Content-Encoding": "gzip"})))
    assert isinstance(failed, Unreadable)
    assert "compressed" in failed.sentence


async def test_r16_a_huge_header_is_refused() -> None:
    """One field above the limit ends the exchange; so does the sum of many."""
    one, _ = await failure(always(http(200, {}, {"X-Large": "x" * 9000})))
    assert isinstance(one, OutcomeUnknown)
    many, _ = await failure(always(http(200, {}, {f"X-{n}": "x" * 100 for n in range(60)})))
    assert isinstance(many, Unreadable)
    assert many.status == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
    ],
)
async def test_r01_after_a_broken_answer_the_outcome_is_unknown(answer: bytes) -> None:
    """Nothing, half a head, half a body, or no HTTP: the write may have been done."""

    async def broken(_: Received, wire: Wire) -> None:
        wire.write(answer)
        await wire.drain()
        wire.close()

    failed, server = await failure(broken)
    assert isinstance(failed, OutcomeUnknown)
    assert failed.retryable
    assert len(server.received) == 1


async def test_r01_after_a_reset_the_outcome_is_unknown() -> None:
    """The connection is torn down once the request has been read."""

    async def reset(_: Received, wire: Wire) -> None:
        wire.transport.abort()

    failed, server = await failure(reset)
    assert isinstance(failed, OutcomeUnknown)
    assert len(server.received) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "PATCH"])
async def test_r02_a_request_is_sent_once_even_on_a_kept_connection(method: str) -> None:
    """Aiohttp would send GET, PUT and DELETE again by itself when a kept connection breaks."""

    async def second_breaks(_: Received, wire: Wire) -> None:
        if len(server.received) == 1:
            wire.write(http(200, {}))
        else:
            wire.transport.abort()

    async with raw_server(second_breaks) as server:
        transport = Transport(server.url, private_targets=LOOPBACK)
        await transport.send(GET)
        with pytest.raises(OutcomeUnknown):
            await transport.send(Request(method=method, url_path="/Users/1"))
        await transport.close()
    assert len(server.received) == 2


async def test_r01_silence_after_the_request_leaves_the_outcome_unknown() -> None:
    """The read limit ends it."""

    async def silent(_: Received, wire: Wire) -> None:
        await asyncio.Event().wait()

    failed, _ = await failure(silent)
    assert isinstance(failed, OutcomeUnknown)
    assert "silent" in failed.sentence


async def test_r16_an_answer_that_drips_ends_at_the_total_limit() -> None:
    """A byte now and then keeps the read limit happy, not the total one."""

    async def drip(_: Received, wire: Wire) -> None:
        wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not wire.is_closing():
            wire.write(b"x")
            await asyncio.sleep(0.02)

    failed, _ = await failure(drip)
    assert isinstance(failed, OutcomeUnknown)
    assert "did not finish" in failed.sentence


async def test_waiting_for_a_connection_in_vain_is_not_sent() -> None:
    """A time-out before anything left is told apart from one after it."""
    holding = asyncio.Event()

    async def hold(_: Received, wire: Wire) -> None:
        holding.set()
        await asyncio.Event().wait()

    async with raw_server(hold) as server:
        limits = TransportLimits(connect=0.2, read=5, total=0.2)
        transport = Transport(server.url, private_targets=LOOPBACK, connections=1, limits=limits)
        first = asyncio.create_task(transport.send(GET))
        await holding.wait()
        second = await asyncio.gather(transport.send(POST), return_exceptions=True)
        assert [got.method for got in server.received] == ["GET"]
        with pytest.raises(OutcomeUnknown):
            await first
        await transport.close()
    assert type(second[0]) is NotSent


async def test_a_refused_connection_is_not_sent() -> None:
    """Nothing listens there."""
    async with raw_server(always(b"")) as server:
        pass
    with pytest.raises(NotSent, match="No connection") as failed:
        await send(server.url)
    assert failed.value.retryable
    assert not isinstance(failed.value, AddressRefused)


async def test_an_unknown_name_is_not_sent() -> None:
    """The reserved top-level domain .invalid never resolves (RFC 6761)."""

    class Nowhere(FixedResolver):
        async def resolve(self, *_, **__):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(NotSent, match="could not be resolved"):
        await send("https://scim.invalid/v2", resolver=Nowhere([]))


async def test_an_unanswered_connect_is_not_sent() -> None:
    """A handshake that never ends is ended by the connect limit, before anything was said."""
    stuck = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, wire: Wire) -> None:
        await stuck.wait()
        wire.close()

    listener = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    with pytest.raises(NotSent, match=r"0\.2 s"):
        await send(f"https://127.0.0.1:{port}", POST, limits=QUICK)
    stuck.set()
    listener.close()
    await asyncio.sleep(0)


async def test_plain_http_where_tls_is_expected_is_not_sent() -> None:
    """The token does not go out unencrypted by accident."""

    async def speak_plainly(reader: asyncio.StreamReader, wire: Wire) -> None:
        heard.append(await reader.read(100))
        wire.write(http(400, b"The plain HTTP request was sent to HTTPS port"))
        await wire.drain()
        wire.close()

    heard: list[bytes] = []
    listener = await asyncio.start_server(speak_plainly, "127.0.0.1", 0)
    with pytest.raises(NotSent, match="TLS"):
        await send(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}", POST)
    listener.close()
    assert b"POST" not in heard[0]


def certificate(folder: Path, name: str = "scim.example.com") -> tuple[ssl.SSLContext, str]:
    """A server context with a self-signed certificate for `name`, and the certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{name}.pem"
    file.write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, pem.decode()


async def test_r16_tls_verifies_the_certificate_and_the_name(tmp_path: Path) -> None:
    """An unknown authority and another name are refused; the right ones are accepted, with SNI and Host."""
    context, pem = certificate(tmp_path)
    async with raw_server(always(http(200, {})), tls=context) as server:
        good, other = (
            f"https://{name}:{server.port}/v2" for name in ("scim.example.com", "other.example.com")
        )
        resolver = FixedResolver(["127.0.0.1"])
        with pytest.raises(NotSent, match="certificate"):
            await send(good, POST, resolver=resolver)
        with pytest.raises(NotSent, match="certificate"):
            await send(other, POST, resolver=resolver, authorities=pem)
        assert not server.received
        assert (await send(good, resolver=resolver, authorities=pem)).status == 200
        assert server.received[0].headers["host"] == f"scim.example.com:{server.port}"


async def test_tls_older_than_1_2_is_refused(tmp_path: Path) -> None:
    """There is no fallback."""
    context, pem = certificate(tmp_path)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with raw_server(always(http(200, {})), tls=context) as server:
        url = f"https://scim.example.com:{server.port}/v2"
        with pytest.raises(NotSent, match=r"No (TLS )?connection"):
            await send(url, resolver=FixedResolver(["127.0.0.1"]), authorities=pem)


async def test_a_form_goes_to_an_address_of_its_own_under_the_same_rules() -> None:
    """Query and last slash of a token address are kept; a forbidden one is refused."""
    async with raw_server(always(http(200, {}))) as server:
        transport = Transport("https://scim.example.com/v2", private_targets=LOOPBACK)
        url = f"http://127.0.0.1:{server.port}/oauth/token/?account=1"
        await transport.send_form(url, {"grant_type": "client credentials&"}, {"Authorization": "Basic x"})
        with pytest.raises(AddressRefused):
            await transport.send_form("http://169.254.169.254/token", {})
        with pytest.raises(AddressRefused):
            await transport.send_form("https://10.0.0.1/token", {})
        await transport.close()
    (got,) = server.received
    assert got.target == "/oauth/token/?account=1"
    assert got.body == b"grant_type=client+credentials%26"
    assert got.headers["content-type"] == "application/x-www-form-urlencoded"


async def test_r11_a_closed_transport_sends_nothing() -> None:
    """Neither to the application nor to the token address."""
    async with raw_server(always(http(200, {}))) as server:
        transport = Transport(server.url, private_targets=LOOPBACK)
        await transport.close()
        for sending in (transport.send(GET), transport.send_form(server.url, {})):
            with pytest.raises(NotSent):
                await sending
    assert not server.received


async def test_a_status_that_ends_no_request_leaves_the_outcome_unknown() -> None:
    """A switch of protocols is none that we asked for."""
    failed, _ = await failure(always(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"))
    assert isinstance(failed, OutcomeUnknown)


async def test_r16_an_address_literal_outside_the_private_targets_is_refused_at_once() -> None:
    """Without a single packet."""
    with pytest.raises(AddressRefused):
        Transport(f"https://{ip_address('127.0.0.1')}/v2")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<!DOCTYPE html><html></html>",
        b"{",
        b"OK",
        b"5",
        b'"text"',
        b"null",
        b"NaN",
        b'{"a": 1} x',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b"[" * 6 + b"]" * 6,
        b'{"a":' * 6 + b"1" + b"}" * 6,
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'["}}}}}}"' + b',["]"' * 8 + b"]" * 9,
    ],
)
def test_r16_a_body_that_is_no_sound_json_is_unreadable(body: bytes) -> None:
    """Neither HTML, nor scalars, nor depth bombs, however they are disguised."""
    with pytest.raises(Unreadable) as failed:
        parse_json(body, QUICK, status=200)
    assert failed.value.status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b'\xef\xbb\xbf{"a":1}',
        b"[[[[[]]]]]",
        b'{"a":"[[[[[[[[[[[[["}',
        b"[" + b"[]," * 99 + b"[]]",
    ],
)
def test_sound_json_is_read(body: bytes) -> None:
    """Depth within the limit, brackets in strings, many brackets side by side, a byte order mark."""
    assert parse_json(body, QUICK) is not None


@pytest.mark.parametrize(
    "body",
    [b"[" + b"[]," * 300_000 + b"[]]", b'{"a":[' + b"1," * 1_500_000 + b"1]}"],
    ids=["lists", "values"],
)
def test_r07_r16_an_answer_of_too_many_parts_is_not_even_parsed(body: bytes) -> None:
    """Few bytes, and seconds to read, in which nobody else would be served."""
    with pytest.raises(Unreadable, match="too much for one answer") as raised:
        parse_json(body, status=200)
    assert raised.value.status == 200


def test_r16_words_of_an_application_become_one_harmless_line() -> None:
    """Line breaks, terminal and direction controls are taken out, and it is cut."""
    assert plain_text("a\r\nb\x1b[31m\u202ec", 100) == "a b [31m c"
    assert len(plain_text("x" * 5000)) == 1000
