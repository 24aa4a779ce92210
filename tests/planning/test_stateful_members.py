"""A group in an application, through any history of members: deltas, lost replies, and a judge that is not ours."""

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from scim2_models import ScimPolicy

from provisor.planning.requests import member_requests
from provisor.scim.dialect import Dialect
from provisor.scim.patch import members_per_removal
from provisor.scim.schemas import GROUP_SCHEMA
from tests.planning.judging import ENTRA, Held, Resource
from tests.planning.stateful_values import MEMBER_DIALECTS

#: Ids as applications give them, and ids that would break out of a filter that was not escaped.
IDS = (
    "1",
    "2",
    "10",
    "A",
    "a",
    'a" or value pr or value eq "',
    "back\\slash",
    "ä",
    "7/../8",
    "new\nline",
    " ",
)
FOREIGN = ("foreign", "b")
ours = st.sets(st.sampled_from(IDS))


class Membership(RuleBasedStateMachine):
    """One group: members come and go, requests are lost, and it is read back."""

    def __init__(self) -> None:
        super().__init__()
        self.dialect = Dialect()
        self.wanted: set[str] = set()
        self.confirmed: set[str] = set()
        self.doubted: set[str] = set()
        self.held = group(FOREIGN, ENTRA)

    @initialize(dialect=MEMBER_DIALECTS, there=ours)
    def _adopted(self, dialect: Dialect, there: set[str]) -> None:
        """The group was found with members of ours and of others."""
        self.dialect, self.wanted, self.confirmed = dialect, set(there), set(there)
        policy = ENTRA if dialect.member_remove_form == "value" else None
        self.held = group([*FOREIGN, *sorted(there)], policy)

    @rule(wanted=ours)
    def _people_move(self, wanted: set[str]) -> None:
        self.wanted = wanted

    @rule(arriving=st.integers(0, 6))
    def _replies_are_lost(self, arriving: int) -> None:
        """So many of the requests arrive, and nobody hears of any."""
        for body in self._bodies()[:arriving]:
            self.held.patch(body)
        self.doubted |= self.wanted ^ self.confirmed

    @rule()
    def _a_pass(self) -> None:
        """Members in doubt are taken for what the group shows; then the difference goes in chunks."""
        shown = self._shown()
        self.confirmed = (self.confirmed - self.doubted) | (shown & self.doubted)
        self.doubted = set()
        for body in self._bodies():
            self.held.patch(body)
        self.confirmed = set(self.wanted)
        assert self._shown() == self.wanted | set(FOREIGN)
        assert not self._bodies(), "equal states give nothing to send"

    @invariant()
    def _nobody_else_is_touched_and_nobody_is_there_twice(self) -> None:
        members = [member["value"] for member in self.held.shown().get("members", [])]
        assert set(FOREIGN) <= set(members)
        assert len(members) == len(set(members))

    def _shown(self) -> set[str]:
        return {member["value"] for member in self.held.shown().get("members", [])}

    def _bodies(self) -> list[Resource]:
        """The planned requests, each within the limits of the application."""
        added, removed = sorted(self.wanted - self.confirmed), sorted(self.confirmed - self.wanted)
        requests = member_requests("7", added, removed, self.dialect)
        bodies = [request.body for request in requests if request.body is not None]
        assert all(self._fits(body) for body in bodies)
        size, removal = self.dialect.members_per_request, members_per_removal(self.dialect)
        assert len(bodies) == -(-len(added) // size) + -(-len(removed) // min(size, removal))
        return bodies

    def _fits(self, body: Resource) -> bool:
        operations = body["Operations"]
        named = sum(_members_in(each) for each in operations)
        most = self.dialect.patch_operations_max
        return named <= self.dialect.members_per_request and (not most or len(operations) <= most)


def _members_in(operation: Resource) -> int:
    value = operation.get("value")
    if isinstance(value, dict):
        value = value["members"]
    return len(value) if value else 1


def group(members: Sequence[str], policy: ScimPolicy | None) -> Held:
    """A group of the application with these members."""
    values = [{"value": each} for each in members]
    return Held("group", {"schemas": [GROUP_SCHEMA], "displayName": "Staff", "members": values}, policy)


def test_r01_r03_r06_a_pass_leads_from_any_history_to_exactly_who_is_wanted() -> None:
    """From any confirmed members, one pass leads to who is wanted and who was there before us, and a second sends nothing."""
    run_state_machine_as_test(
        Membership, settings=settings(max_examples=60, stateful_step_count=20, deadline=None)
    )
