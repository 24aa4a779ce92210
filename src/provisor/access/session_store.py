"""Sessions in the database: found by a hash of their key, and encrypted.

Who reads the table can neither take a session over nor see what is in it: codes that were sent by e-mail, the secret of
an authenticator app that is being set up, a form that waits for its sender to prove who they are.
"""

import base64
import binascii
import hashlib
import os
import zlib
from functools import lru_cache
from typing import Any, Final

from asgiref.sync import sync_to_async
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession

from provisor.access.sessions import describe

_NONCE_BYTES: Final = 12
_PURPOSE: Final = b"provisor session"


def stored_key(session_key: str) -> str:
    """The first 160 bits of SHA-256, as long as the column is wide."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:40]


class SessionStore(DatabaseSessionStore):
    """Django's store with the key hashed on its way into each query, and the content encrypted."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """AES-256-GCM with a key that is derived from `SECRET_KEY`, as Django's own signature is."""
        plain = zlib.compress(self.serializer().dumps(session_dict))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + _cipher(settings.SECRET_KEY).encrypt(nonce, plain, _PURPOSE)
        return base64.b64encode(sealed).decode("ascii")

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return an empty session for what was altered or written with another key, as Django does."""
        try:
            sealed = base64.b64decode(session_data, validate=True)
            cipher = _cipher(settings.SECRET_KEY)
            plain = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _PURPOSE)
        except (InvalidTag, binascii.Error, ValueError):
            return {}
        found: dict[str, Any] = self.serializer().loads(zlib.decompress(plain))
        return found

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        """Our own table: an account can be shown its sessions."""
        from provisor.access.models import Session

        return Session

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
        describe(instance, data)
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


@lru_cache(maxsize=4)
def _cipher(secret: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode()))
