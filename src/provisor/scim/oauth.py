"""OAuth 2.0 client credentials (RFC 6749, 4.4): one token, asked for once, renewed before it expires."""

import asyncio
import base64
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from provisor.scim.concealment import blot_out
from provisor.scim.errors import NotSent, ScimFailure, Unreadable
from provisor.scim.json_body import parse_json, plain_text
from provisor.scim.retry_after import parse_retry_after
from provisor.scim.transport import Response

#: Seconds before its expiry at which a token is renewed.
RENEW_BEFORE: Final = 60.0
#: Life of a token of which the answer does not say how long it lives, in seconds.
_UNSTATED_LIFE: Final = 3600.0
_LONGEST_LIFE: Final = 30 * 24 * 3600.0
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")
_OK: Final = 200
_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_SERVER_ERRORS: Final = 500
_THROTTLED: Final = 429

#: Which setting to look at, by the error code of RFC 6749, 5.2.
_ADVICE: Final = {
    "invalid_client": 'Look at the settings "client_id" and "client_secret": the pair is not accepted.',
    "unauthorized_client": "The client is known, but may not use client credentials. Allow it there.",
    "invalid_scope": 'Look at the setting "scope": it is unknown there, or not granted to this client.',
    "unsupported_grant_type": 'Look at the setting "token_url": this address gives no client credentials tokens.',
    "invalid_grant": 'Look at the settings "client_id" and "client_secret": the grant is not accepted.',
    "invalid_request": 'Look at the settings "token_url" and "scope": something is missing in the request.',
}
#: Errors that a server also gives when it looks for the client in the other place.
_CLIENT_NOT_SEEN: Final = frozenset({"", "invalid_client", "invalid_request"})
_OTHER_ADVICE: Final = 'Look at the setting "token_url".'

SendForm = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[Response]]


class TokenRefused(NotSent):
    """No token was to be had, so the request itself was not sent.

    `status` is 401 where a person must act (wrong client, wrong scope): it stops the application like a
    401 of its own. Where the token service is ill it is the status of that service, and retryable.
    """

    def __init__(
        self,
        sentence: str,
        *,
        status: int,
        retryable: bool,
        detail: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence, status=status, detail=detail, retry_after=retry_after)
        self.retryable = retryable


