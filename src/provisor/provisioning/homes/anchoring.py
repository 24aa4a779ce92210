"""The schedule of anchors: as long as the engine runs, the end of the audit record is noted outside."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from django.conf import settings

from provisor.audit.anchoring import carry, note, take_due
from provisor.notices.audited import note_anchoring
from provisor.provisioning.store import Store

log = structlog.get_logger(__name__)

#: Seconds between two looks whether an anchor is due.
LOOK_EVERY: Final = 15.0


async def anchor_forever(store: Store, now: Callable[[], int]) -> None:
    """Anchor until the task is cancelled; `now` gives Unix milliseconds. Without a place there is nothing to do."""
    while settings.AUDIT_ANCHORS:
        try:
            await anchor_once(store, now())
        except Exception:
            log.exception("anchors.failed")
        await asyncio.sleep(LOOK_EVERY)


async def anchor_once(store: Store, now: int) -> None:
    """Take and carry what is due."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    every = timedelta(minutes=settings.AUDIT_ANCHOR_MINUTES)
    for errand in await store.run(take_due, moment, every=every):
        problem = await carry(errand)
        await store.run(note, errand, problem)
        await store.run(note_anchoring, errand.place.digest, errand.place.label, problem)
