"""What a check of the audit record found becomes a notice."""

import time

from provisor.audit.verify import Verification
from provisor.notices import outbox

WHOLE = "A check of {entries:,} entries found every one in its place."
WHAT_TO_DO = (
    "Find out who could write to the database, and compare with a backup and with the anchors that were kept."
)


def note_verification(found: Verification) -> None:
    """Tell that the record is broken, once until a check finds it whole again."""
    now = time.time_ns() // 1_000_000
    if found.ok:
        outbox.end(("audit",), WHOLE.format(entries=found.entries), now=now)
    else:
        outbox.begin("audit", f"{found.problem} {WHAT_TO_DO}", now=now, detail={"entries": found.entries})
