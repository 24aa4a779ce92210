"""The tiles of one person: applications with the state of the account, and what signing in takes."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from provisor.access.demands import Demand
from provisor.access.models import Account, Opening
from provisor.access.openings import openings_of, standings
from provisor.access.step_up import Step
from provisor.console.my.wording import METHODS, account_state, methods_in_words
from provisor.console.policies.wording import sign_in
from provisor.provisioning.models import Kind, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One application of the person."""

    demand: Demand
    #: The pill and the sentence on the account there.
    pill: str
    account: str
    asked: str
    #: What is missing now, in words; nothing when it opens at once.
    missing: tuple[str, ...]
    last: Opening | None
    last_by: str


def tiles(request: HttpRequest, account: Account) -> list[Tile]:
    """Every application that policies give this person, by name; the number of queries does not grow with them."""
    user_id = account.directory_user_id
    if user_id is None:
        return []
    states = _link_states(user_id)
    last = openings_of(user_id)
    return [
        _tile(each.demand, each.steps, states.get(each.demand.application_id, ""), last)
        for each in standings(request)
    ]


def _link_states(user_id: UUID) -> dict[UUID, str]:
    links = Link.objects.filter(kind=Kind.USER, local_id=user_id)
    return dict(links.values_list("application_id", "state"))


def _asked(step: Step) -> str:
    method = str(METHODS[step.method])
    return _("%(method)s (to be set up)") % {"method": method} if step.enrol else method


def _tile(demand: Demand, steps: tuple[Step, ...], state: str, last: dict[UUID, Opening]) -> Tile:
    pill, account = account_state(state)
    opening = last.get(demand.application_id)
    return Tile(
        demand=demand,
        pill=pill,
        account=account,
        asked=sign_in(demand.login_method, demand.second_factor),
        missing=tuple(_asked(step) for step in steps),
        last=opening,
        last_by=methods_in_words(opening.methods) if opening else "",
    )
