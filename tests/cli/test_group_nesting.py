"""`provisor group nest` and `unnest`: what they do, and what they refuse in a sentence."""

import pytest

from provisor.audit.actor import SYSTEM
from provisor.directory.everyone import everyone
from provisor.directory.memberships import nest as nest_groups
from provisor.directory.queries import effective_groups, find_group, find_user
from tests.cli.conftest import Command


def _groups(provisor: Command, *names: str) -> None:
    for name in names:
        assert provisor("group", "create", name).exit_code == 0


def _is_in(user: str, group: str) -> bool:
    return find_group(group).id in {one.id for one in effective_groups(find_user(user).id)}


def test_who_is_in_the_inner_group_is_in_the_outer_one_until_it_is_taken_out(provisor: Command) -> None:
    """Nested by name in any case, and un-nested; a second time each says that there was nothing to do."""
    _groups(provisor, "Staff", "Sales")
    names = ("--given-name", "Alice", "--family-name", "Example", "--email", "alice@example.com")
    assert provisor("user", "create", "alice", *names).exit_code == 0
    assert provisor("group", "add", "Sales", "alice").exit_code == 0
    nested = provisor("group", "nest", "staff", "sales")
    assert (nested.exit_code, nested.stdout) == (0, 'The group "Sales" is inside the group "Staff" now.\n')
    assert _is_in("alice", "Staff")
    assert "already" in provisor("group", "nest", "Staff", "Sales").stdout
    taken = provisor("group", "unnest", "Staff", "Sales")
    assert (taken.exit_code, taken.stdout) == (
        0,
        'The group "Sales" is not inside the group "Staff" any more.\n',
    )
    assert not _is_in("alice", "Staff")
    again = provisor("group", "unnest", "Staff", "Sales")
    assert (again.exit_code, "was not directly inside" in again.stdout) == (0, True)


@pytest.mark.parametrize("act", ["nest", "unnest"])
@pytest.mark.parametrize(
    ("parent", "child", "word"), [("Nobodies", "Sales", "Nobodies"), ("Sales", "Nobodies", "Nobodies")]
)
def test_a_group_that_is_not_there_is_named(
    provisor: Command, act: str, parent: str, child: str, word: str
) -> None:
    """The sentence says which of the two."""
    _groups(provisor, "Sales")
    refused = provisor("group", act, parent, child)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert word in refused.stderr


@pytest.mark.parametrize("act", ["nest", "unnest"])
@pytest.mark.parametrize("outer", [True, False])
def test_everyone_is_neither_put_anywhere_nor_takes_one_in(provisor: Command, act: str, outer: bool) -> None:
    """The built-in group stands by itself."""
    _groups(provisor, "Sales")
    everyone()
    refused = provisor("group", act, *(("Everyone", "Sales") if outer else ("Sales", "Everyone")))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "Everyone" in refused.stderr


def test_a_circle_is_refused_with_the_way_round(provisor: Command) -> None:
    """One > Two > Three: One into Three would close it, and so would a group into itself. Nothing has changed."""
    _groups(provisor, "One", "Two", "Three")
    nest_groups(find_group("One").id, find_group("Two").id, actor=SYSTEM)
    assert provisor("group", "nest", "Two", "Three").exit_code == 0
    refused = provisor("group", "nest", "Three", "One")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert all(name in refused.stderr for name in ("One", "Two", "Three", "circle"))
    itself = provisor("group", "nest", "One", "One")
    assert itself.exit_code == 2
    assert "inside itself" in itself.stderr
