"""Who may call which operation: one table by operation id. An operation that is not in it cannot be mounted."""

from typing import Final

from provisor.access.permissions import Permission

PERMISSIONS: Final[dict[str, Permission]] = {
    "list_applications": Permission.READ,
    "create_application": Permission.MANAGE_APPLICATIONS,
    "get_application": Permission.READ,
    "update_application": Permission.MANAGE_APPLICATIONS,
    "delete_application": Permission.MANAGE_APPLICATIONS,
    "test_application": Permission.MANAGE_APPLICATIONS,
    "pause_application": Permission.MANAGE_APPLICATIONS,
    "resume_application": Permission.MANAGE_APPLICATIONS,
    "plan_application": Permission.READ,
    "sync_application": Permission.PROVISION,
    "provision_now": Permission.PROVISION,
    "list_holds": Permission.READ,
    "release_hold": Permission.RELEASE_HOLDS,
    "reject_hold": Permission.RELEASE_HOLDS,
    "list_links": Permission.READ,
    "get_link": Permission.READ,
    "adopt_link": Permission.MANAGE_APPLICATIONS,
    "unlink_link": Permission.MANAGE_APPLICATIONS,
    "ignore_link": Permission.MANAGE_APPLICATIONS,
    "retry_link": Permission.PROVISION,
    "list_policies": Permission.READ,
    "create_policy": Permission.MANAGE_APPLICATIONS,
    "get_policy": Permission.READ,
    "update_policy": Permission.MANAGE_APPLICATIONS,
    "delete_policy": Permission.MANAGE_APPLICATIONS,
    "get_run": Permission.READ,
    "list_attempts": Permission.READ,
    "list_audit_entries": Permission.READ_AUDIT,
    "list_profiles": Permission.READ,
    "list_journal_entries": Permission.READ,
}
