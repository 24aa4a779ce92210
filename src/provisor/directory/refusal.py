"""Why the directory refuses a change, for the person who asked for it."""

from enum import StrEnum


class RefusalKind(StrEnum):
    """What kind of refusal it is: faces choose their status code by it."""

    #: A value is of the wrong type or shape, too long, or not known.
    INVALID = "invalid"
    #: The name belongs to another user or group.
    DUPLICATE = "duplicate"
    #: The user, group or attribute does not exist, or no longer.
    MISSING = "missing"
    #: Somebody else has changed it since it was read (version, ETag).
    CONFLICT = "conflict"
    #: A group would end up inside itself.
    CYCLE = "cycle"
    #: The group Everyone, or an attribute that is in use.
    PROTECTED = "protected"


class DirectoryRefusal(Exception):  # noqa: N818 - the word of the design: nothing broke, the directory says no
    """The directory did not do it, and nothing was written.

    `field` is the attribute's path (`emails[1].value`) or the argument that is at fault; `reason` is a sentence for
    the reader; `kind` is a `RefusalKind`.
    """

    def __init__(self, field: str, reason: str, kind: RefusalKind = RefusalKind.INVALID) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.kind = kind
