"""The engine lock: one process at a time writes to applications (engine.md, section 10)."""

import fcntl
import os
from pathlib import Path
from typing import IO


class EngineRunsError(Exception):
    """Another process runs the engine on this data directory."""


class ProcessLock:
    """An advisory lock on a file; the kernel gives it back when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock at once or raise EngineRunsError."""
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            sentence = f"The engine of this data directory runs already ({holder}). Only one process may write to applications."
            raise EngineRunsError(sentence) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def engine_runs(path: Path) -> bool:
    """Tell whether some process holds the lock."""
    if not path.exists():
        return False
    lock = ProcessLock(path)
    try:
        lock.acquire()
    except EngineRunsError:
        return True
    lock.release()
    return False
