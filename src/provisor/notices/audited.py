"""What a check of the audit record found becomes a notice."""

import time
from typing import Final

from provisor.audit.verify import Verification
from provisor.notices import outbox

WHOLE = "A check of {entries:,} entries found every one in its place."
WHAT_TO_DO = (
    "Find out who could write to the database, and compare with a backup and with the anchors that were kept."
)


ARRIVES: Final = "The end of the audit record is noted in {place} again."


def note_anchoring(place: str, label: str, problem: str) -> None:
    """Tell that anchors do not arrive in a place, once until they do. `place` tells places apart, `label` is shown."""
    now = time.time_ns() // 1_000_000
    if problem:
        outbox.begin("anchor", f"{label}: {problem}", now=now, about=place)
    else:
        outbox.end(("anchor",), ARRIVES.format(place=label), now=now, about=place)


def note_verification(found: Verification) -> None:
    """Tell that the record is broken, once until a check finds it whole again."""
    now = time.time_ns() // 1_000_000
    if found.ok:
        outbox.end(("audit",), WHOLE.format(entries=found.entries), now=now)
    else:
        outbox.begin("audit", f"{found.problem} {WHAT_TO_DO}", now=now, detail={"entries": found.entries})
