"""The order of work within a pass (engine.md, section 4): leavers first, what depends on others last."""

from enum import IntEnum


class Phase(IntEnum):
    """A link is due in one phase at a time; lower ones are taken first."""

    ACCOUNT_REMOVALS = 0
    MEMBER_REMOVALS = 1
    USERS = 2
    GROUPS = 3
    MEMBER_ADDITIONS = 4
    #: Managers: a reference to an account that did not exist when its user was sent.
    REFERENCES = 5
    GROUP_DELETIONS = 6
