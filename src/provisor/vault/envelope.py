"""The envelope of a secret: AES-256-GCM, with a data key of its own, bound to the place that it was sealed for.

Each secret is encrypted with a random data key; the data key is encrypted ("wrapped") with a key-encryption key.
Both carry the binding as associated data, so that a sealed value that was copied into another row or field does
not open there. Layout of a sealed value:

    format (1 byte) | nonce (12) | wrapped data key (32 + 16) | nonce (12) | ciphertext and tag

A new key-encryption key needs only the wrapped data keys to be written anew.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_FORMAT: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_WRAPPED_BYTES: Final = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES


class AlteredError(Exception):
    """The value does not open: it was altered, belongs elsewhere, or another key sealed it."""


def binding(table: str, row: object, field: str) -> str:
    """The associated data of one field of one row.

    ValueError when a part holds the separator: two different fields must never have one binding.
    """
    parts = ("provisor", table, str(row), field)
    if any("|" in part for part in parts):
        raise ValueError("A part of a binding must not contain a vertical bar.")
    return "|".join(parts)


def close(key: bytes, plain: bytes, place: str) -> bytes:
    """Encrypt for one place, under a new data key that `key` wraps."""
    data_key = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
    bound = place.encode()
    return _FORMAT + _encrypt(key, data_key, bound) + _encrypt(data_key, plain, bound)


def open_sealed(key: bytes, sealed: bytes, place: str) -> bytes:
    """Decrypt what `close` made for the same place with the same key. Raises AlteredError."""
    data_key = _data_key(key, sealed, place)
    return _decrypt(data_key, sealed[1 + _WRAPPED_BYTES :], place.encode())


def rewrap(old: bytes, new: bytes, sealed: bytes, place: str) -> bytes:
    """Wrap the data key with another key; the secret itself is opened once, to prove the value whole.

    Raises AlteredError: a damaged value must not get a good wrapping.
    """
    open_sealed(old, sealed, place)
    data_key = _data_key(old, sealed, place)
    return _FORMAT + _encrypt(new, data_key, place.encode()) + sealed[1 + _WRAPPED_BYTES :]


def _data_key(key: bytes, sealed: bytes, place: str) -> bytes:
    if sealed[:1] != _FORMAT:
        raise AlteredError
    return _decrypt(key, sealed[1 : 1 + _WRAPPED_BYTES], place.encode())


def _encrypt(key: bytes, plain: bytes, place: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place)


def _decrypt(key: bytes, sealed: bytes, place: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
    except (InvalidTag, ValueError):
        raise AlteredError from None
