"""The transaction that every change of the directory is made in."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from provisor.audit import chain
from provisor.directory.models import Group, User
from provisor.directory.refusal import DirectoryRefusal, RefusalKind


@contextmanager
def change() -> Iterator[None]:
    """One transaction, entered in turn: what is read inside stays true until the commit.

    Every change ends in the audit chain, where writers take turns anyway. Taking that turn first makes checks
    (is the name free, would this close a circle, which groups are above) safe on PostgreSQL as they are on SQLite.
    """
    with transaction.atomic():
        chain.lock()
        yield


def refuse_stale(subject: User | Group, version: int | None, noun: str) -> None:
    """Raise `DirectoryRefusal` (conflict) if a version is given and the subject has another one by now."""
    if version is not None and version != subject.version:
        reason = (
            f"The {noun} was changed by somebody else: you had version {version}, and it is at version "
            f"{subject.version}. Read it again, and repeat your change."
        )
        raise DirectoryRefusal("version", reason, RefusalKind.CONFLICT)
