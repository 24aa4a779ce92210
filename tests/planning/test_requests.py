"""R15, R19: the requests that a plan shows are those of the dialect that was found out."""

import pytest

from provisor.planning.operation import Act, Operation
from provisor.planning.requests import member_requests, requests_of
from provisor.scim.change import Change
from provisor.scim.dialect import Dialect

WORK = 'emails[type eq "work"].value'


def methods(dialect: Dialect, *paths: str) -> list[str]:
    changes = tuple(Change(path=path, value="x") for path in paths)
    operation = Operation(act=Act.UPDATE, kind="user", changes=changes)
    return [each.method for each in requests_of(operation, dialect, remote_id="1", matching=["userName"])]


def test_r15_what_patch_overlooks_is_planned_as_put() -> None:
    """One change that PATCH overlooks makes the whole a PUT; without it, it stays one PATCH."""
    dialect = Dialect(put_instead=("user element",))
    assert methods(dialect, "title") == ["PATCH"]
    assert methods(dialect, "title", WORK) == ["GET", "PUT"]
    assert methods(Dialect(), "title", WORK) == ["PATCH"]


@pytest.mark.parametrize(
    ("dialect", "added", "removed", "expected"),
    [
        (Dialect(), ["1"], ["2"], ["PATCH", "PATCH"]),
        (Dialect(member_remove_form="put"), ["1"], [], ["PATCH"]),
        (Dialect(member_remove_form="put"), [], ["2"], ["GET", "PUT"]),
        (Dialect(member_add_form="put"), ["1"], [], ["GET", "PUT"]),
        (Dialect(member_add_form="put"), [], ["2"], ["PATCH"]),
        (Dialect(patch_groups=False), ["1"], ["2"], ["GET", "PUT"]),
    ],
)
def test_r15_members_are_planned_in_the_form_that_was_found_out(
    dialect: Dialect, added: list[str], removed: list[str], expected: list[str]
) -> None:
    """Additions and removals each have their own form."""
    assert [each.method for each in member_requests("9", added, removed, dialect)] == expected
