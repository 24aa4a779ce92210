"""Who may not be disabled or deleted: rooms above say it, since the directory knows nothing of what depends on a person."""

from collections.abc import Callable, Collection
from typing import Final
from uuid import UUID

#: Asked inside the transaction, before people become inactive; raises `DirectoryRefusal` (protected).
Guard = Callable[[Collection[UUID]], None]
_guards: Final[list[Guard]] = []
#: Told inside the transaction, once no guard has refused: what rests on these people ends with them.
Follower = Callable[[Collection[UUID]], None]
_followers: Final[list[Follower]] = []


def protect(guard: Guard) -> None:
    """Ask this guard from now on; asking twice changes nothing."""
    if guard not in _guards:
        _guards.append(guard)


def follow(follower: Follower) -> None:
    """Tell this follower from now on; asking twice changes nothing."""
    if follower not in _followers:
        _followers.append(follower)


def let_go(leaving: Collection[UUID]) -> None:
    """Say that these people become inactive in this transaction. Raises `DirectoryRefusal` if one of them is needed."""
    for ask in (*_guards, *_followers) if leaving else ():
        ask(leaving)
