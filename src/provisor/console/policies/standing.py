"""How the accounts stand of the people whom policies bring, counted for the few policies of one page."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count

from provisor.applications.models import Policy
from provisor.directory.statements import adapted, listed
from provisor.provisioning.models import Kind, Link

#: People of one page of policies that are counted with it; larger policies are counted when they come into sight.
AT_ONCE = 5_000

# People in several groups inside are counted once. CROSS JOIN is what keeps SQLite to this order: it would begin with
# all accounts of the application.
_STATES = """
    SELECT policy.id, link.state, COUNT(DISTINCT link.id)
    FROM applications_policy policy
    CROSS JOIN directory_closure below
    CROSS JOIN directory_membership person
    CROSS JOIN provisioning_link link
    WHERE policy.id IN ({policies}) AND below.ancestor_id = policy.group_id
        AND person.group_id = below.descendant_id
        AND link.application_id = policy.application_id AND link.kind = 'user' AND link.local_id = person.user_id
    GROUP BY policy.id, link.state
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The accounts of one policy's people by state, and how many there are."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def in_sync(self) -> int:
        return self.counts.get(Link.State.IN_SYNC, 0)


def standings(policy_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Count the accounts of each policy's people in its application, by state; in one query."""
    counts: dict[UUID, dict[str, int]] = {one: {} for one in policy_ids}
    if not counts:
        return {}
    marks, values = listed(counts)
    with connection.cursor() as cursor:
        cursor.execute(_STATES.format(policies=marks), {name: adapted(one) for name, one in values.items()})
        for policy, state, count in cursor.fetchall():
            counts[policy if isinstance(policy, UUID) else UUID(policy)][state] = count
    return {one: Standing(states) for one, states in counts.items()}


def standing_of(policy: Policy) -> Standing:
    """Count the accounts of one policy's people in its application, by state."""
    if policy.group.is_everyone:
        return _of_everyone(policy)
    return standings([policy.id])[policy.id]


def _of_everyone(policy: Policy) -> Standing:
    """Whoever is in scope is in Everyone: the links are counted without a look at the memberships."""
    links = Link.objects.filter(application=policy.application_id, kind=Kind.USER, in_scope=True)
    return Standing(dict(links.values_list("state").annotate(count=Count("id")).order_by()))
