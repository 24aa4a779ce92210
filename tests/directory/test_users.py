"""Creating, replacing, switching and deleting users."""

import pytest
from django.db import IntegrityError

from provisor.audit.models import AuditEntry
from provisor.audit.verify import verify
from provisor.directory import everyone, memberships, queries, users
from provisor.directory.models import JournalEntry, Membership, Pending, User
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.identifiers import uuid7

from .conftest import ADA

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
FULL = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "userName": "bjensen",
    "externalId": "e1",
    "displayName": "Babs Jensen",
    "name": {"givenName": "Barbara", "familyName": "Jensen"},
    "emails": [{"value": "home@x.org", "type": "home"}, {"value": "b@example.com", "type": "work"}],
    ENTERPRISE: {"employeeNumber": "701984", "department": "Tours"},
}


def test_a_created_user_has_the_document_and_the_columns(user) -> None:
    """The columns beside the document say the same as the document."""
    made = users.create_user(FULL, actor=ADA)
    kept = User.objects.get(id=made.id)
    assert kept.resource == FULL | {"id": str(made.id), "active": True}
    assert (kept.user_name, kept.user_name_key, kept.external_id) == ("bjensen", "bjensen", "e1")
    assert (kept.display_name, kept.email, kept.active, kept.version) == (
        "Babs Jensen",
        "b@example.com",
        True,
        1,
    )


def test_a_created_user_is_in_everyone_and_pending(user, watch) -> None:
    """One journal entry, one audit entry, and the rows that send the fold to the user and to Everyone."""
    group = everyone.everyone()
    seen = watch()
    made = user("bob")
    assert set(queries.effective_groups(made.id)) == {group}
    assert seen.pending == {("user", made.id, None), ("member", group.id, made.id)}
    assert (seen.events, seen.acts) == (["user.created"], ["user.created"])
    assert JournalEntry.objects.latest("id").actor == "ada@example.com"


@pytest.mark.parametrize("other", ["BOB", " bob ", "\uff42\uff4f\uff42"])
def test_a_user_name_is_taken_in_every_spelling(user, other: str) -> None:
    """Case, width and outer white space make no other name."""
    user("bob")
    with pytest.raises(DirectoryRefusal, match="belongs to another user") as refused:
        user(other)
    assert (refused.value.kind, refused.value.field) == (RefusalKind.DUPLICATE, "userName")


def test_the_name_of_a_deleted_user_is_free(user) -> None:
    """A tombstone holds no name."""
    users.delete_user(user("bob").id, actor=ADA)
    assert user("Bob").user_name == "Bob"


def test_replacing_clears_what_is_left_out(user, watch) -> None:
    """Absence is a value; journal and audit name what changed."""
    made = user("bob", title="Clerk", nickName="B")
    seen = watch()
    replaced = users.replace_user(made.id, {"userName": "bob", "title": "Chief"}, actor=ADA)
    assert "nickName" not in replaced.resource
    assert replaced.version == 2
    assert seen.pending == {("user", made.id, None)}
    assert JournalEntry.objects.latest("id").detail["attributes"] == ["nickName", "title"]
    payload = AuditEntry.objects.latest("id").payload.content
    assert payload == {"before": {"title": "Clerk", "nickName": "B"}, "after": {"title": "Chief"}}


def test_r03_replacing_with_the_same_writes_nothing(user, watch) -> None:
    """Another case of the attribute names, `id` and `meta` are no change."""
    made = users.create_user(FULL, actor=ADA)
    seen = watch()
    same = {"USERNAME": "bjensen", **{key: FULL[key] for key in FULL if key not in {"userName", "schemas"}}}
    same |= {"meta": {"version": "x"}, "id": "x", "groups": [], "nickName": None, "phoneNumbers": []}
    assert users.replace_user(made.id, same, actor=ADA).version == 1
    assert seen.nothing
    assert User.objects.get(id=made.id).updated_at == made.updated_at


def test_leaving_out_active_keeps_a_disabled_user_disabled(user) -> None:
    """Nobody comes back to life by an omission."""
    made = user("bob", active=False)
    assert users.replace_user(made.id, {"userName": "bob", "title": "x"}, actor=ADA).active is False


