"""Days in a company: joiners, movers, leavers and renames drawn from a seed, and acts that are taken back."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

from provisor.directory.groups import update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Group, Membership, User
from provisor.directory.users import create_user, delete_user, replace_user, set_active
from tests.crash.company import ACTOR, ENTERPRISE, Company, document_of, person

Undo = Callable[[], object]


class Days:
    """Makes changes through the services; the same seed makes the same changes."""

    def __init__(self, company: Company, seed: int, employed: int) -> None:
        self._company = company
        self._random = random.Random(seed)
        self._next = employed
        self._undo: list[Undo] = []
        self._acts = [
            *[self._join] * 3, *[self._move] * 4, *[self._leave] * 2, *[self._return] * 2, self._disable, self._enable,
            self._delete, *[self._rename] * 3, *[self._promote] * 3, self._demote, self._manage, self._rename_group,
        ]  # fmt: skip

    def act(self, count: int) -> None:
        """Make so many changes, each in a transaction of its own."""
        for _ in range(count):
            self._random.choice(self._acts)()

    def take_back(self, most: int = 6) -> None:
        """Undo the latest changes that can be undone: added and removed again, removed and added again."""
        for undo in self._undo[-most:]:
            if self._random.random() < 0.7:
                undo()
        self._undo.clear()

    def move(self, count: int) -> list[Undo]:
        """Let so many people change teams; returns what takes each of it back."""
        before = len(self._undo)
        for _ in range(count):
            self._move()
        undo = self._undo[before:]
        del self._undo[before:]
        return undo

    def pause(self, longest: float) -> float:
        return self._random.uniform(0, longest)

    # --- who and where --------------------------------------------------------------------------------------------

    def _somebody(self, **conditions: Any) -> User | None:
        users = list(User.objects.filter(deleted_at=None, **conditions).order_by("user_name"))
        return self._random.choice(users) if users else None

    def _teams_of(self, user: User) -> list[Group]:
        mine = set(Membership.objects.filter(user_id=user.id).values_list("group_id", flat=True))
        return [team for team in self._company.teams.values() if team.id in mine]

    def _team(self) -> Group:
        return self._random.choice(list(self._company.teams.values()))

    def _add(self, team: Group, user: UUID) -> None:
        if User.objects.filter(pk=user, deleted_at=None).exists():
            add_members(team.id, [user], actor=ACTOR)

    def _remove(self, team: Group, user: UUID) -> None:
        if User.objects.filter(pk=user, deleted_at=None).exists():
            remove_members(team.id, [user], actor=ACTOR)

    # --- acts -----------------------------------------------------------------------------------------------------

    def _join(self) -> None:
        user = create_user(person(self._next), actor=ACTOR)
        self._next += 1
        self._add(self._team(), user.id)

    def _move(self) -> None:
        user, team = self._somebody(active=True), self._team()
        if user is None:
            return
        former = self._teams_of(user)
        if team not in former:
            self._add(team, user.id)
            self._undo.append(lambda: self._remove(team, user.id))
        for each in former:
            if each != team:
                self._remove(each, user.id)
                self._undo.append(lambda each=each: self._add(each, user.id))  # type: ignore[misc]

    def _leave(self) -> None:
        user = self._somebody(active=True)
        for team in self._teams_of(user) if user else ():
            self._remove(team, user.id)
            self._undo.append(lambda team=team: self._add(team, user.id))  # type: ignore[misc]

    def _return(self) -> None:
        inside = Membership.objects.filter(group__in=list(self._company.teams.values())).values("user_id")
        users = list(User.objects.filter(deleted_at=None).exclude(pk__in=inside).order_by("user_name"))
        if users:
            self._add(self._team(), self._random.choice(users).id)

    def _disable(self) -> None:
        user = self._somebody(active=True)
        if user is not None:
            set_active(user.id, active=False, actor=ACTOR)

    def _enable(self) -> None:
        user = self._somebody(active=False)
        if user is not None:
            set_active(user.id, active=True, actor=ACTOR)

    def _delete(self) -> None:
        user = self._somebody()
        if user is not None:
            delete_user(user.id, actor=ACTOR)

    def _rename(self) -> None:
        user = self._somebody()
        if user is None:
            return
        name = f"renamed{self._random.randrange(10**9)}"
        emails = [{"value": f"{name}@example.com", "type": "work", "primary": True}]
        former = document_of(user)
        self._replace(user, userName=name, displayName=name.title(), emails=emails)
        kept = {path: former[path] for path in ("userName", "displayName", "emails")}
        self._undo.append(lambda: self._replace(user, **kept))

    def _promote(self) -> None:
        user = self._somebody()
        if user is not None:
            former = user.resource.get("title")
            self._replace(user, title=f"Title {self._random.randrange(1000)}")
            self._undo.append(lambda: self._replace(user, title=former))

    def _demote(self) -> None:
        user = self._somebody()
        if user is not None:
            self._replace(user, title=None)

    def _manage(self) -> None:
        user, manager = self._somebody(active=True), self._somebody(active=True)
        if user is None or manager is None or user.id == manager.id:
            return
        enterprise = {**user.resource.get(ENTERPRISE, {}), "manager": {"value": str(manager.id)}}
        self._replace(user, **{ENTERPRISE: enterprise})

    def _replace(self, user: User, **attributes: Any) -> None:
        current = User.objects.filter(pk=user.pk, deleted_at=None).first()
        if current is None:
            return
        document = {**document_of(current), **attributes}
        replace_user(user.pk, {k: v for k, v in document.items() if v is not None}, actor=ACTOR)

    def _rename_group(self) -> None:
        team = self._team()
        former = Group.objects.get(pk=team.pk).display_name
        update_group(team.id, display_name=f"Team {self._random.randrange(10**9)}", actor=ACTOR)
        self._undo.append(lambda: update_group(team.id, display_name=former, actor=ACTOR))
