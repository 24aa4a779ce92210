"""Protected accounts, by name and by rule."""

import pytest

from provisor.applications.exclusions import excluded_by

SERVICE = {"id": "0192-a", "userName": "svc-Backup@example.com", "userType": "Robot"}
ALICE = {"id": "0192-b", "userName": "alice@example.com", "userType": "Employee"}


@pytest.mark.parametrize(
    "entries",
    [
        ["SVC-backup@example.com"],
        ["0192-a"],
        ['userName sw "svc-"'],
        ['userType eq "robot" and active pr', 'userType eq "robot"'],
        ["nobody", "svc-backup@example.com"],
    ],
)
def test_who_is_named_or_found_by_a_rule_is_protected(entries: list[str]) -> None:
    """Names compare as the directory compares them; a rule is a SCIM filter."""
    is_excluded = excluded_by(entries)
    assert is_excluded(SERVICE)
    assert not is_excluded(ALICE)


def test_an_empty_list_protects_nobody() -> None:
    """A user without a name or an id is not protected by accident either."""
    assert not excluded_by([])(ALICE)
    assert not excluded_by(["alice"])({})
