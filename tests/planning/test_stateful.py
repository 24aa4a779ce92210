"""A user in an application, through any history: plans, lost replies, refusals half-way, and a judge that is not ours."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from provisor.planning.operation import Act, Desired, Ending, Known, Operation, Plan, Switches
from provisor.planning.present import LIFE_CYCLE, acknowledge, plan_present
from provisor.provisioning.perform.perform_write import baseline_of
from provisor.scim.change import against, may_outlive_its_parts, overlay
from provisor.scim.change_kinds import takes_put
from provisor.scim.dialect import Dialect
from provisor.scim.patch import patch_bodies
from provisor.scim.resource import build, copied
from tests.planning.judging import Held, Resource, comparable
from tests.planning.stateful_values import DIALECTS, MANAGED, NOTHING, OWN, VALUES, rendered, whole

#: The switch "update" off: everything but the life cycle stays as it is.
FROZEN = Switches(update=False)


def holding(values: dict[str, Any]) -> Held:
    """An application's account with these values and with what is its own."""
    made = build("user", values)
    own = copied(OWN)
    emails = own["emails"] + made.get("emails", [])
    return Held("user", {**own, **made, "emails": emails})


def messages(operation: Operation, dialect: Dialect, held: Held) -> list[tuple[str, Resource]]:
    """What leaves for an operation: PATCHes, or one PUT laid over what is there."""
    if takes_put(dialect, "user", operation.changes):
        return [("PUT", overlay(held.shown(), operation.changes, "user"))]
    return [("PATCH", body) for body in patch_bodies(operation.changes, dialect, "user")]


def take(held: Held, message: tuple[str, Resource]) -> None:
    (held.put if message[0] == "PUT" else held.patch)(message[1])


def plan(values: dict[str, Any], known: Known, switches: Switches) -> Plan:
    return plan_present("user", Desired(values=values, managed=MANAGED), known, switches)


@settings(max_examples=150, deadline=None)
@given(before=rendered(), after=rendered(), dialect=DIALECTS)
def test_r04_r05_applying_the_difference_of_a_and_b_to_a_gives_b_in_every_dialect(
    before: dict[str, Any], after: dict[str, Any], dialect: Dialect
) -> None:
    """apply(diff(a, b), a) == b, as scim2-models applies it; what is the application's own is as it was."""
    held = holding(before)
    operation = plan(after, Known(remote_id="7", sent=before), Switches()).operation
    for message in messages(operation, dialect, held) if operation else ():
        take(held, message)
    assert comparable(held.shown()) == comparable(holding(after).shown())


@settings(deadline=None)
@given(
    values=rendered(), nothing=st.dictionaries(st.sampled_from(sorted(VALUES)), NOTHING), update=st.booleans()
)
def test_r03_the_plan_for_equal_states_is_empty(
    values: dict[str, Any], nothing: dict[str, Any], update: bool
) -> None:
    """Equal states give nothing to send."""
    known = Known(remote_id="7", sent=values)
    assert plan(values, known, Switches(update=update)) == Plan(ending=Ending.IN_SYNC)


class Account(RuleBasedStateMachine):
    """One account: the directory changes, requests are lost or refused half-way, and it is read back."""

    def __init__(self) -> None:
        super().__init__()
        self.dialect = Dialect()
        self.switches = Switches()
        self.wanted: dict[str, Any] = {"userName": "ann"}
        self.held = holding(self.wanted)
        self.known = Known(remote_id="7", sent=dict(self.wanted))
        #: What the account must hold of the managed paths after all that was confirmed.
        self.confirmed: dict[str, Any] | None = dict(self.wanted)

    @initialize(dialect=DIALECTS, found=rendered())
    def _adopted(self, dialect: Dialect, found: dict[str, Any]) -> None:
        self.dialect, self.held, self.confirmed = dialect, holding(found), dict(found)
        self._read_back()

    @rule(wanted=rendered())
    def _the_directory_changes(self, wanted: dict[str, Any]) -> None:
        self.wanted = wanted

    @rule(path=st.sampled_from(sorted(VALUES)))
    def _a_value_goes_away(self, path: str) -> None:
        self.wanted = whole({name: value for name, value in self.wanted.items() if name != path})

    @rule(update=st.booleans())
    def _updates_are_switched(self, update: bool) -> None:
        self.switches = Switches(update=update)

    @rule(part=st.integers(0, 20))
    def _the_replies_are_lost(self, part: int) -> None:
        """So many of the messages arrive, and nobody hears of it."""
        operation = self._plan().operation
        if operation is None or self.known.doubt:
            return
        for message in self._messages(operation)[:part]:
            take(self.held, message)
        doubt = self.known.doubt | {change.path for change in operation.changes}
        self.known = Known(remote_id="7", sent=self.known.sent, doubt=doubt)
        self.confirmed = None

    @rule()
    def _a_pass(self) -> None:
        """What is in doubt is read back first (engine.md, section 3); then the plan is carried out."""
        if self.known.doubt:
            self._read_back()
        operation = self._plan().operation
        if operation is not None:
            assert operation.act is Act.UPDATE
            for message in self._messages(operation):
                take(self.held, message)
            sent = acknowledge(self.wanted, self.known.sent, operation.changes)
            self.known = Known(remote_id="7", sent=sent)
        assert self._plan().operation is None, "the same is sent twice"
        if self.switches.update:
            self.confirmed = dict(self.wanted)
        elif self.confirmed is not None:
            self.confirmed = _with_life_cycle(self.confirmed, self.wanted)

    @invariant()
    def _the_account_holds_what_was_confirmed_and_its_own(self) -> None:
        if self.confirmed is not None:
            assert comparable(self.held.shown()) == comparable(holding(self.confirmed).shown())

    @invariant()
    def _what_is_not_managed_is_never_touched(self) -> None:
        shown = self.held.shown()
        assert {name: shown.get(name) for name in OWN if name != "emails"} == {
            name: value for name, value in OWN.items() if name != "emails"
        }
        assert OWN["emails"][0] in shown["emails"]

    def _messages(self, operation: Operation) -> list[tuple[str, Resource]]:
        """As they are sent: against what is there, where an element may have outlived its parts."""
        if may_outlive_its_parts(operation.changes):
            operation = replace(operation, changes=against(operation.changes, self.held.shown()))
        return messages(operation, self.dialect, self.held)

    def _plan(self) -> Plan:
        return plan(self.wanted, self.known, self.switches)

    def _read_back(self) -> None:
        self.known = Known(remote_id="7", sent=baseline_of(self.held.shown(), MANAGED))


def _with_life_cycle(confirmed: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    frozen = {path: value for path, value in confirmed.items() if path not in LIFE_CYCLE}
    return frozen | {path: value for path, value in wanted.items() if path in LIFE_CYCLE}


def test_r04_an_address_that_lost_its_parts_and_gets_them_back_is_still_one() -> None:
    """Some applications keep the label of an address without parts: to add the address again would make two."""
    account, locality = Account(), 'addresses[type eq "work"].locality'
    for value in ("Oslo", None, "Bergen", "Tromsø"):
        account._the_directory_changes({"userName": "ann"} | ({locality: value} if value else {}))
        account._a_pass()
    assert account.held.shown()["addresses"] == [{"type": "work", "locality": "Tromsø"}]


def test_r01_r03_r04_r05_a_pass_leads_from_any_history_to_exactly_what_is_desired() -> None:
    """From whatever was acknowledged, lost or half done, one pass leads to what is desired, and a second sends nothing."""
    run_state_machine_as_test(
        Account, settings=settings(max_examples=60, stateful_step_count=20, deadline=None)
    )
