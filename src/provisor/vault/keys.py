"""The key-encryption keys of the installation: the first seals, all open.

Where they come from is the site's business (`ENCRYPTION_KEYS` of the settings): the environment, which stands for
the life of a process, or a file, which is read again when it has changed, so that keys are exchanged while the
service runs.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from django.conf import settings

from provisor.vault.envelope import KEY_BYTES


class VaultError(Exception):
    """A secret cannot be sealed or opened. Neither the secret nor a key is ever in it."""


def key_id(key: bytes) -> str:
    """What a key is called in a row: the first eight hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


class KeySource(Protocol):
    """Where the keys come from."""

    @property
    def writable(self) -> bool:
        """Whether Provisor made the place itself, and may write other keys there."""

    @property
    def name(self) -> str:
        """What the place is called in a sentence."""

    def read(self) -> tuple[bytes, ...]: ...

    def write(self, keys: Sequence[bytes]) -> None: ...


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """Keys of the environment: those of the start, as long as the process lives."""

    keys: tuple[bytes, ...] = field(repr=False)
    name: str = "PROVISOR_ENCRYPTION_KEY"
    writable: bool = False

    def read(self) -> tuple[bytes, ...]:
        return self.keys

    def write(self, keys: Sequence[bytes]) -> None:  # noqa: ARG002 - as every source takes them
        raise VaultError(f"Provisor cannot write {self.name}: change it where it is set.")


class KeyFile:
    """A file with one key or more, one on each line. `parse` reads its text; it raises for what is no key."""

    def __init__(self, path: Path, parse: Callable[[str], tuple[bytes, ...]], *, writable: bool) -> None:
        self._path, self._parse, self.writable = path, parse, writable
        self.name = f'the file "{path}"'
        self._mark: tuple[int, int, int] | None = None
        self._keys: tuple[bytes, ...] = ()
        self.read()

    def read(self) -> tuple[bytes, ...]:
        """The keys, read again if the file is another one than last time.

        A file that cannot be read for a moment, as while a platform exchanges it, takes no key away.
        """
        try:
            mark = _mark(self._path)
            if mark != self._mark:
                self._keys = self._parse(self._path.read_text(encoding="ascii"))
                self._mark = mark
        except (OSError, UnicodeDecodeError):
            if not self._keys:
                raise
        return self._keys

    def write(self, keys: Sequence[bytes]) -> None:
        """Put these keys in place of the file, whole or not at all."""
        if not self.writable:
            raise VaultError(f"Provisor does not write {self.name}: it was named by the environment.")
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
            stream.writelines(f"{key.hex()}\n" for key in keys)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self._path)
        _settle(self._path.parent)


def _mark(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _settle(directory: Path) -> None:
    """See that the new name is on the disk too, not only the new content."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys at this moment, by id; the first seals."""

    keys: tuple[bytes, ...] = field(repr=False)

    @property
    def current(self) -> bytes:
        return self.keys[0]

    @property
    def ids(self) -> list[str]:
        return [key_id(key) for key in self.keys]

    def find(self, wanted: str) -> bytes | None:
        return next((key for key in self.keys if key_id(key) == wanted), None)


def source() -> KeySource:
    """Where the keys of this installation come from."""
    found: KeySource = settings.ENCRYPTION_KEYS
    return found


def ring() -> KeyRing:
    """The keys of this installation now. Raises VaultError when there is none that can be used."""
    keys = source().read()
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise VaultError("There is no usable encryption key. Set PROVISOR_ENCRYPTION_KEY to 32 random bytes.")
    return KeyRing(keys)
