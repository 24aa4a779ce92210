"""Who acts: an account, a token, a command on the server, or Provisor itself."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What stands behind an act."""

    #: A person who is signed in to the console.
    ACCOUNT = "account"
    #: A program that presented an API token.
    TOKEN = "token"  # noqa: S105 - the name of a kind, no secret
    #: Somebody with a shell on the server, through the command line.
    COMMAND = "command"
    #: Provisor itself: set-up, schedules, clean-up.
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it, with the name they had at that time. `kind` is a word of `ActorKind`."""

    kind: str
    id: str
    label: str

    def __post_init__(self) -> None:
        ActorKind(self.kind)


SYSTEM = Actor(kind=ActorKind.SYSTEM, id="", label="Provisor")
