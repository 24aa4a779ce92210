"""Who may not be disabled or deleted: rooms above say it, since the directory knows nothing of what depends on a person."""

from collections.abc import Callable, Collection
from typing import Final
from uuid import UUID

#: Asked inside the transaction, before people become inactive; raises `DirectoryRefusal` (protected).
Guard = Callable[[Collection[UUID]], None]
_guards: Final[list[Guard]] = []


def protect(guard: Guard) -> None:
    """Ask this guard from now on; asking twice changes nothing."""
    if guard not in _guards:
        _guards.append(guard)


def refuse_protected(leaving: Collection[UUID]) -> None:
    """Raise `DirectoryRefusal` if one of these people is needed as an active user."""
    for guard in _guards if leaving else ():
        guard(leaving)