class ClientCredentials:
    """Keeps a bearer token of the token address fresh. `clock` counts seconds and never goes back."""

    def __init__(
        self, values: Mapping[str, str], send_form: SendForm, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = values["token_url"]
        self._client_id = values["client_id"]
        self._secret = values["client_secret"]
        self._scope = values.get("scope") or ""
        self._send_form = send_form
        self._clock = clock
        self._lock = asyncio.Lock()
        self._headers: dict[str, str] | None = None
        self._token = ""
        self._renew_at = 0.0
        self._in_header = True
        self._failures = 0
        self._failure: NotSent | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._address}>"

    async def headers(self) -> Mapping[str, str]:
        """The Authorization header, with a token that lives on for a while. Raises NotSent."""
        headers = self._headers
        if headers is not None and self._clock() < self._renew_at:
            return headers
        failures = self._failures
        async with self._lock:
            if self._headers is None or self._clock() >= self._renew_at:
                if self._failure is not None and failures != self._failures:
                    # Somebody asked in vain while this request waited: to ask again at once helps nobody.
                    raise self._failure
                await self._renew()
            assert self._headers is not None
            return self._headers

    async def refused(self, used: Mapping[str, str] | None = None) -> bool:
        """Forget the token that was refused, unless another request has replaced it already."""
        if used is None or used is self._headers:
            self._headers = None
        return True

    def conceal(self, text: bytes) -> bytes:
        return blot_out(text, (self._token.encode(), self._secret.encode()))

    async def _renew(self) -> None:
        asked_at = self._clock()
        try:
            token, life = self._read(await self._ask())
        except NotSent as failure:
            self._failures += 1
            self._failure = failure
            raise
        self._failure = None
        self._token = token
        self._headers = {"Authorization": f"Bearer {token}"}
        # A token that lives for less than two minutes is used for half of its life.
        self._renew_at = asked_at + life - min(RENEW_BEFORE, life / 2)

    async def _ask(self) -> Response:
        """Ask with the client in the Authorization header, and where that is refused, in the form.

        Every server must accept the header (RFC 6749, 2.3.1); not all do. The way that worked is kept.
        """
        response = await self._post()
        if response.status in {400, _UNAUTHORIZED} and _error_code(response) in {
            "",
            "invalid_client",
            "invalid_request",
        }:
            self._in_header = not self._in_header
            other = await self._post()
            if other.status == _OK:
                return other
            self._in_header = not self._in_header
        return response

    async def _post(self) -> Response:
        form = {"grant_type": "client_credentials"}
        headers = {"Accept": "application/json"}
        if self._scope:
            form["scope"] = self._scope
        if self._in_header:
            headers["Authorization"] = f"Basic {self._basic()}"
        else:
            form |= {"client_id": self._client_id, "client_secret": self._secret}
        try:
            return await self._send_form(self._address, form, headers)
        except NotSent:
            raise
        except ScimFailure as failure:
            # To the request that needs the token, a token service without an answer means: not sent.
            raise NotSent(f"No token was to be had. {failure.sentence}") from failure

    def _basic(self) -> str:
        pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"
        return base64.b64encode(pair.encode()).decode()

    def _read(self, response: Response) -> tuple[str, float]:
        """The token and its life in seconds. Raises TokenRefused."""
        if response.status != _OK:
            raise self._refusal(response)
        answer = self._object(response)
        token = answer.get("access_token")
        kind = str(answer.get("token_type") or "Bearer")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token) or kind.lower() != "bearer":
            raise self._unusable("holds no bearer token that can be used")
        return token, _life(answer.get("expires_in"))

    def _object(self, response: Response) -> dict[str, Any]:
        try:
            answer = parse_json(response.body)
        except Unreadable as problem:
            raise self._unusable("is no JSON") from problem
        if not isinstance(answer, dict):
            raise self._unusable("is no JSON object")
        return answer

    def _unusable(self, what: str) -> TokenRefused:
        return TokenRefused(
            f'The answer of the token address "{self._address}" {what}. {_OTHER_ADVICE}',
            status=_UNAUTHORIZED,
            retryable=False,
        )

    def _refusal(self, response: Response) -> TokenRefused:
        if response.status >= _SERVER_ERRORS or response.status == _THROTTLED:
            return TokenRefused(
                f'The token address "{self._address}" answered with status {response.status}. '
                "It will be asked again.",
                status=response.status,
                retryable=True,
                retry_after=parse_retry_after(response.headers.get("retry-after", ""), now=time.time()),
            )
        code = _error_code(response)
        said = f": {code}" if code else ""
        return TokenRefused(
            f'The token address "{self._address}" gave no token (status {response.status}{said}). '
            f"{_ADVICE.get(code, _OTHER_ADVICE)}",
            status=_UNAUTHORIZED,
            detail=code,
            retryable=False,
        )


def _error_code(response: Response) -> str:
    """The error code of RFC 6749, 5.2, and nothing else of the answer: a description could echo the secret."""
    try:
        answer = parse_json(response.body)
    except Unreadable:
        return ""
    code = answer.get("error") if isinstance(answer, dict) else None
    return plain_text(code, 60) if isinstance(code, str) and code in _ADVICE else ""


def _life(value: object) -> float:
    try:
        life = float(value)  # type: ignore[arg-type]  # whatever it is, it was in JSON
    except (TypeError, ValueError):
        return _UNSTATED_LIFE
    return min(life, _LONGEST_LIFE) if life > 0 else _UNSTATED_LIFE
