"""Which role may do what: one table, asked by every face, and silent for what it does not name."""

from enum import StrEnum

from provisor.access.models import Role


class Permission(StrEnum):
    #: See users, groups, applications, links, attempts and plans. Never secrets.
    READ = "read"
    #: Create, change and delete users, groups and memberships.
    MANAGE_DIRECTORY = "manage-directory"
    #: Add applications.
    ADD_APPLICATIONS = "add-applications"
    #: Change and delete applications and policies; test, pause and resume; adopt and unlink.
    MANAGE_APPLICATIONS = "manage-applications"
    #: Raise or switch off a brake, and move an application to another base URL.
    LOOSEN_PROTECTIONS = "loosen-protections"
    #: Start a pass or a scan, and send everything again.
    START_PASSES = "start-passes"
    #: Provision one user or group now, retry a link, put one finding right.
    PROVISION = "provision"
    #: Release or reject what the brake holds.
    RELEASE_HOLDS = "release-holds"
    #: Make and revoke tokens of one's own account; every role, but no token that only reads.
    ISSUE_TOKENS = "issue-tokens"
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
            Permission.ISSUE_TOKENS,
            Permission.MANAGE_DIRECTORY,
            Permission.ADD_APPLICATIONS,
            Permission.MANAGE_APPLICATIONS,
            Permission.START_PASSES,
            Permission.PROVISION,
        }
    ),
    Role.APPROVER: frozenset({Permission.READ, Permission.ISSUE_TOKENS, Permission.RELEASE_HOLDS}),
    Role.HELP_DESK: frozenset({Permission.READ, Permission.ISSUE_TOKENS, Permission.PROVISION}),
    Role.AUDITOR: frozenset({Permission.READ, Permission.ISSUE_TOKENS, Permission.READ_AUDIT}),
    # A person of the directory in the portal, which needs no permission: policies say what it shows.
    Role.MEMBER: frozenset(),
}
#: Roles of those who administer: what an account or a token can be given by name.
ADMINISTRATIVE: tuple[Role, ...] = tuple(role for role in Role if PERMISSIONS[role])

#: What reaches beyond any set of applications: nobody who looks after some of them only has it (record 14).
UNBOUNDED: frozenset[Permission] = frozenset(
    {
        Permission.MANAGE_DIRECTORY,
        Permission.ADD_APPLICATIONS,
        Permission.LOOSEN_PROTECTIONS,
        Permission.MANAGE_ACCESS,
        Permission.ALLOW_NETWORKS,
        Permission.READ_AUDIT,
    }
)
#: Roles that may be bound to some applications; the others look after all, or it would not be that role.
BOUNDABLE: frozenset[Role] = frozenset({Role.APPLICATION_ADMINISTRATOR, Role.APPROVER, Role.HELP_DESK})
#: What a token that only reads may use.
READING: frozenset[Permission] = frozenset({Permission.READ, Permission.READ_AUDIT})


def allows(role: str, permission: Permission) -> bool:
    """Whether the role has the permission; an unknown role has none."""
    return permission in _of(role)


def within(role: str, ceiling: str) -> bool:
    """Whether `role` is one, and may nothing that `ceiling` may not."""
    return role in Role.values and _of(role) <= _of(ceiling)


def _of(role: str) -> frozenset[Permission]:
    return PERMISSIONS[Role(role)] if role in Role.values else frozenset()
