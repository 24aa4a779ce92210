"""The flattened nesting and the pending rows against a naive model, under random acts."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from provisor.audit.actor import SYSTEM
from provisor.audit.verify import verify
from provisor.directory import groups, memberships, queries, users
from provisor.directory.everyone import everyone
from provisor.directory.models import Closure, Pending
from provisor.directory.refusal import DirectoryRefusal, RefusalKind

PICK = st.integers(min_value=0, max_value=10_000)


class Directory(RuleBasedStateMachine):
    """Acts on the real services; beside them the model keeps direct edges only and computes the rest naively."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.names = 0
        self.users: list = []
        self.inside: dict = {everyone().id: set()}
        self.members: dict = {everyone().id: set()}
        for _ in range(4):
            self.create_group()
        for _ in range(2):
            self.create_user()
        # A diamond, so that there are two ways down from the start.
        for parent, child in ((0, 1), (0, 2), (1, 3), (2, 3)):
            self.nest(parent, child)
        self.seen = set(self.effective())
        self.last_pending = self._last()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def below(self, group) -> set:
        found, todo = set(), [group]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += self.inside[one]
        return found

    def effective(self) -> Iterator[tuple]:
        return (
            (group, user) for group in self.inside for one in self.below(group) for user in self.members[one]
        )

    def _last(self) -> int:
        return max(Pending.objects.values_list("id", flat=True), default=0)

    def group(self, pick):
        own = list(self.inside)[1:]
        return own[pick % len(own)]

    def user(self, pick):
        return self.users[pick % len(self.users)]

    @rule()
    def create_group(self) -> None:
        self.names += 1
        group = groups.create_group(f"g{self.names}", actor=SYSTEM)
        self.inside[group.id], self.members[group.id] = set(), set()

    @rule()
    def create_user(self) -> None:
        self.names += 1
        user = users.create_user({"userName": f"u{self.names}"}, actor=SYSTEM)
        self.users.append(user.id)
        self.members[everyone().id].add(user.id)

    @precondition(lambda self: len(self.inside) > 1 and self.users)
    @rule(group=PICK, people=st.lists(PICK, max_size=3))
    def add(self, group, people) -> None:
        group, people = self.group(group), {self.user(one) for one in people}
        changed = memberships.add_members(group, people, actor=SYSTEM)
        assert changed == len(people - self.members[group])
        self.members[group] |= people

    @precondition(lambda self: len(self.inside) > 1 and self.users)
    @rule(group=PICK, people=st.lists(PICK, max_size=3))
    def replace_members(self, group, people) -> None:
        group, people = self.group(group), {self.user(one) for one in people}
        assert memberships.set_members(group, people, actor=SYSTEM) == len(people ^ self.members[group])
        self.members[group] = people

    @precondition(lambda self: len(self.inside) > 1 and self.users)
    @rule(group=PICK, person=PICK)
    def remove(self, group, person) -> None:
        group, person = self.group(group), self.user(person)
        assert memberships.remove_members(group, [person], actor=SYSTEM) == (person in self.members[group])
        self.members[group].discard(person)

    @precondition(lambda self: len(self.inside) > 2)
    @rule(parent=PICK, child=PICK)
    def nest(self, parent, child) -> None:
        parent, child = self.group(parent), self.group(child)
        if parent in self.below(child):
            with pytest.raises(DirectoryRefusal) as refused:
                memberships.nest(parent, child, actor=SYSTEM)
            assert refused.value.kind is RefusalKind.CYCLE
            return
        assert memberships.nest(parent, child, actor=SYSTEM) == (child not in self.inside[parent])
        self.inside[parent].add(child)

    @precondition(lambda self: any(self.inside.values()))
    @rule(pick=PICK)
    def unnest(self, pick) -> None:
        edges = [(parent, child) for parent in self.inside for child in sorted(self.inside[parent])]
        parent, child = edges[pick % len(edges)]
        assert memberships.unnest(parent, child, actor=SYSTEM)
        self.inside[parent].remove(child)

    @precondition(lambda self: len(self.inside) > 1)
    @rule(pick=PICK)
    def delete_group(self, pick) -> None:
        group = self.group(pick)
        groups.delete_group(group, actor=SYSTEM)
        del self.inside[group], self.members[group]
        for children in self.inside.values():
            children.discard(group)

    @precondition(lambda self: self.users)
    @rule(pick=PICK)
    def delete_user(self, pick) -> None:
        user = self.user(pick)
        users.delete_user(user, actor=SYSTEM)
        self.users.remove(user)
        for people in self.members.values():
            people.discard(user)

    @invariant()
    def closure_is_the_transitive_closure(self) -> None:
        expected = {(group, one) for group in self.inside for one in self.below(group)}
        assert set(Closure.objects.values_list("ancestor_id", "descendant_id")) == expected

    @invariant()
    def pending_covers_every_changed_membership_and_no_stranger(self) -> None:
        now = set(self.effective())
        fresh = Pending.objects.filter(id__gt=self.last_pending, kind="member")
        told = set(fresh.values_list("subject_id", "other_id"))
        assert now ^ self.seen <= told
        assert told <= now | self.seen
        self.seen, self.last_pending = now, self._last()

    @invariant()
    def effective_members_and_groups_agree(self) -> None:
        pairs = set(self.effective())
        for group in self.inside:
            people = {user for one, user in pairs if one == group}
            assert set(queries.effective_members(group).values_list("id", flat=True)) == people
        for user in self.users[-1:]:
            holders = {one for one, person in pairs if person == user}
            assert set(queries.effective_groups(user).values_list("id", flat=True)) == holders
            for group in self.inside:
                assert bool(queries.explain_membership(user, group)) == (group in holders)


@pytest.mark.django_db
def test_nesting_membership_and_pending_rows_agree_with_a_naive_model() -> None:
    """Whatever is nested, unnested, joined, left and deleted: closure, effective members and pending rows are right."""
    run_state_machine_as_test(
        Directory,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    assert verify().ok
