"""What a pass does beside its due links: read all of an application, and carry out removals that a person asked for.

It never holds up a change: one request at a time, at half of a declared rate, while the workers go on beside it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from provisor.planning.operation import Kind
from provisor.provisioning.clock import now as clock_now
from provisor.provisioning.drift import finding_store, scan_missing, scans
from provisor.provisioning.drift.removing import Removing
from provisor.provisioning.drift.scan_match import Matcher
from provisor.provisioning.drift.scan_missing import Absent
from provisor.provisioning.drift.scan_page import Look, look_at
from provisor.provisioning.health.health import VANISHED, VANISHED_COUNT, VANISHED_PART, Halt, Health
from provisor.provisioning.homes.epoch import FencedError
from provisor.provisioning.models import Scan
from provisor.provisioning.pace.budgets import declared_budgets
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.verdict import NOT_FOUND, THROTTLED, UNSUPPORTED, HaltedError
from provisor.provisioning.perform.perform_write import baseline_of
from provisor.provisioning.store import Store
from provisor.scim.client import ScimClient
from provisor.scim.errors import Refused, ScimFailure
from provisor.scim.paging import BEGINNING, Page

log = structlog.get_logger(__name__)

KINDS: tuple[Kind, ...] = ("user", "group")
#: Seconds after which a pass looks for due links again while a scan goes on.
LOOK_EVERY = 1.0
#: The part of a declared rate that a scan uses.
SHARE = 0.5
#: Seconds after which a rest looks whether the pass ends.
NAP = 0.2
#: Seconds after which a failed page is asked for again.
AGAIN_AFTER = (1.0, 5.0, 20.0)
#: Resources whose single reading shows what the list hid, after which the list is known to hide it.
HIDES_AFTER = 3
#: Who was not in the list and is there, as often in a row: the list does not hold everybody.
UNLISTED_AFTER = 20
#: Where more are absent than may vanish, so many that are gone for certain speak for the others.
SURELY_GONE = 20

NOT_LISTED = "The application does not list them ({status}), so nothing can be said of them."
INCOMPLETE = "The list was not complete ({seen} of {total} were shown), so nobody counts as missing."
UNTRUE = "{count} who are there were not in the list, so nobody counts as missing because of it."
FAILED = "It ended early: {sentence}"
STALE_CURSOR = frozenset({"expiredCursor", "invalidCursor"})


class Beside:
    """What goes on beside the links of a pass: begun when nothing is due, and done while changes go on."""

    def __init__(self, make: Callable[[], "Scanning"], asked: Callable[[], Awaitable[bool]]) -> None:
        self._make, self._asked = make, asked
        self.tasks: list[asyncio.Task[None]] = []

    async def goes_on(self) -> bool:
        """Whether something is under way; begins it where it was asked for."""
        if self.tasks and not self.tasks[0].done():
            return True
        if not await self._asked():
            return False
        if self.tasks:
            # what it was begun for is still asked for: the next pass tries again
            return False
        self.tasks = [asyncio.create_task(self._make().run())]
        return True

    async def wait(self, moved: asyncio.Event) -> None:
        """Wait until something else moved, it ended, or some time is over: what rests may be due again."""
        moved.clear()
        waiting = asyncio.create_task(moved.wait())
        await asyncio.wait([waiting, *self.tasks], timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()


class _StoppedError(Exception):
    """A person has stopped the scan."""


@dataclass(slots=True, kw_only=True)
class Tools:
    """What a pass lends: its client (with its gate and rate), its health, its database, its time."""

    context: Context
    client: ScimClient
    store: Store
    health: Health
    stop: Callable[[Halt], None]
    halted: Callable[[], bool]
    now: Callable[[], int] = clock_now
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    members_seen: Callable[[], bool] = lambda: False


class Scanning:
    """The errands of one pass."""

    def __init__(self, tools: Tools, removing: Removing) -> None:
        self._tools, self._removing = tools, removing
        self._context, self._client, self._store = tools.context, tools.client, tools.store
        rates = [budget.per_second for budget in declared_budgets(tools.context.dialect)]
        #: Seconds between two pages.
        self._pause = 1.0 / (min(rates) * SHARE) if rates else 0.0
        self._members_shown = False
        self._hides: dict[str, int] = {}

    async def run(self) -> None:
        """Do what is asked for now. What is interrupted by the end of the pass goes on in the next one."""
        try:
            if not self._context.observes:
                await self._removing.run()
            progress = await self._store.run(scans.take_scan, self._context.key, now=self._tools.now())
            if progress is not None:
                await self._scan(progress)
        except (HaltedError, _StoppedError, FencedError):
            return
        except Exception:
            log.exception("scan.failed", application=self._context.name)
            self._tools.stop(
                Halt(state="misbehaving", reason="Provisor itself failed in a scan; its log says where.")
            )

    async def _scan(self, progress: scans.Progress) -> None:
        self._members_shown = self._tools.members_seen()
        reason, state = "", Scan.State.FINISHED
        try:
            for kind in KINDS[KINDS.index("group" if progress.kind == "group" else "user") :]:
                if self._context.dialect.has(kind):
                    await self._scan_kind(progress, kind)
                progress.kind, progress.position = "group", BEGINNING
        except ScimFailure as failure:
            reason, state = FAILED.format(sentence=failure.sentence), Scan.State.STOPPED
        except _TooManyError as many:
            reason, state = str(many), Scan.State.STOPPED
        await self._store.run(scans.end_scan, progress, state=state, reason=reason, now=self._tools.now())
        if state == Scan.State.STOPPED:
            log.info("scan.stopped", application=self._context.name, reason=reason)

    async def _scan_kind(self, progress: scans.Progress, kind: Kind) -> None:
        progress.kind = kind
        self._hides.clear()
        page = await self._read_list(progress, kind)
        known = progress.lists.setdefault(kind, {})
        if page is None:
            return
        known |= {"complete": page.complete, "seen": page.position.distinct, "total": page.total}
        if page.complete:
            await self._find_missing(progress, kind)
            await self._store.run(
                finding_store.settle_unseen, self._context.key, kind,
                since=progress.started_at, now=self._tools.now(),
            )  # fmt: skip
        else:
            known["reason"] = INCOMPLETE.format(seen=page.position.distinct, total=_total(page.total))
        await self._store.run(finding_store.settle_unlinked, self._context.key, kind, self._tools.now())
        await self._match(progress, kind)

    async def _rest(self, seconds: float) -> None:
        """Leave room for others; the end of the pass is not slept through."""
        while seconds > 0 and not self._tools.halted():
            await self._tools.sleep(min(seconds, NAP))
            seconds -= NAP
        if self._tools.halted():
            raise HaltedError

    # --- the list -------------------------------------------------------------------------------------------------

    async def _read_list(self, progress: scans.Progress, kind: Kind) -> Page | None:
        """Read the whole list from where the scan stands; the last page, or None where there is no list."""
        last: Page | None = None
        failures = 0
        pages = self._client.pages(kind, act="scan", after=progress.position)
        while True:
            await self._rest(self._pause)
            asked_at = self._tools.now()
            try:
                page = await anext(pages, None)
            except ScimFailure as failure:
                failures += 1
                if not await self._goes_on(progress, kind, failure, failures):
                    return None
                pages = self._client.pages(kind, act="scan", after=progress.position)
                continue
            if page is None:
                return last
            failures, last = 0, page
            self._tools.health.succeeded()
            progress.position = page.position
            progress.count("pages")
            progress.count(f"{kind}s", len(page.resources))
            await self._look(progress, kind, page.resources, asked_at)

    async def _goes_on(
        self, progress: scans.Progress, kind: Kind, failure: ScimFailure, failures: int
    ) -> bool:
        """Whether the page is asked for once more; false where there is no such list. Raises the failure at the end."""
        if isinstance(failure, Refused):
            if failure.scim_type in STALE_CURSOR and progress.position != BEGINNING:
                progress.position = BEGINNING
                return True
            if failure.status in UNSUPPORTED | {NOT_FOUND} and progress.position == BEGINNING:
                progress.lists[kind] = {"complete": False, "reason": NOT_LISTED.format(status=failure.status)}
                return False
        self._tools.health.failed(failure)
        if self._tools.halted():
            # the application is left alone for now; the scan goes on from here when it is well again
            raise HaltedError
        if not failure.retryable or failures > len(AGAIN_AFTER):
            raise failure
        if failure.status != THROTTLED:
            await self._rest(AGAIN_AFTER[failures - 1])
        return True

    async def _look(
        self, progress: scans.Progress, kind: Kind, resources: tuple[dict[str, Any], ...], asked_at: int
    ) -> None:
        look = self._as_look(progress, kind, asked_at)
        looked = await self._store.run(look_at, look, resources)
        if looked.stopped:
            raise _StoppedError
        self._members_shown = look.members_shown
        for identity, hidden in looked.again.items():
            await self._look_singly(progress, kind, identity, hidden)

    def _as_look(self, progress: scans.Progress, kind: Kind, asked_at: int, *, singly: bool = False) -> Look:
        hidden = frozenset(path for path, times in self._hides.items() if times >= HIDES_AFTER)
        return Look(
            context=self._context, progress=progress, kind=kind, asked_at=asked_at, now=self._tools.now(),
            singly=singly, unlisted=hidden, members_shown=self._members_shown,
        )  # fmt: skip

    async def _look_singly(
        self, progress: scans.Progress, kind: Kind, identity: str, hidden: frozenset[str]
    ) -> None:
        """Read one resource by its id: a list may show less than that."""
        await self._rest(self._pause)
        asked_at = self._tools.now()
        try:
            resource = await self._client.get(kind, identity, act="scan")
        except Refused as refusal:
            if refusal.status != NOT_FOUND:
                self._tools.health.failed(refusal)
            return
        if str(resource.get("id")) != identity:
            return
        progress.count("reads")
        look = self._as_look(progress, kind, asked_at, singly=True)
        await self._store.run(look_at, look, [resource])
        self._members_shown = look.members_shown
        for path in baseline_of(resource, hidden):
            self._hides[path] = self._hides.get(path, 0) + 1

    # --- the end of a list ----------------------------------------------------------------------------------------

    async def _find_missing(self, progress: scans.Progress, kind: Kind) -> None:
        """Read each one singly who was not in the list: 404 means missing, and many of them a wrong tenant (R13)."""
        live = await self._store.run(scan_missing.count_live, self._context, kind)
        allowed = int(max(VANISHED_COUNT, VANISHED_PART * live))
        absent = await self._store.run(
            scan_missing.absent_from_list, self._context, progress, kind, allowed + UNLISTED_AFTER + 1
        )
        gone: list[int] = []
        there = 0
        for each in absent:
            if await self._is_gone(progress, kind, each):
                gone.append(each.link)
            else:
                there += 1
            if there >= UNLISTED_AFTER or len(gone) > allowed:
                break
            if len(absent) > allowed and not there and len(gone) >= SURELY_GONE:
                break
        if there:
            progress.lists[kind]["reason"] = UNTRUE.format(count=there)
        if gone:
            too_many = len(gone) > allowed or (len(absent) > allowed and not there)
            await self._note_gone(progress, kind, gone, too_many=too_many)

    async def _is_gone(self, progress: scans.Progress, kind: Kind, absent: Absent) -> bool:
        await self._rest(self._pause)
        progress.count("reads")
        try:
            await self._client.get(kind, absent.remote_id, act="scan")
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                return True
            self._tools.health.failed(refusal)
        return False

    async def _note_gone(
        self, progress: scans.Progress, kind: Kind, gone: list[int], *, too_many: bool
    ) -> None:
        correct = self._context.drift["on_difference"] == "correct" and not self._context.observes
        if too_many:
            reason = VANISHED.format(count=len(gone))
            self._tools.stop(Halt(state="misbehaving", reason=reason))
            raise _TooManyError(reason)
        await self._store.run(
            scan_missing.note_missing, self._context, progress, kind, gone,
            correct=correct, now=self._tools.now(),
        )  # fmt: skip

    async def _match(self, progress: scans.Progress, kind: Kind) -> None:
        """Find out whose the unknown ones are; the directory is looked through in parts, so nothing waits for it."""
        matcher = Matcher(self._context, kind, progress)
        if not await self._store.run(matcher.read):
            return
        while await self._store.run(matcher.feed):
            pass
        await self._store.run(matcher.settle, now=self._tools.now())


class _TooManyError(Exception):
    """So many are gone that it looks like another tenant."""


def _total(total: int | None) -> str:
    return "an unknown number" if total is None else str(total)
