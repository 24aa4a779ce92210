"""Secrets at rest (R17): an AES-256-GCM envelope, bound to the row and the field that it was sealed for.

Each secret is encrypted with a random data key of its own; the data key is encrypted ("wrapped") with the
key-encryption key of the installation. Both carry the binding as associated data, so that a sealed value
that was copied into another row or field does not open there. Layout of a sealed value:

    format (1 byte) | nonce (12) | wrapped data key (32 + 16) | nonce (12) | ciphertext and tag

A new key-encryption key needs only the wrapped data keys to be written anew.
"""

import hashlib
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_FORMAT: Final = b"\x01"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_WRAPPED_BYTES: Final = _NONCE_BYTES + _KEY_BYTES + _TAG_BYTES
_ALTERED: Final = (
    "This secret does not open: its row was altered, or it was copied from another one. "
    "Enter the credentials anew, and look in the audit trail for who changed the database."
)


class VaultError(Exception):
    """A secret cannot be sealed or opened. Neither the secret nor a key is ever in it."""


def binding(table: str, row: object, field: str) -> str:
    """The associated data of one field of one row.

    ValueError when a part holds the separator: two different fields must never have one binding.
    """
    parts = ("provisor", table, str(row), field)
    if any("|" in part for part in parts):
        raise ValueError("A part of a binding must not contain a vertical bar.")
    return "|".join(parts)


def seal(plain: bytes, *, bound_to: str) -> tuple[str, bytes]:
    """Encrypt for one place. Returns the id of the key-encryption key and the sealed value."""
    key, place = _key(), bound_to.encode()
    data_key = AESGCM.generate_key(bit_length=8 * _KEY_BYTES)
    return key_id(key), _FORMAT + _encrypt(key, data_key, place) + _encrypt(data_key, plain, place)


def unseal(sealed_by: str, sealed: bytes, *, bound_to: str) -> bytes:
    """Decrypt what `seal` made for the same place. VaultError says what to do when that cannot be."""
    key, place = _key(), bound_to.encode()
    if sealed_by != key_id(key):
        raise VaultError(
            f"This secret was encrypted with the key {sealed_by}, and the key in use is {key_id(key)}. "
            "Set PROVISOR_ENCRYPTION_KEY to the key that was in use then, or enter the credentials anew."
        )
    wrapped, ciphertext = sealed[1 : 1 + _WRAPPED_BYTES], sealed[1 + _WRAPPED_BYTES :]
    try:
        plain = _decrypt(_decrypt(key, wrapped, place), ciphertext, place)
    except (InvalidTag, ValueError):
        raise VaultError(_ALTERED) from None
    if sealed[:1] != _FORMAT:
        raise VaultError(_ALTERED)
    return plain


def key_id(key: bytes) -> str:
    """What a key is called in a row: the first eight hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


def _key() -> bytes:
    key = getattr(settings, "ENCRYPTION_KEY", None)
    if not isinstance(key, bytes) or len(key) != _KEY_BYTES:
        raise VaultError("There is no usable encryption key. Set PROVISOR_ENCRYPTION_KEY to 32 random bytes.")
    return key


def _encrypt(key: bytes, plain: bytes, place: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place)


def _decrypt(key: bytes, sealed: bytes, place: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
