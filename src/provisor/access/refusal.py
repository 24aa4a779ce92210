"""The one error of this room's services."""

from enum import StrEnum


class Kind(StrEnum):
    #: A value cannot be used.
    INVALID = "invalid"
    #: It is there already.
    DUPLICATE = "duplicate"
    #: There is no such account or token.
    MISSING = "missing"
    #: It would leave nobody who can manage access.
    PROTECTED = "protected"
    #: A token would have more rights than its account.
    EXCEEDS = "exceeds"


class AccessRefusal(Exception):  # noqa: N818 - a refusal is no fault of the program
    """An act was refused. `reason` is a sentence for the person, `field` the argument at fault."""

    def __init__(self, field: str, reason: str, kind: Kind) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.kind = kind
