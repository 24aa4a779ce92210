"""The data directory and the two keys that are generated into it."""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from provisor.site.environment import SettingsError, read, read_secret
from provisor.vault.keys import GivenKeys, KeyFile, KeySource

SECRET_KEY_FILE = "secret-key"  # noqa: S105 - the name of a file
ENCRYPTION_KEY_FILE = "encryption-key"
_SECRET_KEY_LENGTH = 32
_ENCRYPTION_KEY_BYTES = 32


def data_directory(environ: Mapping[str, str]) -> Path:
    """Where `PROVISOR_DATA_DIR` points, absolute; it need not exist yet."""
    directory = Path(read(environ, "PROVISOR_DATA_DIR") or "./var").expanduser().absolute()
    if directory.exists() and not directory.is_dir():
        raise SettingsError("PROVISOR_DATA_DIR", f'is "{directory}", which is not a directory', "a directory")
    return directory


def secret_key(environ: Mapping[str, str], directory: Path) -> str:
    """The key that signs sessions and links: from the environment, else from the data directory.

    Before `prepare` has run there may be neither. Then the key is good for this process only, which serves
    tests and type checkers, and nothing signed with it is meant to last.
    """
    given = read_secret(environ, "PROVISOR_SECRET_KEY")
    if given and len(given) < _SECRET_KEY_LENGTH:
        raise SettingsError(
            "PROVISOR_SECRET_KEY",
            f"has only {len(given)} characters",
            f"at least {_SECRET_KEY_LENGTH} random characters",
        )
    return given or _stored(directory / SECRET_KEY_FILE) or secrets.token_urlsafe(48)


def encryption_keys(environ: Mapping[str, str], directory: Path) -> KeySource:
    """The keys that encrypt secrets (32 bytes each, AES-256), with the same order of sources as `secret_key`.

    The first seals, all open. Both files are read again when they have changed, so that keys are exchanged while
    the service runs; only the one in the data directory is ever written.
    """
    variable = "PROVISOR_ENCRYPTION_KEY"
    given = read_secret(environ, variable)
    if given and (named := read(environ, f"{variable}_FILE")):
        return KeyFile(Path(named), partial(_all_keys, f"{variable}_FILE"), writable=False)
    if given:
        return GivenKeys(_all_keys(variable, given))
    file = directory / ENCRYPTION_KEY_FILE
    if _stored(file):
        return KeyFile(file, partial(_all_keys, f'The file "{file}"'), writable=True)
    return GivenKeys((secrets.token_bytes(_ENCRYPTION_KEY_BYTES),))


def spellings(key: bytes) -> tuple[str, ...]:
    """How a key may be written: what a log must never hold."""
    standard, for_addresses = base64.b64encode(key), base64.urlsafe_b64encode(key)
    return key.hex(), standard.decode("ascii"), for_addresses.decode("ascii")


def prepare(environ: Mapping[str, str]) -> Path:
    """Create the data directory (0700) and the keys that the environment does not give (0600)."""
    directory = data_directory(environ)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not read_secret(environ, "PROVISOR_SECRET_KEY"):
            _create_once(directory / SECRET_KEY_FILE, secrets.token_urlsafe(48))
        if not read_secret(environ, "PROVISOR_ENCRYPTION_KEY"):
            _create_once(directory / ENCRYPTION_KEY_FILE, _text(secrets.token_bytes(_ENCRYPTION_KEY_BYTES)))
    except OSError as error:
        raise SettingsError(
            "PROVISOR_DATA_DIR",
            f'is "{directory}", which cannot be written ({error.strerror})',
            "a directory that this process may create and write",
        ) from None
    return directory


def _create_once(file: Path, content: str) -> None:
    """Write a file that nobody else may read, unless it is there; two starts at once agree on one content."""
    if file.exists():
        return
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(content + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        # A link is never put in place of another: the first of two processes wins, whole.
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _stored(file: Path) -> str:
    try:
        mode, content = file.stat().st_mode, file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            f'The file "{file}"', "cannot be read", "the text that Provisor wrote into it"
        ) from None
    if mode & 0o077:
        raise SettingsError(
            f'The file "{file}"', "can be read by others", f'mode 600 (run: chmod 600 "{file}")'
        )
    if not content:
        raise SettingsError(
            f'The file "{file}"', "is empty", "the key that Provisor wrote into it (restore a backup)"
        )
    return content


def _text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode("ascii")


def _all_keys(source: str, text: str) -> tuple[bytes, ...]:
    """One key or more, separated by white space or commas; the first is the one that seals."""
    words = [word for word in re.split(r"[\s,]+", text) if word]
    return tuple(dict.fromkeys(_key_bytes(source, word) for word in words))


def _key_bytes(source: str, text: str) -> bytes:
    """Read 32 bytes from 64 hexadecimal digits or from base64 (RFC 4648, either alphabet)."""
    if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        return bytes.fromhex(text)
    try:
        key = base64.b64decode(
            text.rstrip("=").translate(_STANDARD) + "=" * (-len(text.rstrip("=")) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _ENCRYPTION_KEY_BYTES:
        raise SettingsError(
            source, "is not a key of 32 bytes", "32 random bytes in base64, or 64 hexadecimal digits"
        )
    return key


_STANDARD = str.maketrans("-_", "+/")
