"""Busy days: beside the acts of a day, whole departments come, move and change, so that a kill finds writes under way."""

from typing import Any

from provisor.directory.bulk import create_users
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.models import Membership, User
from tests.crash.company import ACTOR, Company, person
from tests.crash.day import Days

#: The attribute that counts the editions of a user: an older one must never arrive after a newer one.
EDITION = "nickName"
#: Groups are founded up to so many, since each of them is judged in the end.
_MOST_GROUPS = 12


def edition_of(value: object) -> int:
    """The number of an edition; 0 for whatever is none."""
    text = str(value)
    return int(text[1:]) if text[:1] == "v" and text[1:].isdigit() else 0


class BusyDays(Days):
    """Days with acts on many people at once. A kind of work that is new to the engine becomes an act here."""

    def __init__(self, company: Company, seed: int, employed: int) -> None:
        super().__init__(company, seed, employed)
        self._edition = 0
        self._busy = [
            self._join_many,
            self._change_many,
            self._move_many,
            self._leave_many,
            self._found_group,
        ]

    def rush(self) -> None:
        """One act that concerns many people."""
        self._random.choice(self._busy)()

    def strikes_work(self) -> bool:
        """Whether the next kill waits for a write that is about to leave or under way; the others come at any moment."""
        return self._random.random() < 0.4

    def moment(self) -> float:
        """Seconds from the last change, or from the write, to the kill."""
        return self._random.choice((0.0, self._random.uniform(0, 0.12), self._random.uniform(0, 0.4)))

    def _join_many(self) -> None:
        numbers = range(self._next, self._next + self._random.randint(5, 25))
        self._next = numbers.stop
        outcome = create_users([person(number) for number in numbers], actor=ACTOR)
        add_members(self._team().id, list(outcome.created.values()), actor=ACTOR)

    def _some(self, most: int) -> list[User]:
        users = list(User.objects.filter(deleted_at=None, active=True).order_by("user_name"))
        return self._random.sample(users, min(most, len(users)))

    def _change_many(self) -> None:
        for user in self._some(20):
            self._replace(user, title=f"Title {self._random.randrange(1000)}")

    def _move_many(self) -> None:
        """They are in one team more; the next act of this kind may take them out again."""
        team, people = self._team(), [user.id for user in self._some(30)]
        inside = set(Membership.objects.filter(group_id=team.id).values_list("user_id", flat=True))
        add_members(team.id, [one for one in people if one not in inside], actor=ACTOR)
        self._undo.append(lambda: self._remove_some(team.id, people))

    def _leave_many(self) -> None:
        team = self._team()
        inside = list(Membership.objects.filter(group_id=team.id).order_by("user_id"))
        leaving = self._random.sample(inside, min(8, len(inside) // 2))
        if leaving:
            remove_members(team.id, [member.user_id for member in leaving], actor=ACTOR)

    def _remove_some(self, team: Any, people: list[Any]) -> None:
        there = set(
            Membership.objects.filter(group_id=team, user_id__in=people).values_list("user_id", flat=True)
        )
        if there:
            remove_members(team, sorted(there), actor=ACTOR)

    def _found_group(self) -> None:
        if len(self._company.teams) >= _MOST_GROUPS:
            return
        name = f"Project {self._random.randrange(10**9)}"
        group = create_group(name, actor=ACTOR)
        add_members(group.id, [user.id for user in self._some(15)], actor=ACTOR)
        self._company.teams[name] = group
        self._company.grant([group])

    def _replace(self, user: User, **attributes: Any) -> None:
        self._edition += 1
        super()._replace(user, **{**attributes, EDITION: f"v{self._edition}"})
