"""Which addresses Provisor connects to, and which it never does."""

import asyncio
import socket
from ipaddress import ip_address, ip_network

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from provisor.scim.addresses import EVERY_NETWORK, objection, read_address
from provisor.scim.errors import AddressRefused
from provisor.scim.transport import Request, Transport
from tests.scim.raw_server import LOOPBACK, always, http, raw_server

NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "198.51.100.7",
    "203.0.113.255",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::7f00:1",
    "::ffff:0.0.0.0",
    "::ffff:169.254.169.254",
    "::ffff:224.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::192.168.1.1",
    "64:ff9b::224.0.0.1",
    "64:ff9b:1::1",
    "64:ff9b:1:fffe::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fe80::1",
    "fe80::1%eth0",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
    "not an address",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
]

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:192.168.1.1",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]

HOSTILE_TEXTS = [
    "",
    "api.example.com/scim",
    "//api.example.com/scim",
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "gopher://api.example.com/",
    "javascript:alert(1)",
    "unix:/var/run/docker.sock",
    "https://",
    "https:///scim",
    "https://user@api.example.com/scim",
    "https://user:pass@api.example.com/scim",
    "https://@api.example.com/scim",
    "https://api.example.com\\@127.0.0.1/",
    "https://api.example.com/scim?x=1",
    "https://api.example.com/scim#x",
    "https://api.example.com/scim?",
    "https://api.example.com/ scim",
    "https://api.example.com/\r\nHost: other",
    "https://api.example.com/\x00",
    "https://api.example.com:0/scim",
    "https://api.example.com:99999/scim",
    "https://api.example.com:port/scim",
    "https://api.example.com/a/../../b",
    "https://api.example.com/%2e%2e/b",
    "https://api..example.com/",
    "https://-api.example.com/",
    "https://api.exa%6dple.com/",
    "https://127.0.0.1%00.example.com/",
    "https://[::1",
    "https://[fe80::1%25eth0]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::]/",
    "https://[64:ff9b::7f00:1]/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://１２７.0.0.1/",  # noqa: RUF001 - the point of it
    "https://①②⑦.⓪.⓪.①/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "http://api.example.com/scim",
    "http://8.8.8.8/",
    "https://" + "a" * 3000 + ".example.com/",
]


class FixedResolver(AbstractResolver):
    """Answers each question with the next of the lists it was made with, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in answer
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("address", NEVER)
def test_an_address_of_the_forbidden_networks_is_refused_whatever_is_opened(address: str) -> None:
    """Metadata, link-local, multicast, unspecified and wrapped private addresses open with no setting."""
    assert objection(address, EVERY_NETWORK, encrypted=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused_unless_its_network_is_opened(address: str) -> None:
    """Loopback and private networks need to be named."""
    assert objection(address, (), encrypted=True)
    assert objection(address, (ip_network("10.9.0.0/16"),), encrypted=True)
    assert not objection(address, EVERY_NETWORK, encrypted=True)
    assert not objection(address, EVERY_NETWORK, encrypted=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_accepted_with_encryption_only(address: str) -> None:
    """Http goes to private targets alone."""
    assert not objection(address, (), encrypted=True)
    assert objection(address, LOOPBACK, encrypted=False)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_plain_and_mapped_and_never_milder_through_nat64(address) -> None:
    """Wrapping an IPv4 address into IPv6 never makes it acceptable."""
    plain = objection(str(address), (), encrypted=True)
    assert bool(objection(f"::ffff:{address}", (), encrypted=True)) == bool(plain)
    assert bool(objection(f"64:ff9b::{address}", (), encrypted=True)) == bool(plain)
    if ip_address(address).is_private:
        assert plain


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_hostile_base_url_is_refused_before_anything_is_resolved(text: str) -> None:
    """Spellings that software disagrees about, other schemes, credentials and forbidden literals."""
    with pytest.raises(AddressRefused) as refused:
        read_address(text)
    assert refused.value.sentence.endswith(".")
    assert not refused.value.retryable


def test_the_tables_hold_more_than_sixty_hostile_addresses_and_names() -> None:
    """The tables of this file are not to be thinned out."""
    assert len({*NEVER, *PRIVATE, *HOSTILE_TEXTS}) >= 120


def test_a_base_url_is_taken_apart_once() -> None:
    """Path without its last slash, an international name in its ASCII form, the port kept."""
    address = read_address("https://bücher.example:8443/scim/v2/")
    assert (address.host, address.authority, address.path, address.encrypted) == (
        "xn--bcher-kva.example",
        "xn--bcher-kva.example:8443",
        "/scim/v2",
        True,
    )


@pytest.mark.parametrize("address", [*PRIVATE, *(a for a in NEVER if ":" in a or a.count(".") == 3)])
async def test_a_name_that_resolves_to_a_forbidden_address_is_refused_at_connect(address: str) -> None:
    """What counts is the address that would be connected to, not the name."""
    transport = Transport("https://scim.example.com/v2", resolver=FixedResolver([address.partition("%")[0]]))
    try:
        with pytest.raises(AddressRefused, match=r"scim\.example\.com"):
            await transport.send(Request(method="GET", url_path="/Users"))
    finally:
        await transport.close()


async def test_several_forbidden_addresses_of_one_name_are_refused_together() -> None:
    """A name with many answers is refused like a name with one."""
    resolver = FixedResolver(["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254"])
    transport = Transport("https://scim.example.com/v2", resolver=resolver)
    with pytest.raises(AddressRefused):
        await transport.send(Request(method="GET", url_path="/Users"))
    await transport.close()


async def test_a_name_whose_answer_changes_is_checked_again_at_each_connect() -> None:
    """DNS rebinding: accepted at first, then pointing at a network that is not opened."""
    async with raw_server(always(http(200, {}, {"Connection": "close"}))) as server:
        resolver = FixedResolver(["127.0.0.1"], ["127.0.0.2"])
        only = (ip_network("127.0.0.1/32"),)
        url = f"http://rebind.example.com:{server.port}/v2"
        transport = Transport(url, private_targets=only, resolver=resolver)
        assert (await transport.send(Request(method="GET", url_path="/Users"))).status == 200
        transport._session.connector.clear_dns_cache()
        with pytest.raises(AddressRefused, match=r"127\.0\.0\.2"):
            await transport.send(Request(method="GET", url_path="/Users"))
        await transport.close()
        assert (resolver.asked, server.connections) == (2, 1)


async def test_plain_http_to_a_name_outside_the_private_targets_is_refused() -> None:
    """Http needs a private target, whatever its name."""
    resolver = FixedResolver(["8.8.8.8"])
    transport = Transport("http://scim.example.com/v2", private_targets=LOOPBACK, resolver=resolver)
    with pytest.raises(AddressRefused, match="https only"):
        await transport.send(Request(method="GET", url_path="/Users"))
    await transport.close()


async def test_a_refused_address_is_never_connected_to() -> None:
    """No port scan: a listening port and a closed one look the same."""
    async with raw_server(always(http(200, {}))) as server:
        sentences = set()
        for port in (server.port, 1):
            resolver = FixedResolver(["127.0.0.1"])
            transport = Transport(f"https://scan.example.com:{port}/v2", resolver=resolver)
            with pytest.raises(AddressRefused) as refused:
                await transport.send(Request(method="GET", url_path="/Users"))
            sentences.add(refused.value.sentence)
            await transport.close()
        await asyncio.sleep(0)
        assert len(sentences) == 1
        assert server.connections == 0
