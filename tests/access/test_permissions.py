"""The table of roles and permissions, written down a second time."""

import pytest

from provisor.access.models import Role
from provisor.access.permissions import PERMISSIONS, Permission, allows, within

#: R: read, D: directory, N: new applications, A: applications, B: brakes and addresses, S: start passes, P: provision one,
#: H: holds, T: own tokens, M: manage access, W: networks, L: audit log.
_LETTERS = dict(zip("RDNABSPHTMWL", Permission, strict=True))
_TABLE = {
    Role.OWNER: "RDNABSPHTMWL",
    Role.APPLICATION_ADMINISTRATOR: "RDNASPT",
    Role.APPROVER: "RHT",
    Role.HELP_DESK: "RPT",
    Role.AUDITOR: "RLT",
    Role.MEMBER: "",
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_each_role_has_exactly_the_permissions_of_the_table(role: Role, permission: Permission):
    """A change of the table is a decision, made twice."""
    assert allows(role, permission) == (permission in {_LETTERS[letter] for letter in _TABLE[role]})


def test_the_auditor_reads_and_writes_nothing():
    """Read-only, whatever permissions are added later; its own tokens can do no more."""
    assert PERMISSIONS[Role.AUDITOR] == {Permission.READ, Permission.READ_AUDIT, Permission.ISSUE_TOKENS}


@pytest.mark.parametrize("role", ["", "root", "Owner", "owner "])
def test_an_unknown_role_has_no_permission(role: str):
    """Denied by default."""
    assert not any(allows(role, permission) for permission in Permission)


def test_within_compares_by_permissions():
    """Everything is within the owner; roles that differ in both directions are within neither."""
    assert all(within(role, Role.OWNER) for role in Role)
    assert within(Role.HELP_DESK, Role.APPLICATION_ADMINISTRATOR)
    assert not within(Role.APPROVER, Role.AUDITOR)
    assert not within(Role.AUDITOR, Role.APPROVER)
