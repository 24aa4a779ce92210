"""Which request of the lab target is struck by which fault; the same seed gives the same faults."""

import random
import re
from collections.abc import Sequence

from tests.lab.options import Fault


class _Armed:
    __slots__ = ("fault", "matches", "path")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.path = re.compile(fault.path)
        self.matches = 0

    def due(self, method: str, path: str) -> bool:
        fault = self.fault
        if (fault.method and fault.method != method) or not self.path.search(path):
            return False
        self.matches += 1
        past = self.matches - fault.nth
        return past >= 0 and (fault.count == 0 or past < fault.count)


class Faults:
    """The armed faults. Every fault counts its own matches; the first that is due strikes."""

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self._armed = [_Armed(fault) for fault in faults]
        self._random = random.Random(seed)

    def strike(self, method: str, path: str) -> Fault | None:
        due = [armed.fault for armed in self._armed if armed.due(method, path)]
        struck = [
            fault for fault in due if fault.probability >= 1 or self._random.random() < fault.probability
        ]
        return struck[0] if struck else None
