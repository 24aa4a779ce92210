"""Groups, memberships, nesting, and the group Everyone."""

import itertools

import pytest

from provisor.directory import groups, journal, memberships, queries, users
from provisor.directory.everyone import everyone
from provisor.directory.models import Closure, Group, JournalEntry, Membership, Nesting
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.identifiers import uuid7

from .conftest import ADA


def test_a_created_group_is_there_and_pending(group, watch) -> None:
    """It contains itself, and the fold is told."""
    everyone()
    seen = watch()
    made = group("Sales", external_id="x1")
    assert made.resource == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Sales",
        "externalId": "x1",
        "id": str(made.id),
    }
    assert (seen.events, seen.acts, seen.pending) == (
        ["group.created"],
        ["group.created"],
        {("group", made.id, None)},
    )


def test_group_names_are_unique_without_case(group) -> None:
    """A deleted group holds no name, a living one does in every spelling."""
    made = group("Sales")
    with pytest.raises(DirectoryRefusal, match="belongs to the group") as refused:
        group("sALES")
    assert refused.value.kind is RefusalKind.DUPLICATE
    groups.delete_group(made.id, actor=ADA)
    group("sales")


def test_updating_a_group_changes_what_is_given(group, watch) -> None:
    """The rest stays; equal values write nothing; a stale version is refused."""
    made = group("Sales", external_id="x1")
    seen = watch()
    groups.update_group(made.id, actor=ADA, display_name="Sales")
    assert seen.nothing
    renamed = groups.update_group(made.id, actor=ADA, display_name="Vertrieb", version=1)
    assert (renamed.external_id, renamed.version) == ("x1", 2)
    assert JournalEntry.objects.latest("id").detail["formerDisplayName"] == "Sales"
    with pytest.raises(DirectoryRefusal) as refused:
        groups.update_group(made.id, actor=ADA, display_name="X", version=1)
    assert refused.value.kind is RefusalKind.CONFLICT


def test_members_come_and_go_once(user, group, watch) -> None:
    """Who is in already, or is not, counts for nothing and writes nothing."""
    made, ann, bob = group(), user("ann"), user("bob")
    assert memberships.add_members(made.id, [ann.id, bob.id, ann.id], actor=ADA) == 2
    seen = watch()
    assert memberships.add_members(made.id, [ann.id], actor=ADA) == 0
    assert memberships.remove_members(made.id, [uuid7()], actor=ADA) == 0
    assert seen.nothing
    assert memberships.remove_members(made.id, [ann.id], actor=ADA) == 1
    assert seen.pending == {("member", made.id, ann.id)}
    assert Group.objects.get(id=made.id).version == 3


def test_setting_members_sends_the_difference(user, group, watch) -> None:
    """Who stays is not touched."""
    made, ann, bob, cid = group(), user("ann"), user("bob"), user("cid")
    memberships.set_members(made.id, [ann.id, bob.id], actor=ADA)
    seen = watch()
    assert memberships.set_members(made.id, [bob.id, cid.id], actor=ADA) == 2
    assert seen.events == ["group.members_removed", "group.members_added"]
    assert seen.pending == {("member", made.id, ann.id), ("member", made.id, cid.id)}


@pytest.mark.parametrize("stranger", [uuid7(), "nonsense"])
def test_an_unknown_member_is_refused_and_nobody_is_added(user, group, stranger) -> None:
    """The refusal names the id."""
    made, ann = group(), user("ann")
    with pytest.raises(DirectoryRefusal, match=str(stranger)):
        memberships.add_members(made.id, [ann.id, stranger], actor=ADA)
    assert not Membership.objects.filter(group=made).exists()


def test_a_deleted_user_cannot_join(user, group) -> None:
    """A tombstone is nobody."""
    made, ann = group(), user("ann")
    users.delete_user(ann.id, actor=ADA)
    with pytest.raises(DirectoryRefusal, match="Nobody was added"):
        memberships.add_members(made.id, [ann.id], actor=ADA)


def test_members_of_a_nested_group_are_the_parents(user, group, watch) -> None:
    """Nesting touches every group above for every user below, and says through which group somebody is in."""
    top, middle, bottom, ann = group("Top"), group("Middle"), group("Bottom"), user("ann")
    memberships.add_members(bottom.id, [ann.id], actor=ADA)
    memberships.nest(top.id, middle.id, actor=ADA)
    seen = watch()
    assert memberships.nest(middle.id, bottom.id, actor=ADA)
    assert not memberships.nest(middle.id, bottom.id, actor=ADA)
    assert seen.pending == {("member", middle.id, ann.id), ("member", top.id, ann.id)}
    assert list(queries.effective_members(top.id)) == [ann]
    memberships.add_members(top.id, [ann.id], actor=ADA)
    assert queries.explain_membership(ann.id, top.id) == (("Top",), ("Top", "Middle", "Bottom"))


def test_a_circle_is_refused_with_its_names(group) -> None:
    """The message shows the way down that would close."""
    a, b, c = group("A"), group("B"), group("C")
    memberships.nest(a.id, b.id, actor=ADA)
    memberships.nest(b.id, c.id, actor=ADA)
    with pytest.raises(DirectoryRefusal, match='"A" > "B" > "C"') as refused:
        memberships.nest(c.id, a.id, actor=ADA)
    assert refused.value.kind is RefusalKind.CYCLE
    with pytest.raises(DirectoryRefusal, match="inside itself"):
        memberships.nest(a.id, a.id, actor=ADA)


