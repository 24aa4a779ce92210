"""A day in the company: joiners, movers, leavers, and changes that look small and are not."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from provisor.audit.actor import Actor
from provisor.cli.words import count
from provisor.directory.groups import update_group
from provisor.directory.memberships import add_members, remove_members
from provisor.directory.users import delete_user, replace_user, set_active
from provisor.sample.company import DIVISIONS, DOMAIN, NAME, OUTSIDE, SEED, STAFF_TITLES, TITLES, Person
from provisor.sample.founding import Roster, applicants_after, hire

_FAMILY_AFTER_WEDDING: Final = "Łukasiewicz-O'Hara"
_RENAMED_TEAM: Final = ("Data Platform", "Data & AI Platform")
_NEW_LEAD_IN: Final = "Grid Software"
_WEDDING_IN: Final = "Accounting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happened, in sentences, and who has an account that must be inactive now."""

    sentences: tuple[str, ...]
    inactive: frozenset[str]


def change_company(roster: Roster, actor: Actor) -> Day:
    """Let a day pass. Few enough leave that the brake stays silent: see `_Day.numbers`."""
    return _Day(roster, actor).pass_by()


class _Day:
    """Takes people for each event, nobody twice."""

    def __init__(self, roster: Roster, actor: Actor) -> None:
        self._roster, self._actor = roster, actor
        self._chance = random.Random(SEED + 1)  # noqa: S311 - sample data
        self._ordinary = self._people_in_one_team_only()
        self._inactive: set[str] = set()

    def pass_by(self) -> Day:
        size = len(self._roster.company.people)
        sentences = (
            self._new_lead(),
            self._wedding(),
            self._rename_team(),
            self._join(2 + size // 40),
            self._move(1 + size // 60),
            self._promote(size // 50),
            self._delete(1 + size // 125),
            self._disable(1 + size // 250),
            self._leave_the_company(),
        )
        return Day(sentences=tuple(filter(None, sentences)), inactive=frozenset(self._inactive))

    def _people_in_one_team_only(self) -> Iterator[Person]:
        """Shuffled people without reports and without a second group: nobody waits for a manager who left."""
        several = {name for team in self._roster.company.teams if not team.parent for name in team.members}
        people = [
            person
            for person in self._roster.company.people
            if person.title in TITLES
            and person.department != _NEW_LEAD_IN
            and person.user_name not in several
        ]
        self._chance.shuffle(people)
        return iter(people)

    def _take(self, number: int) -> list[Person]:
        return [person for _, person in zip(range(number), self._ordinary, strict=False)]

    def _store(self, before: Person, after: Person) -> None:
        user_id = self._roster.user_ids.pop(before.user_name)
        del self._roster.people[before.user_name]
        self._roster.user_ids[after.user_name] = user_id
        self._roster.people[after.user_name] = after
        replace_user(user_id, self._roster.resource(after), actor=self._actor)

    def _new_lead(self) -> str:
        """Everybody else of the team gets another manager, the former lead too."""
        team = self._roster.company.team(_NEW_LEAD_IN)
        former, successor = (self._roster.people[name] for name in team.members[:2])
        lead = replace(successor, title=former.title, manager=former.manager)
        self._store(successor, lead)
        for name in team.members:
            if name != lead.user_name:
                person = self._roster.people[name]
                title = "Senior Engineer" if name == former.user_name else person.title
                self._store(person, replace(person, title=title, manager=lead.user_name))
        return f"{lead.display} leads {_NEW_LEAD_IN} now: {count(len(team.members) - 1, 'person has', 'people have')} a new manager"

    def _wedding(self) -> str:
        """A new family name, user name and address; the account must stay the same one."""
        person = self._roster.people[self._roster.company.team(_WEDDING_IN).members[0]]
        after = replace(
            person,
            family=_FAMILY_AFTER_WEDDING,
            display=f"{person.given} {_FAMILY_AFTER_WEDDING}",
            user_name=f"{person.user_name.partition('.')[0]}.lukasiewicz-ohara",
        )
        self._store(person, after)
        for name in [
            one.user_name for one in self._roster.people.values() if one.manager == person.user_name
        ]:
            self._roster.people[name] = replace(self._roster.people[name], manager=after.user_name)
        return f"{person.display} is {after.display} now, with a new user name and address at {DOMAIN}"

    def _rename_team(self) -> str:
        before, after = _RENAMED_TEAM
        group_id = self._roster.group_ids.pop(before)
        self._roster.group_ids[after] = group_id
        update_group(group_id, display_name=after, actor=self._actor)
        return f"the group {before} is called {after}"

    def _join(self, number: int) -> str:
        applicants = applicants_after(self._roster.company, self._chance)
        places = [
            (division, team) for division, _, teams in DIVISIONS for team in teams if team != _RENAMED_TEAM[0]
        ]
        joiners = []
        for _ in range(number):
            division, team = self._chance.choice(places)
            joiners.append(self._joiner(applicants.next(plain=True), division, team))
        hire(self._roster, joiners, self._actor)
        for joiner in joiners:
            self._put(joiner, joiner.department)
        return f"{count(number, 'person joins', 'people join')}"

    def _joiner(self, person: Person, division: str, team: str) -> Person:
        title = self._chance.choice(TITLES)
        return replace(person, title=title, division=division, department=team, manager=self._lead(team))

    def _lead(self, team: str) -> str:
        title = f"Lead, {team}"
        return next(person.user_name for person in self._roster.people.values() if person.title == title)

    def _put(self, person: Person, team: str) -> None:
        add_members(
            self._roster.group_ids[team], [self._roster.user_ids[person.user_name]], actor=self._actor
        )

    def _take_out(self, person: Person, team: str) -> None:
        remove_members(
            self._roster.group_ids[team], [self._roster.user_ids[person.user_name]], actor=self._actor
        )

    def _move(self, number: int) -> str:
        """Every second mover changes the division too, which is two memberships less and two more."""
        movers = self._take(number)
        for place, person in enumerate(movers):
            division, team = self._destination(person, elsewhere=place % 2 == 1)
            after = replace(person, division=division, department=team, manager=self._lead(team))
            self._store(person, after)
            self._take_out(after, _now_called(person.department))
            self._put(after, _now_called(team))
        return f"{count(len(movers), 'person moves', 'people move')} to another team"

    def _destination(self, person: Person, *, elsewhere: bool) -> tuple[str, str]:
        return self._chance.choice(
            [
                (division, team)
                for division, _, teams in DIVISIONS
                for team in teams
                if team != person.department and (division != person.division) == elsewhere
            ]
        )

    def _promote(self, number: int) -> str:
        promoted = self._take(number)
        for person in promoted:
            self._store(person, replace(person, title="Principal Engineer"))
        return f"{count(len(promoted), 'person is', 'people are')} promoted" if promoted else ""

    def _delete(self, number: int) -> str:
        leavers = self._take(number)
        for person in leavers:
            delete_user(self._roster.user_ids[person.user_name], actor=self._actor)
        return f"{count(len(leavers), 'person leaves', 'people leave')} and {'is' if number == 1 else 'are'} deleted"

    def _disable(self, number: int) -> str:
        disabled = self._take(number)
        for person in disabled:
            set_active(self._roster.user_ids[person.user_name], False, actor=self._actor)
            self._inactive.add(person.user_name)
        return f"{count(len(disabled), 'person is', 'people are')} disabled (a leave of absence)"

    def _leave_the_company(self) -> str:
        """One of the staff goes to a group that no policy names: unassigned, and still in the directory."""
        person = next(one for one in self._roster.company.people if one.title == STAFF_TITLES[-1])
        self._take_out(person, NAME)
        self._put(person, OUTSIDE)
        self._inactive.add(person.user_name)
        return f"{person.display} becomes an advisor outside the company"


def _now_called(team: str) -> str:
    before, after = _RENAMED_TEAM
    return after if team == before else team
