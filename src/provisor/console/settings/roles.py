"""What each role may do, in words, for the people who give them."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisor.access.models import Role
from provisor.access.permissions import ADMINISTRATIVE, PERMISSIONS, Permission, within

#: What a permission allows, as a person would ask for it.
_WORDS: Final[dict[Permission, Promise]] = {
    Permission.READ: _("See users, groups, applications, plans and the log; never secrets"),
    Permission.MANAGE_DIRECTORY: _("Add, change, import and delete users and groups"),
    Permission.ADD_APPLICATIONS: _("Add applications"),
    Permission.MANAGE_APPLICATIONS: _("Change applications and policies; pause and resume"),
    Permission.LOOSEN_PROTECTIONS: _("Raise a brake; move an application to another address"),
    Permission.START_PASSES: _("Start a pass or a scan; send everything again"),
    Permission.PROVISION: _("Provision one person now, try again"),
    Permission.RELEASE_HOLDS: _("Release or keep what the brake holds"),
    Permission.ISSUE_TOKENS: _("Make and revoke tokens of their own, which can do no more than they can"),
    Permission.MANAGE_ACCESS: _("Say who may sign in here; issue tokens to others"),
    Permission.ALLOW_NETWORKS: _("Open private networks for one application"),
    Permission.READ_AUDIT: _("Read and verify the audit record; see the administrators"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One permission: what it allows, and for each role, by its name, whether it is among them."""

    said: Promise
    allowed: list[tuple[str, bool]]


def table() -> list[Line]:
    """Every permission against every role."""
    return [
        Line(_WORDS[one], [(str(role.label), one in PERMISSIONS[role]) for role in ADMINISTRATIVE])
        for one in Permission
    ]


def choices(ceiling: str = Role.OWNER) -> list[tuple[str, str]]:
    """Roles for a form: those that may nothing which `ceiling` may not."""
    return [(role.value, str(role.label)) for role in ADMINISTRATIVE if within(role, ceiling)]


def labels() -> list[str]:
    """The roles of those who administer, in words."""
    return [str(role.label) for role in ADMINISTRATIVE]
