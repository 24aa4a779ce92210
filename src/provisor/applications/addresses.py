"""Which addresses an application may have: what can be said before anybody connects to it.

The transport judges every connection again, since a name may resolve to anything; this is the early, friendly no.
"""

import ipaddress
from typing import Final

from django.conf import settings

from provisor.applications.refusals import Problems
from provisor.scim import addresses
from provisor.scim.errors import AddressRefused

_EXAMPLE: Final = 'Write it like "https://scim.example.com/v2".'
_LOOPBACK: Final = tuple(ipaddress.ip_address(text) for text in ("127.0.0.1", "::1"))
_DEFAULT_PORTS: Final = {"https": ":443", "http": ":80"}


def read_address(
    text: object, place: str, problems: Problems, networks: addresses.PrivateTargets = ()
) -> str:
    """Check an address of an application and return its canonical form: no slash at the end, no default port.

    Returns "" with the problem reported when it is not absolute, holds credentials, a query or a fragment, or
    lies where Provisor does not connect to. http is accepted only for "localhost" and for addresses that are
    written out and lie inside `PROVISOR_PRIVATE_TARGETS` or the `networks` of the application.
    """
    if not isinstance(text, str) or not text.strip():
        problems.add(place, "An address is needed here.", _EXAMPLE)
        return ""
    try:
        read = addresses.read_address(text.strip(), settings.PRIVATE_TARGETS + networks)
    except AddressRefused as refused:
        problems.add(place, refused.sentence, _EXAMPLE)
        return ""
    if _is_name_of_this_machine(read.host):
        if not _is_inside(settings.PRIVATE_TARGETS + networks, *_LOOPBACK):
            problems.add(place, addresses.refusal(read.host, "that is this machine itself"))
            return ""
    elif read.scheme == "http" and _is_name(read.host):
        problems.add(
            place,
            f'Over http, anybody between here and "{read.host}" could read the credentials.',
            "Use https. http is accepted for localhost and for plain addresses in PROVISOR_PRIVATE_TARGETS.",
        )
        return ""
    return f"{read.scheme}://{read.authority.removesuffix(_DEFAULT_PORTS[read.scheme])}{read.path}"


def _is_name_of_this_machine(host: str) -> bool:
    name = host.rstrip(".").lower()
    return name == "localhost" or name.endswith(".localhost")


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def _is_inside(networks: addresses.PrivateTargets, *candidates: addresses.Address) -> bool:
    return any(address in network for address in candidates for network in networks)