def test_unnesting_keeps_the_other_way(user, group) -> None:
    """A diamond: of two ways down one remains."""
    a, b, c, d = (group(name) for name in "ABCD")
    for parent, child in ((a, b), (a, c), (b, d), (c, d)):
        memberships.nest(parent.id, child.id, actor=ADA)
    assert memberships.unnest(b.id, d.id, actor=ADA)
    assert not memberships.unnest(b.id, d.id, actor=ADA)
    assert Closure.objects.filter(ancestor=a, descendant=d).exists()
    assert not Closure.objects.filter(ancestor=b, descendant=d).exists()


def test_depth_has_no_limit(group) -> None:
    """Forty groups, one inside the other."""
    chain = [group(f"G{n}") for n in range(40)]
    for parent, child in itertools.pairwise(chain):
        memberships.nest(parent.id, child.id, actor=ADA)
    assert [one.display_name for one in queries.path_of_groups(chain[0].id, chain[-1].id)] == [
        f"G{n}" for n in range(40)
    ]
    assert queries.path_of_groups(chain[1].id, chain[0].id) == ()


def test_deleting_a_group_parts_what_it_joined(user, group, watch) -> None:
    """All its effective members are touched for it and all groups above; members and nestings go."""
    top, middle, bottom, ann = group("Top"), group("Middle"), group("Bottom"), user("ann")
    memberships.nest(top.id, middle.id, actor=ADA)
    memberships.nest(middle.id, bottom.id, actor=ADA)
    memberships.add_members(bottom.id, [ann.id], actor=ADA)
    seen = watch()
    groups.delete_group(middle.id, actor=ADA)
    assert seen.pending == {
        ("group", middle.id, None),
        ("member", middle.id, ann.id),
        ("member", top.id, ann.id),
    }
    assert not Nesting.objects.exists()
    assert not Closure.objects.filter(ancestor=top, descendant=bottom).exists()
    assert not Closure.objects.filter(descendant=middle).exists()
    assert Group.objects.get(id=middle.id).deleted_at is not None
    assert list(queries.effective_members(bottom.id)) == [ann]


def test_a_large_group_costs_a_fixed_number_of_statements(user, group, django_assert_max_num_queries) -> None:
    """Nesting, unnesting and deleting are set-wise, whatever the number of members."""
    top, large = group("Top"), group("Large")
    made = users.create_users([{"userName": f"u{n}"} for n in range(600)], actor=ADA).created
    memberships.add_members(large.id, made.values(), actor=ADA)
    with django_assert_max_num_queries(25):
        memberships.nest(top.id, large.id, actor=ADA)
    with django_assert_max_num_queries(25):
        memberships.unnest(top.id, large.id, actor=ADA)
    with django_assert_max_num_queries(25):
        groups.delete_group(large.id, actor=ADA)


def test_everyone_is_protected(user, group) -> None:
    """It cannot be deleted, renamed, nested, or edited by hand."""
    all_users, made, ann = everyone(), group(), user("ann")
    acts = [
        lambda: groups.delete_group(all_users.id, actor=ADA),
        lambda: groups.update_group(all_users.id, actor=ADA, display_name="All"),
        lambda: memberships.add_members(all_users.id, [ann.id], actor=ADA),
        lambda: memberships.remove_members(all_users.id, [ann.id], actor=ADA),
        lambda: memberships.set_members(all_users.id, [], actor=ADA),
        lambda: memberships.nest(all_users.id, made.id, actor=ADA),
        lambda: memberships.nest(made.id, all_users.id, actor=ADA),
        lambda: memberships.unnest(made.id, all_users.id, actor=ADA),
    ]
    for act in acts:
        with pytest.raises(DirectoryRefusal, match="Everyone") as refused:
            act()
        assert refused.value.kind is RefusalKind.PROTECTED


def test_everyone_is_there_after_migrations_and_comes_back_with_all_users(user) -> None:
    """First use makes it, with those who are there already, and tells the fold."""
    assert Group.objects.filter(is_everyone=True).count() == 1
    ann = user("ann")
    Group.objects.filter(is_everyone=True).delete()
    again = everyone()
    assert everyone() == again
    assert list(queries.effective_members(again.id)) == [ann]
    with pytest.raises(DirectoryRefusal):
        groups.create_group("everyone", actor=ADA)


def test_finding_by_id_or_by_name_in_any_case(user, group) -> None:
    """Faces take either; what is not there is refused with a sentence."""
    ann, made = user("ann"), group("Sales")
    assert queries.find_user("ANN") == queries.find_user(str(ann.id)) == ann
    assert queries.find_group(" sales") == queries.find_group(str(made.id)) == made
    for find in (queries.find_user, queries.find_group):
        with pytest.raises(DirectoryRefusal, match='"nobody"') as refused:
            find("nobody")
        for strange in ("", "a\0b", "\ud800"):
            with pytest.raises(DirectoryRefusal):
                find(strange)
        assert refused.value.kind is RefusalKind.MISSING


@pytest.mark.django_db(transaction=True)
def test_the_signal_is_sent_after_the_commit_only() -> None:
    """A refused change wakes nobody, and a listener that fails harms nobody."""
    heard: list[bool] = []

    def listen(**_: object) -> None:
        heard.append(Membership.objects.filter(user__user_name="bob").exists())
        raise RuntimeError

    journal.changed.connect(listen)
    try:
        users.create_user({"userName": "bob"}, actor=ADA)
        with pytest.raises(DirectoryRefusal):
            users.create_user({"userName": "bob"}, actor=ADA)
    finally:
        journal.changed.disconnect(listen)
    assert heard == [True]


@pytest.mark.django_db(transaction=True)
def test_a_journal_entry_outside_a_transaction_is_refused() -> None:
    """An entry without its change, or a change without its entry, cannot be."""
    with pytest.raises(journal.OutsideTransactionError):
        journal.record("user.created", actor=ADA, subject_id=uuid7())
