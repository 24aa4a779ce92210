"""What the pages of policies show, read in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, QueryDict

from provisor.access.narrowing import known
from provisor.applications.lookup import as_id, live_applications, live_policies
from provisor.applications.models import Application, Policy
from provisor.console.groups import reading as groups_reading
from provisor.console.groups.counting import Size, sizes
from provisor.console.groups.reading import searched
from provisor.console.policies.standing import AT_ONCE, Standing, standings
from provisor.console.policies.wording import sign_in
from provisor.directory.models import Closure, Group, Membership, User
from provisor.directory.names import fold
from provisor.directory.queries import find_group
from provisor.directory.refusal import DirectoryRefusal
from provisor.provisioning.models import Kind, Link


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as the list shows it. `standing` is None while its accounts are not counted yet."""

    policy: Policy
    brings: int
    standing: Standing | None
    sign_in: str


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the policies a list shows."""

    text: str = ""
    application: Application | None = None
    group: Group | None = None

    def __bool__(self) -> bool:
        return bool(self.text or self.application or self.group)


def filter_of(request: HttpRequest) -> Filter:
    """Read `?q=`, `?application=` and `?group=`; what names nothing filters nothing."""
    return Filter(searched(request), application_in(request.GET), group_in(request.GET))


def application_in(values: QueryDict) -> Application | None:
    """Return the application whose id the query gives."""
    return known(live_applications(), "pk").filter(pk=as_id(values.get("application", ""))).first()


def group_in(values: QueryDict) -> Group | None:
    """Return the group whose name or id the query gives."""
    try:
        return find_group(values.get("group", ""))
    except DirectoryRefusal:
        return None


def found_policies(of: Filter) -> QuerySet[Policy]:
    """Return the policies that fit, with their application and group."""
    found = known(live_policies()).select_related("application", "group")
    if of.text:
        key = fold(of.text)
        found = found.filter(
            Q(name__icontains=of.text)
            | Q(application__name_key__contains=key)
            | Q(group__display_name_key__contains=key)
        )
    if of.application:
        found = found.filter(application=of.application)
    return found.filter(group=of.group) if of.group else found


def rows(shown: Sequence[Policy]) -> list[PolicyRow]:
    """Count people and accounts of the policies of one page."""
    counted = sizes({one.group_id for one in shown})
    small, budget = [], AT_ONCE
    for one in shown:
        if counted[one.group_id].effective <= budget:
            budget -= counted[one.group_id].effective
            small.append(one.id)
    counted_too = standings(small)
    return [_row(one, counted[one.group_id], counted_too.get(one.id)) for one in shown]


def _row(policy: Policy, size: Size, standing: Standing | None) -> PolicyRow:
    return PolicyRow(policy, size.effective, standing, sign_in(policy.login_method, policy.second_factor))


def policy_or_404(policy_id: UUID) -> Policy:
    """Return the policy with its application and group. Raises `Http404` if it grants nothing any more."""
    found = known(live_policies()).select_related("application", "group").filter(pk=policy_id).first()
    if found is None:
        raise Http404
    return found


def existing(application: Application | None, group: Group | None) -> Policy | None:
    """Return the policy that grants this application to this group already."""
    if application is None or group is None:
        return None
    return live_policies().filter(application=application, group=group).first()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the policy brings, and their account in its application."""

    user: User
    link: Link | None


def people(policy: Policy, shown: Sequence[User]) -> list[Person]:
    """Find the accounts of the users of one page."""
    wanted = [one.id for one in shown]
    links = Link.objects.filter(application=policy.application, kind=Kind.USER, local_id__in=wanted)
    by_user = {one.local_id: one for one in links}
    return [Person(one, by_user.get(one.id)) for one in shown]


def members(group: Group, size: Size, text: str = "") -> QuerySet[User]:
    """Return everybody in the group, at any depth, who fits the search."""
    return groups_reading.members(group, size, text, effective=True)


def have_account(application: Application, group: Group) -> int:
    """Count the people in the group who have an account in the application, or are about to get one."""
    held = _held([group.id])
    links = Link.objects.filter(application=application, kind=Kind.USER, in_scope=True)
    return links.filter(local_id__in=held.values("user_id")).count()


def stay_without(policy: Policy) -> int:
    """Count the people whom another policy brings to the same application too."""
    others = live_policies().filter(application=policy.application).exclude(pk=policy.pk)
    elsewhere, here = _held(others.values("group_id")), _held([policy.group_id])
    # Two sets, and what both have: asking of each person would go through every policy a hundred thousand times.
    return here.values("user_id").intersection(elsewhere.values("user_id")).count()


def _held(group_ids: Any) -> QuerySet[Membership]:
    below = Closure.objects.filter(ancestor_id__in=group_ids).values("descendant_id")
    return Membership.objects.filter(group_id__in=below)
