"""Which role may do what: one table, asked by every face, and silent for what it does not name."""

from enum import StrEnum

from provisor.access.models import Role


class Permission(StrEnum):
    #: See users, groups, applications, links, attempts and plans. Never secrets.
    READ = "read"
    #: Create, change and delete users, groups and memberships.
    MANAGE_DIRECTORY = "manage-directory"
    #: Create, change and delete applications and policies; test, pause and resume; adopt and unlink.
    MANAGE_APPLICATIONS = "manage-applications"
    #: Start a pass, provision one user or group now, retry a link.
    PROVISION = "provision"
    #: Release or reject what the brake holds.
    RELEASE_HOLDS = "release-holds"
    #: Create and disable accounts, change roles, issue tokens to others.
    MANAGE_ACCESS = "manage-access"
    #: Open a private network for one application.
    ALLOW_NETWORKS = "allow-networks"
    #: Read and verify the audit record.
    READ_AUDIT = "read-audit"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    # Not RELEASE_HOLDS: who caused a mass removal should not be the one who lets it through.
    Role.APPLICATION_ADMINISTRATOR: frozenset(
        {
            Permission.READ,
            Permission.MANAGE_DIRECTORY,
            Permission.MANAGE_APPLICATIONS,
            Permission.PROVISION,
        }
    ),
    Role.APPROVER: frozenset({Permission.READ, Permission.RELEASE_HOLDS}),
    Role.HELP_DESK: frozenset({Permission.READ, Permission.PROVISION}),
    Role.AUDITOR: frozenset({Permission.READ, Permission.READ_AUDIT}),
    # A person of the directory in the portal, which needs no permission: policies say what it shows.
    Role.MEMBER: frozenset(),
}
#: Roles of those who administer: what an account or a token can be given by name.
ADMINISTRATIVE: tuple[Role, ...] = tuple(role for role in Role if PERMISSIONS[role])


def allows(role: str, permission: Permission) -> bool:
    """Whether the role has the permission; an unknown role has none."""
    return permission in _of(role)


def within(role: str, ceiling: str) -> bool:
    """Whether `role` is one, and may nothing that `ceiling` may not."""
    return role in Role.values and _of(role) <= _of(ceiling)


def _of(role: str) -> frozenset[Permission]:
    return PERMISSIONS[Role(role)] if role in Role.values else frozenset()
