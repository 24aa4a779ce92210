"""The demo's own data directory, made anew on each run, and an environment in which nothing else counts."""

import os
import shutil
from pathlib import Path
from typing import Final

from provisor.cli.refusals import CommandRefusal

_MARK: Final = ".provisor-demo"
_LOOPBACK: Final = "127.0.0.0/8"


def make_place(directory: Path) -> Path:
    """Empty or create the directory. Raises `CommandRefusal` for one that no demo has made, or that a demo uses."""
    directory = directory.absolute()
    try:
        if directory.is_symlink() or (directory.exists() and not _is_ours(directory)):
            raise CommandRefusal(
                f'"{directory}" is there and was not made by a demo, so it is left alone. Move it, or start the demo elsewhere.'
            )
        if directory.exists():
            _refuse_in_use(directory)
            shutil.rmtree(directory)
        directory.mkdir(mode=0o700, parents=True)
        (directory / _MARK).write_text("Made by provisor demo, and made anew by the next one.\n")
    except OSError as error:
        raise CommandRefusal(
            f'The directory "{directory}" cannot be made anew ({error.strerror}). Start the demo where you may write.'
        ) from None
    return directory


def set_environment(directory: Path) -> None:
    """Let the settings see this directory and loopback targets, and nothing of another installation."""
    for name in [name for name in os.environ if name.startswith("PROVISOR_")]:
        del os.environ[name]
    os.environ["PROVISOR_DATA_DIR"] = str(directory)
    os.environ["PROVISOR_PRIVATE_TARGETS"] = _LOOPBACK


def _is_ours(directory: Path) -> bool:
    return (directory / _MARK).is_file() or not any(directory.iterdir())


def _refuse_in_use(directory: Path) -> None:
    import fcntl

    lock = directory / "engine.lock"
    if not lock.exists():
        return
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandRefusal(
                f'Another demo runs in "{directory}". End it with Ctrl-C first, or start this one in another directory.'
            ) from None
