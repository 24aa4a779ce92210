"""Uploaded files between their preview and the end of their import: in the data directory, for nobody else."""

import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from django.conf import settings

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

#: Seconds after which a file that nobody imported is deleted.
KEPT: Final = 24 * 60 * 60
_OWNER_ONLY: Final = 0o600
#: A request and its work may write to one note.
_writing: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Upload:
    """One file, and the note beside it: whose it is, its name, its preview, and the work that reads or imports it."""

    id: str
    note: dict[str, Any]

    @property
    def name(self) -> str:
        """The name that the file had on the person's machine."""
        return str(self.note["name"])

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return _file(self.id).stat().st_size

    def read(self) -> bytes:
        """Return the content. Raises `FileNotFoundError` when it was discarded meanwhile."""
        return _file(self.id).read_bytes()

    def remember(self, **facts: Any) -> None:
        """Write facts to the note, at once and whole."""
        with _writing:
            self.note.update(facts)
            _write_note(self.id, self.note)

    def discard(self) -> None:
        """Delete the file and its note."""
        _file(self.id).unlink(missing_ok=True)
        _note(self.id).unlink(missing_ok=True)


def keep(file: "UploadedFile[Any]", *, account: UUID, kind: str) -> Upload:
    """Store an upload of this account, and delete those that nobody came back to."""
    _directory().mkdir(mode=0o700, exist_ok=True)
    _sweep()
    upload = Upload(uuid4().hex, {"account": str(account), "kind": kind, "name": (file.name or "")[:200]})
    with os.fdopen(
        os.open(_file(upload.id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb"
    ) as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    upload.remember()
    return upload


def found(text: str, *, account: UUID, kind: str) -> Upload | None:
    """Return the account's upload of this id and kind, if it is still there."""
    try:
        identifier = UUID(text).hex
        note = json.loads(_note(identifier).read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return None
    ours = note["account"] == str(account) and note["kind"] == kind and _file(identifier).exists()
    return Upload(identifier, note) if ours else None


def _write_note(identifier: str, note: dict[str, Any]) -> None:
    written = _directory() / f"{identifier}.new"
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "w") as file:
        json.dump(note, file)
    written.replace(_note(identifier))


def _sweep() -> None:
    oldest = time.time() - KEPT
    for path in _directory().iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _directory() -> Path:
    return Path(settings.DATA_DIR) / "uploads"


def _file(identifier: str) -> Path:
    return _directory() / f"{identifier}.csv"


def _note(identifier: str) -> Path:
    return _directory() / f"{identifier}.json"
