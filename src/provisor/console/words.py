"""The words of design section 1 and 7 for what the database keeps as one word."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

#: States of applications, links and runs whose name alone does not say enough, or holds an underscore.
_STATES: dict[str, Promise] = {
    "in_sync": _("in sync"),
    "due": _("due"),
    "waiting": _("waiting"),
    "failed": _("failed"),
    "conflict": _("conflict"),
    "held": _("held"),
    "missing": _("missing"),
    "released": _("released"),
    "excluded": _("excluded"),
    "well": _("well"),
    "paused": _("paused"),
    "observe": _("observe"),
    "enforce": _("enforce"),
    "refused": _("refuses the sign-in"),
    "misbehaving": _("misbehaves: left alone and probed until it is well"),
    "unreachable": _("cannot be reached"),
    "throttled": _("asks to go slower"),
}

#: What a session proved, by the names of `provisor.access.methods`.
METHODS: dict[str, Promise] = {
    "password": _("password"),
    "passkey": _("passkey"),
    "email-code": _("code by e-mail"),
    "magic-link": _("magic link"),
    "totp": _("authenticator app"),
    "recovery-code": _("recovery code"),
    "provider": _("external provider"),
}


#: Totals of a run that are counted in nouns; the others are verbs, and stay as they are.
_COUNTED = {
    "members_added": ngettext_lazy("member added", "members added"),
    "members_removed": ngettext_lazy("member removed", "members removed"),
    "writes": ngettext_lazy("write", "writes"),
}


def operation(name: str, count: int) -> str:
    """Return what a run did with its number, as "1 member added" or "16 update"."""
    words = _COUNTED[name] % count if name in _COUNTED else state(name)
    return f"{count:,} {words}"


def state(name: str) -> str:
    """Return a state in words; one that is a word already stays as it is."""
    return str(_STATES.get(name, name.replace("_", " ")))


def event(name: str) -> str:
    """Return `group.members_added` as "Group: members added"."""
    noun, _dot, verb = name.partition(".")
    return f"{_plain(noun).capitalize()}: {_plain(verb)}" if verb else _plain(name).capitalize()


def _plain(name: str) -> str:
    return name.replace("_", " ")