def test_a_rename_keeps_the_id_and_says_the_former_name(user) -> None:
    """Rename is an update (R14)."""
    made = user("bob")
    renamed = users.replace_user(made.id, {"userName": "robert"}, actor=ADA)
    assert (renamed.id, renamed.user_name_key) == (made.id, "robert")
    assert JournalEntry.objects.latest("id").detail["formerUserName"] == "bob"


def test_a_rename_to_a_taken_name_is_refused_and_changes_nothing(user) -> None:
    """The holder keeps the name."""
    user("alice")
    made = user("bob")
    with pytest.raises(DirectoryRefusal, match="alice"):
        users.replace_user(made.id, {"userName": "Alice"}, actor=ADA)
    assert User.objects.get(id=made.id).user_name == "bob"


@pytest.mark.parametrize(
    "act", [users.delete_user, lambda one, **more: users.replace_user(one, {"userName": "b"}, **more)]
)
def test_a_stale_version_is_refused(user, act) -> None:
    """Who read an older version must read again."""
    made = user("bob")
    users.set_active(made.id, False, actor=ADA)
    with pytest.raises(DirectoryRefusal, match="had version 1, and it is at version 2") as refused:
        act(made.id, actor=ADA, version=1)
    assert refused.value.kind is RefusalKind.CONFLICT


def test_disabling_and_enabling_say_so(user, watch) -> None:
    """Document and column agree, memberships stay, and a second time writes nothing."""
    made = user("bob")
    seen = watch()
    for active in (False, False, True):
        changed = users.set_active(made.id, active, actor=ADA)
        assert changed.active == changed.resource["active"] == active
    assert seen.events == ["user.disabled", "user.enabled"]
    assert seen.pending == {("user", made.id, None)}
    assert Membership.objects.filter(user=made).count() == 1


def test_deleting_touches_every_effective_group(user, group, watch) -> None:
    """Direct groups, the groups around them, and Everyone; the memberships are gone, the tombstone stays."""
    made, inner, outer = user("bob"), group("Inner"), group("Outer")
    memberships.nest(outer.id, inner.id, actor=ADA)
    memberships.add_members(inner.id, [made.id], actor=ADA)
    seen = watch()
    users.delete_user(made.id, actor=ADA)
    of = {("member", one.id, made.id) for one in (inner, outer, everyone.everyone())}
    assert seen.pending == of | {("user", made.id, None)}
    kept = User.objects.get(id=made.id)
    assert (kept.active, kept.resource["active"], kept.deleted_at is None) == (False, False, False)
    assert not Membership.objects.filter(user=made).exists()
    with pytest.raises(DirectoryRefusal, match="was deleted") as refused:
        users.delete_user(made.id, actor=ADA)
    assert refused.value.kind is RefusalKind.MISSING


def test_the_manager_column_follows_the_document(user) -> None:
    """The reference is kept in canonical form, and goes when the document drops it."""
    boss = user("boss")
    made = user("bob", **{ENTERPRISE: {"manager": {"value": str(boss.id).upper(), "displayName": "x"}}})
    assert made.manager_id == boss.id
    assert made.resource[ENTERPRISE] == {"manager": {"value": str(boss.id)}}
    assert users.replace_user(made.id, {"userName": "bob"}, actor=ADA).manager_id is None


@pytest.mark.parametrize("value", ["boss", pytest.param(str(uuid7()), id="the id of nobody")])
def test_an_unknown_manager_is_refused(user, value: str) -> None:
    """Only the id of a user of the directory is a manager."""
    with pytest.raises(DirectoryRefusal, match="not the id of a user"):
        user("bob", **{ENTERPRISE: {"manager": {"value": value}}})


def test_nobody_is_their_own_manager(user) -> None:
    """A circle of one is refused; longer ones are somebody's matrix organisation."""
    made = user("bob")
    with pytest.raises(DirectoryRefusal, match="own manager"):
        users.replace_user(made.id, {"userName": "bob", ENTERPRISE: {"manager": str(made.id)}}, actor=ADA)


