"""Secrets come by standard input or from a file, never as an argument that other users of the machine can read."""

import sys
from pathlib import Path

from provisor.cli.refusals import CommandRefusal


def read_stdin_line(what: str) -> str:
    """Return the first line of standard input, without its end. `what` names it in the refusal."""
    try:
        line = sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        raise CommandRefusal(f"The {what} on standard input is no text in UTF-8. Write it as text.") from None
    if not line:
        raise CommandRefusal(f"Standard input is empty. Write the {what} to it, on one line.")
    return line


def read_secret_file(path: Path, what: str) -> str:
    """Return the first line of a file."""
    lines = read_file(path).decode("utf-8", errors="replace").splitlines()
    if not lines or not lines[0].strip():
        raise CommandRefusal(f'The file "{path}" is empty. Its first line must be the {what}.')
    return lines[0].strip()


def read_file(path: Path) -> bytes:
    """Return the bytes of a file that the person named, or say why not."""
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise CommandRefusal(f'"{path}" is a directory. Name a file.') from None
    except FileNotFoundError:
        raise CommandRefusal(
            f'There is no file "{path}". Check the name, and the directory you are in.'
        ) from None
    except OSError as error:
        raise CommandRefusal(f'The file "{path}" cannot be read ({error.strerror}).') from None
