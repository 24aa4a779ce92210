"""Which addresses Provisor connects to: its own table, since `ipaddress.is_global` is wrong for NAT64 and 6to4.

`is_global` of Python 3.11 is true for 64:ff9b::7f00:1 (NAT64 of 127.0.0.1), 2002:7f00:1:: (6to4),
fec0::1 (site-local) and 224.0.0.1 (multicast). The table follows the IANA special-purpose registries
(https://www.iana.org/assignments/iana-ipv4-special-registry, .../iana-ipv6-special-registry) and what the
clouds document of their metadata services. Of IPv6 only 2000::/3 is ever public.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from yarl import URL

from provisor.scim.errors import AddressRefused

Address = IPv4Address | IPv6Address
PrivateTargets = tuple[IPv4Network | IPv6Network, ...]

#: Networks that no setting opens. Values say what the network is, for the reader of the refusal.
_NEVER: Final = {
    ip_network(network): meaning
    for network, meaning in {
        "0.0.0.0/8": 'the unspecified address ("this network", RFC 1122)',
        "169.254.0.0/16": "a link-local address, where clouds keep their metadata service (RFC 3927)",
        "100.100.100.200/32": "the metadata service of Alibaba Cloud",
        "168.63.129.16/32": "the platform address of Microsoft Azure",
        "192.0.0.0/24": "reserved for protocols, and the metadata service of Oracle Cloud (RFC 6890)",
        "192.0.2.0/24": "reserved for documentation (RFC 5737)",
        "192.88.99.0/24": "a 6to4 relay (RFC 7526)",
        "198.51.100.0/24": "reserved for documentation (RFC 5737)",
        "203.0.113.0/24": "reserved for documentation (RFC 5737)",
        "224.0.0.0/4": "a multicast address (RFC 5771)",
        "240.0.0.0/4": "reserved or broadcast (RFC 1112)",
        "fd00:ec2::/32": "the metadata service of Amazon Web Services",
        "fd20:ce::254/128": "the metadata service of Google Cloud",
        "fd00:c1::a9fe:a9fe/128": "the metadata service of Oracle Cloud",
        "fd00:42::42/128": "the metadata service of Scaleway",
        "2001::/23": "reserved for protocols such as Teredo (RFC 2928)",
        "2001:db8::/32": "reserved for documentation (RFC 3849)",
        "2002::/16": "a 6to4 address, which may lead to any IPv4 address (RFC 3056)",
        "3fff::/20": "reserved for documentation (RFC 9637)",
        "fe80::/10": "a link-local address (RFC 4291)",
        "fec0::/10": "a site-local address (RFC 3879)",
        "ff00::/8": "a multicast address (RFC 4291)",
    }.items()
}

#: Networks that an administrator may open, by naming them or a part of them in PROVISOR_PRIVATE_TARGETS.
_PRIVATE: Final = {
    ip_network(network): meaning
    for network, meaning in {
        "127.0.0.0/8": "a loopback address: this machine itself (RFC 1122)",
        "10.0.0.0/8": "a private network (RFC 1918)",
        "172.16.0.0/12": "a private network (RFC 1918)",
        "192.168.0.0/16": "a private network (RFC 1918)",
        "100.64.0.0/10": "a shared network behind a provider's NAT (RFC 6598)",
        "198.18.0.0/15": "a network for benchmarks (RFC 2544)",
        "::1/128": "a loopback address: this machine itself (RFC 4291)",
        "fc00::/7": "a private network (RFC 4193)",
    }.items()
}

#: Where a target listens that Provisor itself runs (see `Transport`): this one address, and no network.
OWN_TARGET: Final[PrivateTargets] = (IPv4Network("127.0.0.1/32"),)

#: To check the form of an address where the networks are judged later.
EVERY_NETWORK: Final[PrivateTargets] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))

_PUBLIC_IPV6: Final = IPv6Network("2000::/3")
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")
#: The spellings that `inet_aton` takes for an IPv4 address: 2130706433, 127.1, 0x7f.0.0.1, 0177.0.0.1.
_NUMERIC: Final = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]*|[0-9]+)){0,3}\.?")
_DOT_SEGMENT: Final = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_ADDRESS_MAX: Final = 2048


def objection(text: str, private_targets: PrivateTargets, *, encrypted: bool) -> str:
    """Why Provisor does not connect to this address, as a clause; empty when it does.

    Without encryption only addresses inside `private_targets` are accepted.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return "that is no IP address"
    reason = _forbidden(address, private_targets)
    if not reason and not encrypted and not _inside(_carried(address), private_targets):
        return "a public address is reached by https only"
    return reason


def read_networks(texts: Iterable[str]) -> PrivateTargets:
    """Read private networks that are opened for one target. Raises AddressRefused for what cannot be opened.

    Only private networks can: a public one needs no permission, and would let http out.
    """
    found = dict.fromkeys(_private_network(text) for text in texts)
    return tuple(found)


