"""The installation that is measured: made in a temporary directory, or kept in one for the next time."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.console.size import Size

OWNER = "owner@example.com"
#: Beside the data: what it was made for.
_NOTE = "bench-console.json"
_SOURCES = Path(__file__).parent
_MIGRATIONS = _SOURCES.parents[1] / "src" / "provisor"


@contextmanager
def installation(size: Size, keep: Path | None) -> Iterator[None]:
    """Start Django on a data directory of this size; one that is kept is made again when it does not fit any more.

    Once in a process: settings are read once. Raises RuntimeError for a directory that this did not make.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="provisor-bench-") as name:
            _open(Path(name), size)
            yield
        return
    _open(keep.absolute(), size)
    yield


def _open(directory: Path, size: Size) -> None:
    for name in [name for name in os.environ if name.startswith("PROVISOR_")]:
        del os.environ[name]
    os.environ["PROVISOR_DATA_DIR"] = str(directory)
    fits = _fits(directory, size)
    if not fits:
        _clear(directory)
    from provisor.site.start import start

    start()
    if not fits:
        _make(size)
        (directory / _NOTE).write_text(json.dumps(_wanted(size)))


def _wanted(size: Size) -> dict[str, object]:
    return {**asdict(size), "made_by": _fingerprint()}


def _fits(directory: Path, size: Size) -> bool:
    note = directory / _NOTE
    return note.is_file() and json.loads(note.read_text()) == _wanted(size)


def _fingerprint() -> str:
    """Of the tables and of what fills them: after a change of either, kept data is of no use."""
    files = [*sorted(_MIGRATIONS.glob("*/migrations/0*.py")), *sorted(_SOURCES.glob("*.py"))]
    made = [
        file
        for file in files
        if file.parent != _SOURCES or file.stem in ("company", "links", "history", "drift")
    ]
    return hashlib.sha256(b"".join(file.read_bytes() for file in made)).hexdigest()


def _clear(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()):
        if not (directory / _NOTE).is_file():
            raise RuntimeError(
                f'"{directory}" holds something that this benchmark did not make. Name an empty one.'
            )
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    # From the beginning, so that half of it is made anew and not taken for something else.
    (directory / _NOTE).write_text("{}")


def _make(size: Size) -> None:
    from django.core.management import call_command
    from django.db import connection

    from bench.console.company import found
    from bench.console.drift import write_drift
    from bench.console.history import write_history
    from bench.console.links import settle_links

    # What a loss of power would take is made anew.
    connection.cursor().execute("PRAGMA synchronous=OFF")
    steps = (
        ("tables", lambda: call_command("migrate", verbosity=0, interactive=False)),
        ("people, groups, policies", lambda: found(size)),
        ("links", settle_links),
        ("history", lambda: write_history(OWNER)),
        ("drift", write_drift),
    )
    for name, step in steps:
        began = time.monotonic()
        step()
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
