"""The table of addresses before a second judge: ssrfguard, an independent library, as an oracle.

Whatever it refuses, we refuse. Where we refuse more, the reason stands here.
"""

import ipaddress
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ssrfguard import Policy, SSRFGuardError

from provisor.scim.addresses import objection, read_address
from provisor.scim.errors import AddressRefused
from tests.scim.test_addresses import HOSTILE_TEXTS, NEVER, PRIVATE, PUBLIC

#: Every port: which one a target uses is the administrator's business.
JUDGE: Final = Policy(allowed_schemes=frozenset({"https"}), allowed_ports=frozenset(range(1, 65536)))

#: What we refuse and the other judge lets through, and why.
STRICTER: Final = {
    "https://168.63.129.16/v2": "the platform address of Azure is a public one by the registry",
    "https://[::ffff:0:127.0.0.1]/v2": "IPv4-translated (RFC 2765) is outside 2000::/3, the only public IPv6 network",
    "https://[2001:20::1]/v2": "ORCHIDv2 is no host that speaks HTTPS; the whole of 2001::/23 is closed",
    "https://[4000::1]/v2": "not assigned: outside 2000::/3",
    "https://0x7f000001/v2": "hexadecimal: `inet_aton` reads 127.0.0.1, DNS reads a name",
    "https://0x7f000001/": "the same",
    "https://0x7f.0.0.1/": "the same, in parts",
    "https://api.example.com/scim?x=1": "a query has no place in a base URL: paths are appended to it",
    "https://api.example.com/scim?": "the same",
    "https://api.example.com/scim#x": "the same for a fragment",
    "https://api.example.com/a/../../b": "software disagrees about what is meant",
    "https://api.example.com/%2e%2e/b": "the same",
}  # fmt: skip


def _judge_refuses(url: str) -> bool:
    try:
        JUDGE.check_url(url)
    except SSRFGuardError:
        return True
    return False


def _we_refuse(url: str) -> bool:
    try:
        read_address(url)
    except AddressRefused:
        return True
    return False


def _urls() -> list[str]:
    literals = [
        f"https://[{each}]/v2" if ":" in each else f"https://{each}/v2"
        for each in (*NEVER, *PRIVATE, *PUBLIC)
    ]
    return [*literals, *HOSTILE_TEXTS]


@pytest.mark.parametrize("url", _urls())
def test_r16_a_second_judge_agrees_about_the_corpus_or_is_milder_for_a_reason_that_is_written_down(
    url: str,
) -> None:
    ours, other = _we_refuse(url), _judge_refuses(url)
    assert ours or not other, "the other judge refuses what we let through"
    assert (ours and not other) == (url in STRICTER)


@given(st.ip_addresses())
@example(ipaddress.ip_address("64:ff9b::7f00:1"))
@example(ipaddress.ip_address("2002:7f00:1::"))
@example(ipaddress.ip_address("fec0::1"))
@example(ipaddress.ip_address("::ffff:10.0.0.1"))
def test_r16_whatever_address_the_second_judge_refuses_we_refuse(address: ipaddress.IPv4Address) -> None:
    """Over the whole of both address spaces."""
    if not JUDGE.permits_address(address):
        assert objection(str(address), (), encrypted=True)
