"""Links whose request may still arrive although its process is dead: they wait it out (engine.md, section 10).

A POST that lands after its look-up makes a second account; an older PATCH that lands after a newer one brings a leaver
back. So nothing is read, decided or sent for such a link before its request can no longer arrive. The moment is kept
in the doubt itself, since a change of the directory and an act of a person make a link due at once.
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from provisor.provisioning.passes.work import DueLink

POSTPONE = "UPDATE provisioning_link SET not_before = %s, reason = %s WHERE id = %s"
ARRIVED = "UPDATE provisioning_link SET doubt = %s WHERE id = %s"

REASON = (
    "A request for it was under way when Provisor ended, and may still arrive there. "
    "What became of it is read back at {moment} UTC; until then nothing more is sent for it."
)


def reason_until(until: int) -> str:
    """Say in one sentence why a link waits until a moment in Unix milliseconds."""
    # the next full second: never too early
    return REASON.format(moment=datetime.fromtimestamp(until // 1_000 + 1, UTC).strftime("%H:%M:%S"))


def keep_waiting(cursor: Any, links: list[DueLink], now: int) -> list[DueLink]:
    """Postpone those whose request may still arrive; return the others, whose doubt does not name a moment any more."""
    ready: list[DueLink] = []
    for link in links:
        until = link.doubt.get("until", 0)
        if until > now:
            cursor.execute(POSTPONE, [until, reason_until(until), link.id])
            continue
        if until:
            link.doubt = {name: value for name, value in link.doubt.items() if name != "until"}
            kept = orjson.dumps(link.doubt).decode() if link.doubt else None
            cursor.execute(ARRIVED, [kept, link.id])
        ready.append(link)
    return ready
