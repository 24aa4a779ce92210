"""Addresses of this site that a page may send somebody to afterwards."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def local_next(request: HttpRequest, name: str = "next") -> str:
    """Return the address that the request wants to come back to, or "": never one of another site."""
    address = request.POST.get(name) or request.GET.get(name) or ""
    fits = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if fits else ""


def with_query(address: str, **values: object) -> str:
    """Return the address with further query parameters; empty ones are left out."""
    query = urlencode({name: str(value) for name, value in values.items() if value})
    return f"{address}{'&' if '?' in address else '?'}{query}" if query else address
