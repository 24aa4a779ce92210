"""Reads `PROVISOR_*` variables and says in one sentence what is wrong with one that cannot be used."""

from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


class SettingsError(ImproperlyConfigured):
    """A variable of the environment cannot be used.

    The sentence names the variable, what is wrong and what is expected. A value that may be a secret is
    never in it. It is an `ImproperlyConfigured`, so that a face can catch it without importing this room.
    """

    def __init__(self, variable: str, wrong: str, expected: str) -> None:
        super().__init__(f"{variable} {wrong}. Expected: {expected}.")
        self.variable = variable


def read(environ: Mapping[str, str], variable: str) -> str:
    """Return the value without outer white space; an empty one counts as unset."""
    return environ.get(variable, "").strip()


def read_secret(environ: Mapping[str, str], variable: str) -> str:
    """Like `read`, but the value may also stand in the file that `VARIABLE_FILE` names."""
    direct, file = read(environ, variable), read(environ, f"{variable}_FILE")
    if direct and file:
        raise SettingsError(variable, f"and {variable}_FILE are both set", "only one of the two")
    return _content(f"{variable}_FILE", file) if file else direct


def _content(variable: str, file: str) -> str:
    expected = "the path of a readable text file that holds the value"
    try:
        content = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            variable, f'names "{file}", which cannot be read ({error.strerror})', expected
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(variable, f'names "{file}", which is not UTF-8 text', expected) from None
    if not content:
        raise SettingsError(variable, f'names "{file}", which is empty', expected)
    return content
