"""Every route of the URL configuration, as text, and addresses made of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

_PARAMETER = re.compile(r"<(?:\w+:)?(?P<name>\w+)>")


def every_route() -> list[str]:
    """The patterns as they are written in the `urls.py` files, each once: `users/<uuid:user_id>`."""
    return list(dict.fromkeys(_walk(get_resolver(), "")))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for each in resolver.url_patterns:
        whole = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield whole
        else:
            yield from _walk(each, whole)


def parameters(route: str) -> list[str]:
    return [found["name"] for found in _PARAMETER.finditer(route)]


def address_of(route: str, values: Mapping[str, Any]) -> str:
    """The path of a route with these values. Raises `KeyError` with the name of a parameter without one."""
    return "/" + _PARAMETER.sub(lambda found: str(values[found["name"]]), route)


def disguises(address: str) -> dict[str, str]:
    """Other spellings of a path, which proxies and frameworks have taken for the same, or for nothing to guard."""
    head, _, last = address.rpartition("/")
    letter = next((place for place, one in enumerate(address) if one.isalpha()), None)
    spelled = {
        "double slash in front": "/" + address,
        "double slash inside": f"{head}//{last}",
        "trailing slash": address + "/",
        "trailing dot": address + ".",
        "trailing space": address + "%20",
        "a parameter of the path": address + ";x",
        "a parameter of a segment": f"{head};x/{last}",
        "dot segment": f"{head}/./{last}",
        "encoded dots": f"/healthz/%2e%2e{address}",
        "dots": f"/static/..{address}",
        "encoded slash": "/" + address[1:].replace("/", "%2F"),
        "encoded NUL": address + "%00",
        "line break": address + "%0A",
        "a format": address + ".json",
        "upper case": address.upper(),
        "backslash": "/" + address[1:].replace("/", "%5C"),
    }
    if letter is not None:
        spelled["encoded letter"] = f"{address[:letter]}%{ord(address[letter]):02x}{address[letter + 1 :]}"
        spelled["twice encoded letter"] = (
            f"{address[:letter]}%25{ord(address[letter]):02x}{address[letter + 1 :]}"
        )
    return spelled


def is_a_route(path: str) -> bool:
    """Whether the resolver finds something for a path as it travels, once it is decoded."""
    try:
        resolve(unquote(path))
    except Resolver404:
        return False
    return True
