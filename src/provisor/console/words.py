"""The words of design section 1 and 7 for what the database keeps as one word."""

#: States of applications and links whose name alone does not say enough, or holds an underscore.
_STATES = {
    "in_sync": "in sync",
    "refused": "refuses the sign-in",
    "misbehaving": "misbehaves: left alone and probed until it is well",
    "unreachable": "cannot be reached",
    "throttled": "asks to go slower",
}


def state(name: str) -> str:
    """Return a state in words; one that is a word already stays as it is."""
    return _STATES.get(name, name.replace("_", " "))


def event(name: str) -> str:
    """Return `group.members_added` as "Group: members added"."""
    noun, _, verb = name.partition(".")
    return f"{_plain(noun).capitalize()}: {_plain(verb)}" if verb else _plain(name).capitalize()


def _plain(name: str) -> str:
    return name.replace("_", " ")
