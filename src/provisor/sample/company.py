"""A believable company, the same for the same number and seed: pure, without Django."""

import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from provisor.sample.names import CULTURES, REMARKABLE, ROMANISED, Culture
from provisor.scim.schemas import ENTERPRISE_SCHEMA, USER_SCHEMA

SEED: Final = 7643
LEAST: Final = 40
MOST: Final = 2_000
NAME: Final = "Halden Energy"
DOMAIN: Final = "halden.example"
#: Where nobody is brought to any application by: no policy names this group.
OUTSIDE: Final = "Alumni Advisors"
LEADERSHIP: Final = "Leadership"

#: Each division with its share of the people and its teams.
Divisions = tuple[tuple[str, int, tuple[str, ...]], ...]
DIVISIONS: Final[Divisions] = (
    ("Engineering", 8, ("Grid Software", "Turbine Control", "Data Platform", "Site Reliability", "Security")),
    ("Operations", 7, ("Wind Farms North", "Wind Farms South", "Control Room", "Field Service", "Logistics")),
    ("Sales", 5, ("Sales Nordics", "Sales EMEA", "Sales Asia-Pacific", "Customer Success")),
    ("Finance", 2, ("Accounting", "Treasury", "Procurement")),
    ("People & Culture", 2, ("Recruiting", "Learning", "Facilities")),
)
#: Of a company that a person can take in at a glance: 12 groups in all.
FEW_DIVISIONS: Final[Divisions] = (
    ("Engineering", 8, ("Grid Software", "Turbine Control", "Site Reliability")),
    ("Sales", 5, ("Sales Nordics", "Customer Success")),
)
#: Groups across the company, each with the part of all people that is in it.
ACROSS: Final = (("Fire Wardens", 25), ("On-Call", 12))
TITLES: Final = (
    "Analyst",
    "Engineer",
    "Specialist",
    "Coordinator",
    "Senior Engineer",
    "Consultant",
    "Technician",
)
STAFF_TITLES: Final = ("Chief Executive Officer", "General Counsel", "Chief of Staff", "Company Historian")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person, as the directory will hold them. `manager` is a user name, or empty."""

    user_name: str
    given: str
    family: str
    display: str
    title: str
    number: str
    division: str
    department: str
    manager: str
    locale: str
    timezone: str
    active: bool = True

    @property
    def email(self) -> str:
        return f"{self.user_name}@{DOMAIN}"

    def resource(self, manager_id: str = "") -> dict[str, Any]:
        """The RFC 7643 resource."""
        enterprise: dict[str, Any] = {
            "employeeNumber": self.number,
            "organization": NAME,
            "division": self.division,
            "department": self.department,
            "costCenter": f"CC-{1000 + sum(map(ord, self.department)) % 9000}",
        }
        if manager_id:
            enterprise["manager"] = {"value": manager_id}
        return {
            "schemas": [USER_SCHEMA, ENTERPRISE_SCHEMA],
            "userName": self.user_name,
            "name": {"givenName": self.given, "familyName": self.family},
            "displayName": self.display,
            "emails": [{"value": self.email, "type": "work", "primary": True}],
            "phoneNumbers": [{"value": f"+47 55 {int(self.number):04d}", "type": "work"}],
            "title": self.title,
            "locale": self.locale,
            "preferredLanguage": self.locale,
            "timezone": self.timezone,
            "active": self.active,
            ENTERPRISE_SCHEMA: enterprise,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group of the directory, with the user names directly in it. `parent` is a group, or empty."""

    name: str
    parent: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Everybody, managers before those who report to them, and every group, parents before children."""

    people: tuple[Person, ...]
    teams: tuple[Team, ...]

    def team(self, name: str) -> Team:
        return next(team for team in self.teams if team.name == name)


def build_company(size: int, seed: int = SEED, divisions: Divisions = DIVISIONS) -> Company:
    """Build a company of `size` people, between `LEAST` and `MOST`, in 30 groups, or 12 with `FEW_DIVISIONS`."""
    return _Founding(size, seed, divisions).company()


class Applicants:
    """People with names and numbers of their own; the same seed gives the same ones."""

    def __init__(self, chance: random.Random, *, first_number: int = 1) -> None:
        self._chance = chance
        self._taken: set[str] = set()
        self._number = first_number
        self._remarkable = _remarkable()

    def know(self, user_names: Iterable[str]) -> None:
        """Nobody else gets these user names."""
        self._taken.update(user_names)

    def next(self, *, plain: bool = False) -> Person:
        """The next one; `plain` takes none of the remarkable names."""
        given, family, culture = self._name(plain=plain)
        number, self._number = self._number, self._number + 1
        shown = (
            (_written(family), _written(given))
            if culture.family_first
            else (_written(given), _written(family))
        )
        return Person(
            user_name=self._user_name(given, family),
            given=_written(given), family=_written(family), display=" ".join(shown),
            title="", number=str(number), division="", department="", manager="",
            locale=culture.locale, timezone=culture.timezone,
        )  # fmt: skip

    def _name(self, *, plain: bool) -> tuple[str, str, Culture]:
        special = None if plain or self._chance.random() > 0.3 else next(self._remarkable, None)  # noqa: PLR2004
        if special is not None:
            return special
        # The first cultures are where the company began: more people come from there.
        culture = CULTURES[min(int(self._chance.expovariate(0.32)), len(CULTURES) - 1)]
        return self._chance.choice(culture.given), self._chance.choice(culture.family), culture

    def _user_name(self, given: str, family: str) -> str:
        wanted = f"{romanised(given)}.{romanised(family)}"[:60].rstrip(".-")
        name, more = wanted, 1
        while name in self._taken:
            more += 1
            name = f"{wanted}{more}"
        self._taken.add(name)
        return name


def romanised(name: str) -> str:
    """The part of a user name that stands for this name: small Latin letters and hyphens."""
    latin = name.partition("/")[2] or name
    decomposed = unicodedata.normalize("NFKD", latin.translate(ROMANISED))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.sub(r"[^a-z]+", "-", plain.replace("'", "").lower()).strip("-")


def _written(name: str) -> str:
    return name.partition("/")[0]


def _remarkable() -> Iterator[tuple[str, str, Culture]]:
    cultures = {culture.locale: culture for culture in CULTURES}
    return ((given, family, cultures[locale]) for locale, given, family in REMARKABLE)


class _Founding:
    """Fills the groups, from the top down."""

    def __init__(self, size: int, seed: int, divisions: Divisions) -> None:
        self._size, self._divisions = size, divisions
        self._chance = random.Random(seed)  # noqa: S311 - sample data
        self._applicants = Applicants(self._chance)
        self._people: list[Person] = []
        self._teams: list[Team] = []

    def company(self) -> Company:
        chief = self._staff()
        outside = max(2, self._size // 100)
        gone = max(1, self._size // 60)
        heads = self._heads(chief)
        self._staff_teams(heads, self._size - len(self._people) - outside - gone)
        self._outsiders(outside)
        self._gone(gone)
        self._across()
        return Company(people=tuple(self._people), teams=tuple(self._teams))

    def _hire(
        self, *, title: str, division: str, department: str, manager: str, active: bool = True
    ) -> Person:
        # The managers have plain names, so that the remarkable ones fall to anybody.
        person = replace(
            self._applicants.next(plain=title.startswith(("Head", "Lead", "Chief Exec"))),
            title=title, division=division, department=department, manager=manager, active=active,
        )  # fmt: skip
        self._people.append(person)
        return person

    def _staff(self) -> str:
        """The chief and those beside them are directly in the company's own group."""
        chief = self._hire(title=STAFF_TITLES[0], division="", department=NAME, manager="").user_name
        staff = [
            self._hire(title=title, division="", department=NAME, manager=chief).user_name
            for title in STAFF_TITLES[1:]
        ]
        self._teams.append(Team(name=NAME, parent="", members=(chief, *staff)))
        return chief

    def _heads(self, chief: str) -> dict[str, str]:
        heads = {}
        for division, _, _ in self._divisions:
            head = self._hire(
                title=f"Head of {division}", division=division, department=division, manager=chief
            )
            heads[division] = head.user_name
            self._teams.append(Team(name=division, parent=NAME, members=(head.user_name,)))
        self._teams.append(Team(name=LEADERSHIP, parent="", members=(chief, *heads.values())))
        return heads

    def _staff_teams(self, heads: dict[str, str], people: int) -> None:
        places = [(division, team) for division, _, teams in self._divisions for team in teams]
        members = {team: self._lead(division, team, heads[division]) for division, team in places}
        weights = [weight / len(teams) for _, weight, teams in self._divisions for _ in teams]
        crowd = self._chance.choices(places, weights=weights, k=people - len(places))
        for division, team in sorted(crowd):
            title, manager = self._chance.choice(TITLES), members[team][0]
            hired = self._hire(title=title, division=division, department=team, manager=manager)
            members[team].append(hired.user_name)
        for division, team in places:
            self._teams.append(Team(name=team, parent=division, members=tuple(members[team])))

    def _lead(self, division: str, team: str, head: str) -> list[str]:
        return [self._hire(title=f"Lead, {team}", division=division, department=team, manager=head).user_name]

    def _outsiders(self, number: int) -> None:
        names = [
            self._hire(title="Advisor", division="", department="Alumni", manager="").user_name
            for _ in range(number)
        ]
        self._teams.append(Team(name=OUTSIDE, parent="", members=tuple(names)))

    def _gone(self, number: int) -> None:
        """Left long ago: disabled, and out of every group."""
        for _ in range(number):
            self._hire(title="", division="", department="", manager="", active=False)

    def _across(self) -> None:
        """Some people of all teams, not the leads, are in groups across the company too."""
        ordinary = [person.user_name for person in self._people if person.title in TITLES]
        for name, one_in in ACROSS:
            some = self._chance.sample(ordinary, max(1, len(ordinary) // one_in))
            self._teams.append(Team(name=name, parent="", members=tuple(sorted(some))))


def layers(people: Sequence[Person]) -> list[list[Person]]:
    """Sort people so that everybody's manager is in an earlier layer."""
    placed: dict[str, int] = {}
    for person in people:
        placed[person.user_name] = placed[person.manager] + 1 if person.manager else 0
    depth = max(placed.values(), default=-1) + 1
    return [[person for person in people if placed[person.user_name] == layer] for layer in range(depth)]
