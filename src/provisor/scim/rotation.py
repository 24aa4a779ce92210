"""Two credentials, so that a token is rotated without a gap: when the application refuses one, the other is used."""

from collections.abc import Mapping
from typing import Final

from provisor.scim.authentication import Authentication
from provisor.scim.oauth import TokenRefused

_UNAUTHORIZED: Final = 401


class Rotation:
    """Uses the first of two authentications until it is refused (401), and from then on the second."""

    __slots__ = ("_current", "_first", "_second")

    def __init__(self, first: Authentication, second: Authentication) -> None:
        self._first, self._second, self._current = first, second, first

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._first!r} {self._second!r}>"

    @property
    def turned(self) -> bool:
        """Whether the first one was refused."""
        return self._current is self._second

    async def headers(self) -> Mapping[str, str]:
        """The headers of the one in use. Raises NotSent when no token is to be had for either."""
        if self.turned:
            return await self._second.headers()
        try:
            return await self._first.headers()
        except TokenRefused as refusal:
            if refusal.status != _UNAUTHORIZED:
                raise
        self._current = self._second
        return await self._second.headers()

    async def refused(self, used: Mapping[str, str] | None = None) -> bool:
        """Whether another try makes sense: with a new token, or with the second credential."""
        if self.turned:
            with_former = used is not None and used is not await self._second.headers()
            return with_former or await self._second.refused(used)
        if not await self._first.refused(used):
            self._current = self._second
        return True

    def conceal(self, text: bytes) -> bytes:
        """The text with the secrets of both blotted out."""
        return self._second.conceal(self._first.conceal(text))
