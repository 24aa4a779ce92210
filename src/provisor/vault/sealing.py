"""Sealing a secret for the one place where it is stored, and opening it there (R17)."""

import base64
import binascii
from typing import Final

from provisor.audit import chain
from provisor.vault import envelope
from provisor.vault.envelope import binding
from provisor.vault.keys import VaultError, key_id, ring

__all__ = ["VaultError", "binding", "read_text", "seal", "seal_text", "unseal", "unseal_text", "write_text"]

ALTERED: Final = (
    "This secret does not open: its row was altered, or it was copied from another one. "
    "Enter the credentials anew, and look in the audit trail for who changed the database."
)
#: What a sealed value begins with where it stands in a column of text.
_MARK: Final = "sealed1"


def seal(plain: bytes, *, bound_to: str) -> tuple[str, bytes]:
    """Encrypt for one place, within the transaction that stores it. Returns the id of the key and the sealed value.

    The turn of writers is taken first: whoever exchanges keys waits for it, so that no key is dropped between the
    sealing and the commit. Raises `provisor.audit.chain.OutsideTransactionError` outside a transaction.
    """
    chain.lock()
    key = ring().current
    return key_id(key), envelope.close(key, plain, bound_to)


def unseal(sealed_by: str, sealed: bytes, *, bound_to: str) -> bytes:
    """Decrypt what `seal` made for the same place. VaultError says what to do when that cannot be."""
    keys = ring()
    key = keys.find(sealed_by)
    if key is None:
        raise VaultError(
            f"This secret was encrypted with the key {sealed_by}, and the key in use is {keys.ids[0]}. "
            "Set PROVISOR_ENCRYPTION_KEY to the key that was in use then, or enter the credentials anew."
        )
    try:
        return envelope.open_sealed(key, sealed, bound_to)
    except envelope.AlteredError:
        raise VaultError(ALTERED) from None


def seal_text(plain: str, *, bound_to: str) -> str:
    """As `seal`, as one text that names its key: for a column or a JSON member that holds nothing else."""
    return write_text(*seal(plain.encode(), bound_to=bound_to))


def unseal_text(text: str, *, bound_to: str) -> str:
    """Decrypt what `seal_text` made for the same place. Raises VaultError."""
    found = read_text(text)
    if found is None:
        raise VaultError(ALTERED)
    return unseal(*found, bound_to=bound_to).decode()


def write_text(sealed_by: str, sealed: bytes) -> str:
    return f"{_MARK}.{sealed_by}.{base64.urlsafe_b64encode(sealed).decode('ascii')}"


def read_text(text: str) -> tuple[str, bytes] | None:
    """The id of the key and the sealed value of a text that `seal_text` made; None for any other text."""
    mark, _, rest = text.partition(".")
    sealed_by, _, encoded = rest.partition(".")
    if mark != _MARK or not sealed_by:
        return None
    try:
        return sealed_by, base64.b64decode(encoded, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
