"""What the command line says when it cannot do as asked: one or two sentences, and the exit code."""

from collections.abc import Callable
from typing import Any

#: The answer is bad: differences, failed links, refused lines, a broken chain.
BAD_ANSWER = 1
#: Nothing was done, because of how it was asked.
WRONG_USAGE = 2


class CommandRefusal(Exception):  # noqa: N818 - a refusal is no fault of the program
    """The command was not carried out. `sentence` says what happened, what it means and what to do."""

    def __init__(self, sentence: str, *, code: int = WRONG_USAGE) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


def as_refusal(error: Exception) -> CommandRefusal | None:
    """Turn what the rooms below raise for wrong input into a refusal; None for a fault of Provisor itself.

    Django's own errors are only looked for when Django was imported by the command.
    """
    if isinstance(error, CommandRefusal):
        return error
    for known, sentence in _known():
        if isinstance(error, known):
            return CommandRefusal(sentence(error))
    return None


def _known() -> list[tuple[type[Exception], Callable[[Any], str]]]:
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError

    known: list[tuple[type[Exception], Callable[[Any], str]]] = [
        (ImproperlyConfigured, str),
        (DatabaseError, _of_database),
    ]
    return known + _of_rooms() if _rooms_are_ready() else known


def _rooms_are_ready() -> bool:
    from django.apps import apps

    return apps.ready


def _of_rooms() -> list[tuple[type[Exception], Callable[[Any], str]]]:
    from provisor.access.refusal import AccessRefusal
    from provisor.applications.refusals import ConfigurationRefusal
    from provisor.directory.refusal import DirectoryRefusal
    from provisor.provisioning.homes.process_lock import EngineRunsError
    from provisor.provisioning.operations import OperationRefused
    from provisor.provisioning.passes.connection import NoCredentialError
    from provisor.vault.keys import VaultError
    from provisor.vault.rotation import NothingToRotateError

    return [
        (DirectoryRefusal, lambda refusal: refusal.reason),
        (AccessRefusal, lambda refusal: refusal.reason),
        (ConfigurationRefusal, _of_configuration),
        (EngineRunsError, _of_engine),
        (VaultError, str),
        (NothingToRotateError, str),
        (NoCredentialError, str),
        (OperationRefused, str),
    ]


def _of_configuration(refusal: Any) -> str:
    return " ".join(f"{problem.reason} {problem.hint}".strip() for problem in refusal.problems)


def _of_engine(error: Exception) -> str:
    return f"{error} Stop that process first, or let it do the work: commands beside it are seen at once."


def _of_database(error: Exception) -> str:
    return (
        f"The database did not do what was asked: {str(error).strip() or type(error).__name__}. "
        "Check PROVISOR_DATABASE_URL and PROVISOR_DATA_DIR, and whether another process holds the database."
    )
