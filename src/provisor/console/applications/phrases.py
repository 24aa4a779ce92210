"""Words of this part: acts of a plan, acts of an attempt, causes, and what a state of a link asks of a person."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Act of a plan, its word on a chip, its sentence part for one row, and whether it takes something away.
PLANNED: dict[str, tuple[Promise, Promise, bool]] = {
    "delete": (_("delete"), _("Delete"), True),
    "deactivate": (_("deactivate"), _("Deactivate"), True),
    "find_and_deprovision": (_("find and remove"), _("Find and remove"), True),
    "remove_members": (_("members to remove"), _("Remove members"), True),
    "create": (_("create"), _("Create"), False),
    "adopt": (_("look up and link"), _("Look up and link"), False),
    "update": (_("update"), _("Update"), False),
    "add_members": (_("members to add"), _("Add members"), False),
}

CAUSES: dict[str, Promise] = {
    "unassigned": _("no policy brings it here any more"),
    "disabled": _("disabled in the directory"),
    "deleted": _("deleted from the directory"),
    "mapped": _("made inactive by the mapping"),
    "expired": _("deactivated for longer than such accounts are kept"),
}

#: What the brake holds, for one row.
HELD: dict[str, Promise] = {
    "deprovision": _("Take the account away"),
    "deactivate": _("Deactivate the account"),
    "delete": _("Delete it there"),
    "remove_members": _("Remove from the group"),
}

#: Sides of the comparison of one account.
SIDES: dict[str, Promise] = {
    "directory": _("Directory"),
    "desired": _("Desired"),
    "sent": _("Sent"),
    "observed": _("Answered"),
    "now": _("There now"),
}


def plain(word: str) -> str:
    """An act as the engine calls it, in words: `look_up` is "look up"."""
    return word.replace("_", " ")


def planned(act: str) -> str:
    """The word of an act of a plan, at the beginning of a row."""
    return str(PLANNED[act][1]) if act in PLANNED else plain(act).capitalize()


def cause(name: str) -> str:
    """Why somebody leaves; empty for nobody who does."""
    return str(CAUSES.get(name, plain(name)))


def held(act: str) -> str:
    """What a hold keeps from happening."""
    return str(HELD.get(act, plain(act).capitalize()))
