"""Importing CSV files by the command line."""

import json
from pathlib import Path

import pytest

from provisor.directory.models import Group, User
from tests.cli.conftest import Command

GOOD = "userName,givenName,familyName,email\nalice,Alice,Example,alice@example.com\nbob,Bob,Example,bob@example.com\n"
#: A user name that is taken, in another case.
WITH_BAD_LINE = f"{GOOD}ALICE,Alice,Second,second@example.com\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def test_users_and_groups_come_in(provisor: Command, file: Path) -> None:
    """Users first, then groups with members."""
    file.write_text(GOOD)
    imported = provisor("import", "users", file)
    assert (imported.exit_code, "2 users created" in imported.stdout) == (0, True), imported.output
    file.write_text("displayName,members\nSales,alice;bob\n")
    assert provisor("import", "groups", file).exit_code == 0
    assert Group.objects.get(display_name="Sales").memberships.count() == 2


def test_a_good_line_is_not_lost_to_a_bad_one(provisor: Command, file: Path) -> None:
    """The bad line is reported with number, reason and remedy; the status is 1."""
    file.write_text(WITH_BAD_LINE)
    imported = provisor("import", "users", file, "--json")
    assert imported.exit_code == 1
    report = json.loads(imported.stdout)
    assert report["created"] == 2
    assert [refused["line"] for refused in report["refused"]] == [4]


def test_all_or_nothing_does_nothing_when_a_line_is_bad(provisor: Command, file: Path) -> None:
    """With the option the good lines wait for the bad one to be mended."""
    file.write_text(WITH_BAD_LINE)
    imported = provisor("import", "users", file, "--all-or-nothing")
    assert imported.exit_code == 1
    assert "Nothing was imported" in imported.stdout
    assert not User.objects.exists()


def test_a_dry_run_writes_nothing(provisor: Command, file: Path) -> None:
    """It says what would be."""
    file.write_text(GOOD)
    imported = provisor("import", "users", file, "--dry-run")
    assert "2 users would be created" in imported.stdout
    assert not User.objects.exists()