def _private_network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text.strip())
    except ValueError as problem:
        raise AddressRefused(f'"{text}" is no network: {problem}.') from None
    if reason := _meaning(network.network_address, _NEVER.items()):
        raise AddressRefused(f'"{text}" cannot be opened: {reason}.')
    if not any(network.version == known.version and network.subnet_of(known) for known in _PRIVATE):  # type: ignore[arg-type]
        raise AddressRefused(f'"{text}" is no private network. Public addresses need no permission.')
    return network


def _forbidden(address: Address, private_targets: PrivateTargets) -> str:
    if isinstance(address, IPv6Address) and address in _NAT64:
        wrapped = _last_32_bits(address)
        reason = _forbidden(wrapped, ())
        return f"it carries {wrapped} through NAT64, and that is {reason}" if reason else ""
    address = _carried(address)
    if reason := _meaning(address, _NEVER.items()):
        return reason
    private = _meaning(address, _PRIVATE.items())
    if not private and isinstance(address, IPv6Address) and address not in _PUBLIC_IPV6:
        return "no public IPv6 address (RFC 4291)"
    return "" if _inside(address, private_targets) else private


def _carried(address: Address) -> Address:
    """The IPv4 address that an IPv4-mapped address stands for: the kernel connects to that one."""
    mapped = isinstance(address, IPv6Address) and address in _MAPPED
    return _last_32_bits(address) if mapped else address


def _last_32_bits(address: Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


def _meaning(address: Address, table: Iterable[tuple[IPv4Network | IPv6Network, str]]) -> str:
    return next((meaning for network, meaning in table if address in network), "")


def _inside(address: Address, networks: PrivateTargets) -> bool:
    return any(address in network for network in networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """A checked http or https address, taken apart once. `path` has no slash at its end and is encoded."""

    scheme: str
    host: str
    authority: str
    path: str

    @property
    def encrypted(self) -> bool:
        return self.scheme == "https"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"


def read_address(text: str, private_targets: PrivateTargets = ()) -> WebAddress:
    """Take apart and check an address that a person has typed; names are judged again when they are resolved.

    Raises AddressRefused when it is no plain http(s) address, holds credentials, a query or a fragment, is
    spelled so that software disagrees about it, or names an address in a forbidden network.
    """
    url = _parsed(text)
    _check_parts(text, url)
    host = url.raw_host or ""
    _check_host(text, host)
    if ":" in host or _NUMERIC.fullmatch(host):
        reason = objection(host, private_targets, encrypted=url.scheme == "https")
        if reason:
            raise AddressRefused(refusal(host, reason))
    if url.scheme == "http" and not private_targets:
        raise AddressRefused(refusal(host, "http is accepted only for private targets, and none are set"))
    return WebAddress(
        scheme=url.scheme, host=host, authority=url.raw_authority, path=url.raw_path.rstrip("/")
    )


def refusal(host: str, reason: str) -> str:
    """The sentence for a person whose target was refused."""
    return (
        f'Provisor does not connect to "{host}": {reason}. Use a public https address. A private network can be '
        "named in PROVISOR_PRIVATE_TARGETS, or be opened for one application by an owner."
    )


def _parsed(text: str) -> URL:
    if len(text) > _ADDRESS_MAX or any(character <= " " or character == "\x7f" for character in text):
        raise AddressRefused(
            "The address is too long or holds white space or control characters. Type it again, as in "
            '"https://api.example.com/scim/v2".'
        )
    try:
        return URL(text)
    except ValueError as problem:
        raise AddressRefused(f'The address "{text}" cannot be read: {problem}.') from problem


def _check_parts(text: str, url: URL) -> None:
    if url.scheme not in {"https", "http"} or not url.raw_host:
        raise AddressRefused(f'The address "{text}" is not of the form "https://host/path".')
    if "@" in text.split("/")[2]:
        raise AddressRefused("The address holds a user name. Put credentials in the authentication settings.")
    if "?" in text or "#" in text:
        raise AddressRefused(f'The address "{text}" holds "?" or "#". Give the part before it only.')
    if _DOT_SEGMENT.search(text) or "\\" in text or not url.port:
        raise AddressRefused(f'The address "{text}" holds "..", "\\" or port 0. Write it out plainly.')


def _check_host(text: str, host: str) -> None:
    if ":" in host:
        return
    if not _HOST_NAME.fullmatch(host) or ".." in host:
        raise AddressRefused(f'The host of "{text}" is no name that DNS knows. Check the address.')
    if _NUMERIC.fullmatch(host) and not _is_dotted_quad(host):
        raise AddressRefused(
            f'The host of "{text}" is a number that software reads in different ways. '
            "Write an IP address with four decimal numbers."
        )


def _is_dotted_quad(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except ValueError:
        return False
