"""Sessions in the database, found by a hash of their key: who reads the table cannot take one over."""

import hashlib
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession


def stored_key(session_key: str) -> str:
    """The first 160 bits of SHA-256, as long as the column is wide."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:40]


class SessionStore(DatabaseSessionStore):
    """Django's store with the key hashed on its way into each query."""

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        clear = self._session_key
        self._session_key = stored_key(clear) if clear else clear
        found: AbstractBaseSession | None = super()._get_session_from_db()  # type: ignore[misc]  # left out of the stubs
        # Django forgets the key of a session that is not there; so do we.
        self._session_key = clear if found else None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(stored_key(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        instance = super().create_model_instance(data)
        instance.session_key = stored_key(instance.session_key)
        return instance

    def delete(self, session_key: str | None = None) -> None:
        clear = session_key or self.session_key
        if clear:
            super().delete(stored_key(clear))

    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        return await sync_to_async(self.create_model_instance)(data)

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)
