"""Trust is earned: the first writes of each kind against an application are read back (engine.md, section 5)."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

#: Writes of one kind that are read back before it is trusted.
GOOD = 2
#: The part of later writes that is read back all the same, and the most of them in one pass.
SAMPLED = 0.02
SAMPLES_AT_MOST = 3

#: Kinds that are found done only where the members of a group are shown.
MEMBER_KINDS = ("add_members path", "add_members pathless", "members put")


class Probation:
    """What an application has proved of the kinds of write; `chance` gives numbers from 0 to 1.

    While a kind is on probation, its writes go one after the other, under the lock of its resource: else many
    would be taken for done while the first is still being read back.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._proved: dict[str, int] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._samples = SAMPLES_AT_MOST
        #: Whether there is more to remember than was restored.
        self.changed = False

    def restore(self, proved: Mapping[str, int]) -> None:
        """Go on from what earlier passes have read back."""
        self._proved = dict(proved)

    @property
    def proved(self) -> dict[str, int]:
        """How many writes of each kind were read back and found done."""
        return dict(self._proved)

    def trusts(self, kinds: Iterable[str]) -> bool:
        """Whether writes of all these kinds need no reading back."""
        proved = self._proved
        return all(proved.get(kind, 0) >= GOOD for kind in kinds)

    def has_seen(self, kinds: Iterable[str]) -> bool:
        """Whether any of these kinds was found done at least once."""
        return any(self._proved.get(kind) for kind in kinds)

    @property
    def has_seen_members(self) -> bool:
        """Whether members that were sent were ever seen in a group: then an empty group is empty."""
        return self.has_seen(MEMBER_KINDS)

    def good(self, kinds: Iterable[str], times: int = 1) -> None:
        """These were read back and found done; `times` is for how many objects the one reading showed it."""
        for kind in kinds:
            if self._proved.get(kind, 0) < GOOD:
                self._proved[kind] = min(GOOD, self._proved.get(kind, 0) + times)
                self.changed = True

    def doubt(self, kinds: Iterable[str]) -> None:
        """These were trusted, and one was found not done: they begin anew."""
        for kind in kinds:
            self.changed = self._proved.pop(kind, None) is not None or self.changed

    def samples(self) -> bool:
        """Decide whether a trusted write is read back all the same."""
        if self._samples and self._chance() < SAMPLED:
            self._samples -= 1
            return True
        return False

    def lock(self, name: str) -> asyncio.Lock:
        return self._locks[name]
