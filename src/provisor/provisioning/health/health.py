"""Whether a pass may go on: what failures say about the whole application (R12, R13; engine.md, section 9)."""

from collections.abc import Callable
from dataclasses import dataclass

from provisor.provisioning.health.recent import Recent
from provisor.provisioning.passes.verdict import FORBIDDEN, UNAUTHORISED, is_throttled
from provisor.provisioning.passes.work import Work
from provisor.scim.errors import AddressRefused, NotSent, OutcomeUnknown, ScimFailure

#: Failed connections, or answers that never came, in a row.
UNREACHABLE_AFTER = 3
SILENT_AFTER = 8
#: More than this part of at least so many calls.
MISBEHAVING_PART = 0.7
MISBEHAVING_FROM = 10
#: Links that may vanish among the recent calls before it looks like a wrong address.
VANISHED_COUNT = 3
VANISHED_PART = 0.1
#: Seconds of `Retry-After` that a pass waits out; beyond, it ends and comes back.
WAIT_OUT = 30

#: Milliseconds until the first probe, and the longest between two: whoever comes back after an outage, however long it
#: was, is noticed within five minutes.
FIRST_PROBE = {"refused": 60_000, "unreachable": 5_000, "misbehaving": 30_000, "throttled": 1_000}
LONGEST_PROBE = {"refused": 900_000, "unreachable": 240_000, "misbehaving": 240_000, "throttled": 3_600_000}

REFUSED = "The application refused the credential (401). Nothing is sent until a new one is entered; it is tried again by itself, too."
ALL_FORBIDDEN = "The application forbids even reading (403): the credential lacks a permission. Nothing is sent until that is mended."
UNREACHABLE = "The application cannot be reached: {sentence}"
SILENT = "The application did not answer {count} times in a row: {sentence}"
MISBEHAVING = "{failed} of the last {count} requests failed, the last with: {sentence}"
PROBE_FAILED = "It was tried again with one request that only reads, and that failed: {sentence}"
THROTTLING = "The application asks to wait {seconds} seconds ({status})."
VANISHED = (
    "{count} accounts or groups that were there are not found any more (404). That looks like a wrong address or tenant, "
    "so nothing is made anew. Check the SCIM base URL, then resume."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Why a pass ends before its work does. `state` is a word of the health of an application."""

    state: str
    reason: str
    #: Milliseconds until it is tried again, when the application said so.
    wait: int | None = None


class Health:
    """Watches the answers of one pass; calls `halt` when the application must be left alone.

    `recent` are the last calls, of earlier passes as well: many small passes are judged like a large one. `now` gives
    Unix milliseconds.
    """

    def __init__(self, halt: Callable[[Halt], None], recent: Recent, now: Callable[[], int]) -> None:
        self._halt = halt
        self.recent = recent
        self._now = now
        self._unsent = 0
        self._silent = 0
        self._last: ScimFailure | None = None
        self._last_unsent: NotSent | None = None
        self.confirmed = 0
        self.vanished: list[Work] = []
        self._expected = 0

    def succeeded(self) -> None:
        self._unsent = self._silent = 0
        self.confirmed += 1
        self.recent.note("done", self._now())

    def failed(self, failure: ScimFailure) -> None:
        """Judge a failure; a throttled request is no failure of the application."""
        # of a request with many operations each hears of the same failure: it is one call
        if is_throttled(failure) or failure is self._last:
            return
        self._last = failure
        self.recent.note("failed", self._now())
        if failure.status == UNAUTHORISED:
            self._halt(Halt(state="refused", reason=REFUSED))
        elif isinstance(failure, NotSent):
            self._not_sent(failure)
        elif isinstance(failure, OutcomeUnknown):
            self._no_answer(failure)
        self._judge_window(failure)

    def forbid(self) -> None:
        """A control read was refused, too: it is the credential, not the object."""
        self._halt(Halt(state="refused", reason=ALL_FORBIDDEN))

    @property
    def only_unsent(self) -> Halt | None:
        """Return why to rest when nothing at all could be sent in this pass, however little there was."""
        if not self._unsent or self.confirmed or self._last_unsent is None:
            return None
        return Halt(state="unreachable", reason=UNREACHABLE.format(sentence=self._last_unsent.sentence))

    def throttled(self, failure: ScimFailure) -> None:
        """The application asks to be left alone: a short while is waited out in the pass, a long one ends it."""
        seconds = failure.retry_after or 0
        if seconds > WAIT_OUT:
            reason = THROTTLING.format(seconds=int(seconds), status=failure.status)
            self._halt(Halt(state="throttled", reason=reason, wait=int(seconds * 1_000)))

    def _not_sent(self, failure: NotSent) -> None:
        self._unsent += 1
        self._last_unsent = failure
        if self._unsent >= UNREACHABLE_AFTER or isinstance(failure, AddressRefused):
            self._halt(Halt(state="unreachable", reason=UNREACHABLE.format(sentence=failure.sentence)))

    def _no_answer(self, failure: OutcomeUnknown) -> None:
        self._silent += 1
        if self._silent >= SILENT_AFTER:
            reason = SILENT.format(count=self._silent, sentence=failure.sentence)
            self._halt(Halt(state="unreachable", reason=reason))

    def _judge_window(self, failure: ScimFailure) -> None:
        count, failed = self.recent.count, self.recent.failed
        if count >= MISBEHAVING_FROM and failed > MISBEHAVING_PART * count:
            reason = MISBEHAVING.format(failed=failed, count=count, sentence=failure.sentence)
            self._halt(Halt(state="misbehaving", reason=reason))

    def vanish(self, work: Work, *, expected: bool = False) -> None:
        """Note a linked resource that was answered with 404; too many at once end the pass.

        `expected`: a request of ours whose answer was lost has deleted it, so it speaks of no wrong address.
        """
        self.vanished.append(work)
        if expected:
            self._expected += 1
            return
        self.recent.note("gone", self._now())
        if self.too_many_vanished:
            reason = VANISHED.format(count=self.gone)
            self._halt(Halt(state="misbehaving", reason=reason))

    @property
    def too_many_vanished(self) -> bool:
        confirmed = self.confirmed + self.recent.done_before
        return self.gone > max(VANISHED_COUNT, VANISHED_PART * confirmed)

    @property
    def gone(self) -> int:
        """How many were answered with 404, in this pass and in the recent ones."""
        return len(self.vanished) - self._expected + self.recent.gone_before


def judge_probe(failure: ScimFailure) -> Halt:
    """Return what the failure of a probe says: nothing else is sent until the next one."""
    reason = PROBE_FAILED.format(sentence=failure.sentence)
    if failure.status in (UNAUTHORISED, FORBIDDEN):
        return Halt(state="refused", reason=REFUSED if failure.status == UNAUTHORISED else ALL_FORBIDDEN)
    if is_throttled(failure):
        seconds = failure.retry_after
        return Halt(state="throttled", reason=reason, wait=int(seconds * 1_000) if seconds else None)
    if isinstance(failure, (NotSent, OutcomeUnknown)):
        return Halt(state="unreachable", reason=reason)
    return Halt(state="misbehaving", reason=reason)


def probe_wait(state: str, failures: int) -> int:
    """Return milliseconds until an application in this state is probed for the n-th time."""
    first = FIRST_PROBE.get(state, 30_000)
    return int(min(first * 2 ** min(failures, 20), LONGEST_PROBE.get(state, 3_600_000)))