def test_deleting_a_manager_clears_and_touches_the_reports(user, watch) -> None:
    """Each report has a journal entry and an audit entry of its own, and no reference to nobody."""
    boss = user("boss")
    reports = [user(name, **{ENTERPRISE: {"manager": str(boss.id), "division": "D"}}) for name in ("a", "b")]
    seen = watch()
    users.delete_user(boss.id, actor=ADA)
    assert seen.events == ["user.manager_cleared", "user.manager_cleared", "user.deleted"]
    for report in User.objects.filter(id__in=[one.id for one in reports]):
        assert (report.manager_id, report.version) == (None, 2)
        assert report.resource[ENTERPRISE] == {"division": "D"}
        assert ("user", report.id, None) in seen.pending
    assert verify().ok


def test_r18_a_failing_audit_insert_leaves_nothing(user, group, watch, broken_audit) -> None:
    """No act without its entry: user, membership, journal and pending rows go back with it."""
    made, some = user("bob"), group("Sales")
    seen = watch()
    broken_audit()
    acts = [
        lambda: user("carol"),
        lambda: users.set_active(made.id, False, actor=ADA),
        lambda: users.delete_user(made.id, actor=ADA),
        lambda: users.create_users([{"userName": "dave"}], actor=ADA),
        lambda: memberships.add_members(some.id, [made.id], actor=ADA),
        lambda: group("Other"),
    ]
    for act in acts:
        with pytest.raises(IntegrityError, match="disk full"):
            act()
    assert seen.nothing
    assert set(User.objects.values_list("user_name", "active")) == {("bob", True)}
    assert not Membership.objects.filter(group=some).exists()


def test_many_users_at_once_are_as_many_single_ones(user, watch) -> None:
    """Each has a journal entry, pending rows and Everyone; refused ones say why, by index."""
    user("taken")
    seen = watch()
    resources = [
        {"userName": "a"},
        {"userName": "TAKEN"},
        {"userName": ""},
        {"userName": "A"},
        {"userName": "b"},
    ]
    outcome = users.create_users(resources, actor=ADA)
    assert list(outcome.created) == [0, 4]
    assert [(index, refusal.kind) for index, refusal in outcome.refused] == [
        (1, RefusalKind.DUPLICATE),
        (2, RefusalKind.INVALID),
        (3, RefusalKind.DUPLICATE),
    ]
    assert (seen.events, seen.acts) == (["user.created"] * 2, ["users.created"])
    group = everyone.everyone()
    for user_id in outcome.created.values():
        assert {("user", user_id, None), ("member", group.id, user_id)} <= seen.pending
        entry = JournalEntry.objects.get(subject_id=user_id)
        assert Pending.objects.filter(entry=entry).count() == 2
    assert queries.effective_members(group.id).count() == 3


def test_many_users_cross_the_limit_of_one_run(db) -> None:
    """More than one transaction's worth, with the right index for the refused."""
    outcome = users.create_users([{"userName": f"u{n % 1200}"} for n in range(1201)], actor=ADA)
    assert (len(outcome.created), [index for index, _ in outcome.refused]) == (1200, [1200])


def test_replacing_many_skips_equal_ones_and_refuses_stale_ones(user, watch) -> None:
    """A user who was changed since they were read is not overwritten."""
    same, stale, changed = (User.objects.get(id=user(name).id) for name in ("same", "stale", "changed"))
    users.set_active(stale.id, False, actor=ADA)
    seen = watch()
    documents = [{**one.resource, "title": title} for one, title in ((stale, "x"), (changed, "y"))]
    pairs = [(same, dict(same.resource)), (stale, documents[0]), (changed, documents[1])]
    refused = users.replace_users(pairs, actor=ADA)
    assert [(index, refusal.kind) for index, refusal in refused] == [(1, RefusalKind.CONFLICT)]
    assert (seen.events, seen.pending) == (["user.updated"], {("user", changed.id, None)})
    assert User.objects.get(id=changed.id).resource["title"] == "y"
    assert verify().ok
