"""What answers say of a resource, through any history of our writes, scans and somebody else's changes (engine.md, 2)."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.planning.drift import Memory, compare
from provisor.planning.observed import Observed, observe_part, observe_whole
from provisor.planning.operation import Desired
from provisor.scim.path import MISSING
from provisor.scim.resource import build, same_value

PATHS = ("active", "displayName", "title", "name.givenName", "userName")
MANAGED = frozenset(PATHS)

#: What an application makes of a value that it is sent.
WAYS: dict[str, Callable[[Any], Any]] = {
    "keeps": lambda value: value,
    "drops": lambda _: MISSING,
    "lower-cases": lambda value: value.lower() if isinstance(value, str) else value,
    "as text": str,
}
#: Dropped or as text, and without an answer, nothing tells it from somebody else's doing: `active` is never dropped.
POSSIBLE = {path: [*WAYS] if path != "active" else ["keeps", "as text"] for path in PATHS}


class Account:
    """An account, what is remembered of it, and which values somebody else has given since we wrote them last."""

    def __init__(self, ways: dict[str, str], *, answers: bool) -> None:
        self._ways = {path: WAYS[way] for path, way in ways.items()}
        self.wanted: dict[str, Any] = {
            "active": True, "displayName": "Alice Example", "name.givenName": "Alice", "userName": "Alice",
        }  # fmt: skip
        self.held: dict[str, Any] = {}
        #: What somebody else has changed, and what of that must be found: where nothing was sent, and nothing has shown
        #: what is there, it may be the application's own.
        self.foreign: set[str] = set()
        self.surely_foreign: set[str] = set()
        #: What it has made of our values.
        self._made: dict[str, Any] = {}
        #: What the last scan has taken for its own, beside what was wanted then.
        self._taken: dict[str, tuple[Any, Any]] = {}
        self._shown: frozenset[str] = frozenset()
        self._store(self.wanted)
        observed = observe_whole(self._desired, self.wanted, self._answer if answers else None)
        self._shown = MANAGED if answers else self._shown
        self._baseline: dict[str, Any] | None = None
        self._remember(observed, written=True)

    @property
    def _desired(self) -> Desired:
        return Desired(values=dict(self.wanted), managed=MANAGED)

    @property
    def _answer(self) -> dict[str, Any]:
        return build("user", self.held)

    def _store(self, values: dict[str, Any]) -> None:
        for path, value in values.items():
            made = MISSING if value is MISSING else self._ways[path](value)
            self._made[path] = made
            self.held = {**self.held, path: made} if made is not MISSING else _without(self.held, path)
            self.foreign.discard(path)
            self.surely_foreign.discard(path)

    def _remember(self, observed: Observed, *, written: bool) -> None:
        self._memory = Memory(
            sent=dict(self.wanted), observed=observed.values, unshown=observed.unshown, baseline=self._baseline,
            written_since=written,
        )  # fmt: skip

    def write(self, values: dict[str, Any], *, answers: bool) -> None:
        """Send a request that writes these, with an answer that shows everything, or without one."""
        self.wanted = {
            path: value for path, value in {**self.wanted, **values}.items() if value is not MISSING
        }
        self._store(values)
        answer = self._answer if answers else None
        # somebody else's value of what was never shown tells nothing of the application's own way
        unclear = self.foreign - self._shown
        self._shown = MANAGED - unclear if answers else self._shown - values.keys()
        observed = observe_part(self._desired, self._memory, self.wanted, answer, values.keys())
        self._remember(observed, written=True)

    def change_there(self, path: str, value: Any) -> None:
        """Somebody else gives it another value than the application would have made of ours."""
        held = self.held.get(path, MISSING)
        if same_value(path, held, value) or same_value(path, self.wanted.get(path, MISSING), value):
            return
        self.held = {**self.held, path: value} if value is not MISSING else _without(self.held, path)
        self.foreign.add(path)
        if same_value(path, value, self._made.get(path, MISSING)):
            # it is as it was before somebody else came
            self.foreign.discard(path)
            self.surely_foreign.discard(path)
        elif self._was_taken_for_its_own(path, value):
            self.surely_foreign.discard(path)
        elif path in self._shown or (path in self.wanted and value is not MISSING):
            self.surely_foreign.add(path)
        else:
            self.surely_foreign.discard(path)

    def scan(self) -> set[str]:
        """Compare, as a scan does, and return where somebody else has changed something."""
        compared = compare(self._memory, self.held, MANAGED)
        self._shown = MANAGED
        self._baseline = compared.baseline
        observed = Observed(values=self._memory.observed, unshown=self._memory.unshown)
        self._remember(observed, written=False)
        found = {difference.path for difference in compared.differences}
        # what nobody could tell from its own is its own from now on
        self._made |= {path: self.held.get(path, MISSING) for path in self.foreign - found}
        self._taken |= {
            path: (self.wanted.get(path, MISSING), self.held.get(path, MISSING)) for path in MANAGED - found
        }
        return found

    def _was_taken_for_its_own(self, path: str, value: Any) -> bool:
        wanted, seen = self._taken.get(path, (None, None))
        return same_value(path, wanted, self.wanted.get(path, MISSING)) and same_value(path, seen, value)


def _without(values: dict[str, Any], path: str) -> dict[str, Any]:
    return {each: value for each, value in values.items() if each != path}


def _values(prefix: str) -> st.SearchStrategy[dict[str, Any]]:
    texts = st.integers(0, 99).map(lambda number: f"{prefix} {number}")
    removable = st.one_of(texts, st.just(MISSING))
    return st.fixed_dictionaries(
        {},
        optional={
            "active": st.booleans(), "displayName": texts, "title": removable, "name.givenName": texts, "userName": texts,
        },
    ).filter(bool)  # fmt: skip


WRITES = st.tuples(st.just("write"), _values("Ours"), st.booleans())
FOREIGN = st.tuples(st.just("foreign"), _values("Foreign"), st.just(False))
SCANS = st.tuples(st.just("scan"), st.just({}), st.just(False))


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    ways=st.fixed_dictionaries({path: st.sampled_from(POSSIBLE[path]) for path in PATHS}),
    answers=st.booleans(),
    story=st.lists(st.one_of(WRITES, FOREIGN, SCANS), max_size=8),
)
def test_r05_a_scan_finds_what_somebody_else_has_changed_and_nothing_else_whatever_answers_have_shown(
    ways: dict[str, str], answers: bool, story: list[tuple[str, dict[str, Any], bool]]
) -> None:
    """What the application makes of our values is never drift; what somebody else makes of them always is."""
    account = Account(ways, answers=answers)
    for act, values, answered in story:
        if act == "write":
            account.write(values, answers=answered)
        elif act == "foreign":
            for path, value in values.items():
                account.change_there(path, value)
        else:
            _judge(account)
    _judge(account)


def _judge(account: Account) -> None:
    found = account.scan()
    assert found <= account.foreign
    assert account.surely_foreign <= found
