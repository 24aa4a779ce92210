"""What django-allauth asks a provider over HTTP leaves by the one door (R16), and not by a stack of its own.

The library asks its adapter for a session of `requests`. It gets this one, which speaks through `scim/transport.py`: every
address is checked, nothing is redirected, answers are bounded. It has what the library uses of a session, and no more.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlencode

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings

from provisor.scim.errors import ScimFailure
from provisor.scim.limits import TransportLimits
from provisor.scim.transport import Request, Response, Transport

LIMITS: Final = TransportLimits(body=256 * 1024, connect=5, read=10, total=15)
_FIRST_ERROR: Final = 400


class Answer:
    """An answer, with the names of `requests`."""

    def __init__(self, response: Response) -> None:
        self.status_code = response.status
        self.headers = response.headers
        self.content = response.body

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        try:
            return json.loads(self.content)
        except ValueError:
            raise OAuth2Error("The provider answered with something that is no JSON.") from None

    def raise_for_status(self) -> None:
        if self.status_code >= _FIRST_ERROR:
            raise OAuth2Error(f"The provider answered {self.status_code}.")


class DoorSession:
    """A session of one sign-in. What goes wrong is an `OAuth2Error`, which the library takes for a refusal."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Each request has closed its connection."""

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        return self.request("GET", url, headers=headers)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
    ) -> Answer:
        sent = {"Accept": "application/json", **(headers or {}), **_basic(auth)}
        body = None
        if data is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(data).encode()
        place, _, query = url.partition("?")
        asked = (*parse_qsl(query, keep_blank_values=True), *(params or {}).items())
        path = "/" if place.endswith("/") else ""
        request = Request(method=method, url_path=path, query=asked, headers=sent, body=body)
        try:
            return Answer(asyncio.run(_send(place, request)))
        except ScimFailure as failure:
            raise OAuth2Error(failure.sentence) from None


async def _send(place: str, request: Request) -> Response:
    door = Transport(place, private_targets=settings.PRIVATE_TARGETS, connections=1, limits=LIMITS)
    try:
        return await door.send(request)
    finally:
        await door.close()


def _basic(auth: Any) -> dict[str, str]:
    """What allauth gives for `client_secret_basic`: user name and password."""
    if auth is None:
        return {}
    pair = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode("ascii")
    return {"Authorization": f"Basic {pair}"}
