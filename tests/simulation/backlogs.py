"""Backlogs, without which no bulk request is ever sent: the companies of seeds are small."""

from provisor.applications.applications import update_application
from provisor.directory.bulk import create_users
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members
from provisor.directory.models import User
from provisor.directory.users import replace_user
from provisor.provisioning.perform import lookup
from tests.crash.company import ACTOR, document_of, person
from tests.simulation.company import Company, grant
from tests.simulation.world import World

#: New links from which a listing is read instead of searching for each; without a listing nothing is created in bulk.
FEW = 3
USUAL = lookup.LISTING_FROM
#: Seconds within which a rush begins.
WITHIN = (2.0, 30.0, 600.0)
#: People who begin together, and the number of the first of them; nobody else has it.
CLASS, FIRST = 6, 70_000
#: People whom a rush of changes reaches.
MOST = 12


class Rushes:
    """Of a company with an application that takes bulk requests; others have none."""

    def __init__(self, world: World, company: Company) -> None:
        self._world, self._company = world, company
        self._bulky = [one for one in company.installed if one.drawn.options.bulk]
        self._begun = 0

    def draw(self) -> None:
        """Let bulk pay from a few works on, and many things happen at once."""
        lookup.LISTING_FROM = FEW if self._bulky else USUAL
        for one in self._bulky:
            update_application(one.application.id, {"limits": {"concurrency": 1}}, actor=ACTOR)
        chance = self._world.random
        if self._bulky:
            for rush in (self._begin, *chance.choice(((), (self._change,), (self._change, self._begin)))):
                self._world.at(chance.random() * chance.choice(WITHIN), rush)

    def _begin(self) -> None:
        """A class begins, in a team of its own that is granted and pushed: the group may name who is created with it."""
        name = f"Class {self._begun}"
        self._world.tell(f"{name} begins")
        first = FIRST + CLASS * self._begun
        self._begun += 1
        made = create_users([person(first + number) for number in range(CLASS)], actor=ACTOR)
        team = self._company.teams[name] = create_group(name, actor=ACTOR)
        add_members(team.id, list(made.created.values()), actor=ACTOR)
        grant(self._world.random.choice(self._bulky).application, team)

    def _change(self) -> None:
        """Many are called otherwise at once."""
        self._world.tell("many get another title")
        for user in User.objects.filter(deleted_at=None, active=True).order_by("user_name")[:MOST]:
            title = f"Title {self._world.random.randrange(1000)}"
            replace_user(user.pk, {**document_of(user), "title": title}, actor=ACTOR)
