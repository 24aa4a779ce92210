"""How a request proves who sends it: methods as data, and the headers they make."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from provisor.scim.addresses import EVERY_NETWORK, read_address
from provisor.scim.concealment import blot_out
from provisor.scim.errors import AddressRefused
from provisor.scim.oauth import ClientCredentials, SendForm

_VALUE_MAX: Final = 16 * 1024
_PRINTABLE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
#: Characters of a header name (RFC 9110, 5.6.2).
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
#: Headers that the door sets itself, or that change what a request is.
_RESERVED: Final = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "accept",
        "accept-encoding",
        "cookie",
        "if-match",
        "if-none-match",
        "proxy-authorization",
        "proxy-connection",
        "keep-alive",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialField:
    """One value of a method. A secret one is stored encrypted and never shown again."""

    name: str
    secret: bool
    description: str
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to authenticate, for forms and for the description of the interface."""

    name: str
    title: str
    fields: tuple[CredentialField, ...]


METHODS: Final[Mapping[str, Method]] = {
    method.name: method
    for method in (
        Method(
            name="bearer",
            title="Bearer token",
            fields=(
                CredentialField(name="token", secret=True, description="The token, without the word Bearer."),
            ),
        ),
        Method(
            name="basic",
            title="User name and password",
            fields=(
                CredentialField(name="username", secret=False, description="The name of the API account."),
                CredentialField(name="password", secret=True, description="Its password."),
            ),
        ),
        Method(
            name="header",
            title="Header of its own",
            fields=(
                CredentialField(name="name", secret=False, description="Name of the header, as X-API-Key."),
                CredentialField(name="value", secret=True, description="Value of the header."),
            ),
        ),
        Method(
            name="oauth2_client_credentials",
            title="OAuth 2.0 client credentials",
            fields=(
                CredentialField(name="token_url", secret=False, description="Where tokens are asked for."),
                CredentialField(name="client_id", secret=False, description="The id of the client."),
                CredentialField(name="client_secret", secret=True, description="The secret of the client."),
                CredentialField(
                    name="scope", secret=False, description="Scopes, apart by spaces.", required=False
                ),
            ),
        ),
    )
}


class Authentication(Protocol):
    """Makes the headers of a request. Its repr and its errors never show a secret."""

    async def headers(self) -> Mapping[str, str]:
        """The headers to send now; may ask for a token first. Raises NotSent when none is to be had."""

    async def refused(self, used: Mapping[str, str] | None = None) -> bool:
        """After a 401 to a request with the headers `used`: whether another try makes sense."""

    def conceal(self, text: bytes) -> bytes:
        """The text with every secret that an application may have echoed blotted out."""


class FixedHeaders:
    """Headers that never change: bearer token, basic, or a header of its own."""

    __slots__ = ("_headers", "_method", "_secrets")

    def __init__(self, method: str, headers: Mapping[str, str], secrets: tuple[bytes, ...]) -> None:
        self._method = method
        self._headers = headers
        self._secrets = secrets

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._method}>"

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    async def refused(self, used: Mapping[str, str] | None = None) -> bool:  # noqa: ARG002 - of the protocol
        return False

    def conceal(self, text: bytes) -> bytes:
        return blot_out(text, self._secrets)


def check_values(method: str, values: Mapping[str, str]) -> list[str]:
    """What keeps these values from being used, as sentences; an empty list when nothing does."""
    description = METHODS.get(method)
    if description is None:
        return [f'There is no authentication method "{method}". Known are: {", ".join(METHODS)}.']
    known = {field.name for field in description.fields}
    problems = [f'The method {method} has no value "{name}".' for name in values if name not in known]
    for field in description.fields:
        problems += _field_problems(field, values.get(field.name, ""))
    return problems or _special_problems(method, values)


def _field_problems(field: CredentialField, value: object) -> list[str]:
    if value in ("", None):
        return [f'The value "{field.name}" is missing.'] if field.required else []
    if not isinstance(value, str) or len(value) > _VALUE_MAX:
        return [f'The value "{field.name}" must be text of at most {_VALUE_MAX} characters.']
    if field.name in {"username", "password", "client_id", "client_secret"}:
        bad = any(character < " " or character == "\x7f" for character in value)
    else:
        bad = not _PRINTABLE.fullmatch(value)
    if bad:
        return [
            f'The value "{field.name}" holds a line break or a character that cannot be sent. Copy it again.'
        ]
    return []


def _special_problems(method: str, values: Mapping[str, str]) -> list[str]:
    if method == "bearer" and " " in values["token"]:
        return ['The value "token" holds a space. Give the token only, without the word "Bearer".']
    if method == "basic" and ":" in values["username"]:
        return ['The value "username" holds a colon, which basic authentication cannot send (RFC 7617).']
    if method == "header":
        return _header_problems(values["name"])
    return _token_address_problems(values["token_url"]) if "token_url" in values else []


def _header_problems(name: str) -> list[str]:
    if not _TOKEN.fullmatch(name):
        return [f'"{name}" is no name of a header. Use letters, digits and hyphens.']
    if name.lower() in _RESERVED:
        return [f'The header "{name}" is set by Provisor itself. Use the one the application documents.']
    return []


def _token_address_problems(address: str) -> list[str]:
    """Form only: networks are judged with the transport's private targets, when a token is asked for."""
    if not address.startswith(("https://", "http://")):
        return ['The value "token_url" must begin with "https://".']
    try:
        read_address(address.replace("http://", "https://", 1).partition("?")[0], EVERY_NETWORK)
    except AddressRefused as problem:
        return [problem.sentence]
    return []


def build(method: str, values: Mapping[str, str], send_form: SendForm) -> Authentication:
    """The authentication of an application. Raises ValueError with the sentences of `check_values`."""
    problems = check_values(method, values)
    if problems:
        raise ValueError(" ".join(problems))
    if method == "bearer":
        return _fixed(method, "Authorization", f"Bearer {values['token']}", values["token"])
    if method == "basic":
        pair = base64.b64encode(f"{values['username']}:{values['password']}".encode()).decode()
        return _fixed(method, "Authorization", f"Basic {pair}", pair, values["password"])
    if method == "header":
        return _fixed(method, values["name"], values["value"], values["value"])
    return ClientCredentials(values, send_form)


def _fixed(method: str, name: str, value: str, *secrets: str) -> FixedHeaders:
    return FixedHeaders(method, {name: value}, tuple(secret.encode() for secret in secrets))
