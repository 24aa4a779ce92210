"""The variables that name addresses: who may ask, where Provisor is reached, where targets may live, e-mail."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from provisor.site.environment import SettingsError

Network = IPv4Network | IPv6Network

_HOST = re.compile(
    r"\.?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\]", re.IGNORECASE
)
_LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicUrl:
    """Where browsers reach Provisor. `origin` is empty when nothing was set."""

    origin: str
    host: str
    secure: bool


def read_public_url(text: str) -> PublicUrl:
    """Read `PROVISOR_PUBLIC_URL`, an origin: `https://provisor.example.com`."""
    if not text:
        return PublicUrl(origin="", host="localhost", secure=False)
    parts = _origin(text)
    origin = f"{parts.scheme}://{parts.netloc.lower()}"
    host = parts.hostname or ""
    return PublicUrl(origin=origin, host=f"[{host}]" if ":" in host else host, secure=parts.scheme == "https")


def _origin(text: str) -> SplitResult:
    variable, expected = (
        "PROVISOR_PUBLIC_URL",
        "an address without a path, such as https://provisor.example.com",
    )
    parts = _split(variable, text, expected)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(variable, "is no http:// or https:// address", expected)
    if parts.username is not None or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise SettingsError(variable, "has more than scheme, host and port", expected)
    return parts


def _split(variable: str, text: str, expected: str) -> SplitResult:
    """Split an address, and read its port, which is where `urllib` notices a bad one."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise SettingsError(variable, "is not an address, or its port is no number", expected) from None
    return parts


def read_allowed_hosts(text: str, public: PublicUrl) -> list[str]:
    """Read `PROVISOR_ALLOWED_HOSTS`; the host of the public URL is always among them."""
    given = _words(text)
    for host in given:
        if not _HOST.fullmatch(host):
            raise SettingsError(
                "PROVISOR_ALLOWED_HOSTS",
                f'has "{host}", which is no host name',
                "host names without scheme or port, separated by commas; .example.com for all below it",
            )
    return list(dict.fromkeys([*(given or _LOCAL_HOSTS), public.host]))


def read_private_targets(text: str) -> tuple[Network, ...]:
    """Read `PROVISOR_PRIVATE_TARGETS`, the networks where targets may live although they are private."""
    return tuple(_network(word) for word in _words(text))


def _network(word: str) -> Network:
    variable, expected = (
        "PROVISOR_PRIVATE_TARGETS",
        "networks such as 10.20.0.0/16 or ::1/128, separated by commas",
    )
    try:
        loose = ip_network(word, strict=False)
    except ValueError:
        raise SettingsError(variable, f'has "{word}", which is no network', expected) from None
    if "/" in word and str(loose.network_address) != str(ip_network(word.partition("/")[0]).network_address):
        wrong = f'has "{word}", which is an address inside a network'
        raise SettingsError(variable, wrong, f"the network itself, {loose}, or the single address without /")
    return loose


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]


def read_email(url: str) -> dict[str, object]:
    """Turn `PROVISOR_EMAIL_URL` into Django's settings; without it no e-mail leaves.

    `smtp://` is plain, `smtp+starttls://` upgrades to TLS, `smtps://` is TLS from the first byte.
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = _mail_server(url)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or _MAIL_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }


_MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def _mail_server(url: str) -> SplitResult:
    variable = "PROVISOR_EMAIL_URL"
    expected = "smtps://user:password@host, smtp+starttls://user:password@host:587 or smtp://host:25"
    parts = _split(variable, url, expected)
    if parts.scheme not in _MAIL_PORTS or not parts.hostname:
        raise SettingsError(variable, "is no address of a mail server", expected)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise SettingsError(variable, "has more than scheme, user, password, host and port", expected)
    return parts


def read_email_from(text: str, public: PublicUrl) -> str:
    """Read `PROVISOR_EMAIL_FROM`; the default is `provisor@` the public host."""
    if not text:
        return f"provisor@{public.host}"
    address = re.search(r"<([^<>]*)>$", text)
    try:
        validate_email(address.group(1) if address else text)
    except ValidationError:
        expected = "an address such as provisor@example.com or Provisor <provisor@example.com>"
        raise SettingsError(
            "PROVISOR_EMAIL_FROM", f'is "{text}", which is no e-mail address', expected
        ) from None
    return text
