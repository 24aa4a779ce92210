"""Writes of many works in one bulk request (RFC 7644, 3.7), each with its own result, as if it had been sent alone.

Works go on side by side, and each waits for the answer to its write. What they want to send gathers here, and leaves
as one request once nobody has added to it for a moment, or it is full. Each gets its own status and body; where the
application does not say what became of an operation, its outcome is unknown, and its object is looked up singly before
anything is sent again.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

import orjson

from provisor.provisioning.bundle.bundle_references import References
from provisor.provisioning.bundle.bundle_trial import Trial
from provisor.provisioning.keys import Key
from provisor.scim.bulk import (
    COMMA,
    ENVELOPE,
    BulkOperation,
    BulkResult,
    bulk_body,
    bulk_operation,
    match_results,
)
from provisor.scim.dialect import Dialect, Origin
from provisor.scim.errors import OutcomeUnknown, Refused, ScimFailure, Unreadable

#: Operations in one request where the application does not say, and the most in any case.
UNSAID = 100
MOST = 1_000
#: Bytes of one request where the application does not say.
UNSAID_BYTES = 1_000_000
#: Seconds in which more may come, counted from the last that came.
LINGER = 0.02
#: A request should take about so long at most: what is under way when it is lost has to be looked up singly.
LONG = 10.0
#: Refusals of whole requests after which this pass sends singly.
ENOUGH = 2

NOT_OFFERED = frozenset({404, 405, 501})
TOO_LARGE = 413
#: Refusals that are not about bulk: credential, load.
OF_ALL = frozenset({401, 408, 425, 429})
CLIENT_ERRORS = range(400, 500)
#: Budgets that count requests, whatever they hold.
OF_REQUESTS = frozenset({"all", "read", "write"})

REFUSED = "POST /Bulk was answered with {status}."
TOO_MANY = "A bulk request of {count} operations was answered with 413."
NO_RESULT = "The answer to a bulk request says nothing of this operation, so it may have been done or not."
SILENT = "The answer to a bulk request said nothing of the operation in it."
NO_RESULTS = "The answer to a bulk request holds no Operations, so any of them may have been done or not."

#: Whether what this task writes may go together with what others write.
joins: ContextVar[bool] = ContextVar("joins", default=False)

T = TypeVar("T")
Send = Callable[[bytes], Awaitable[dict[str, Any]]]


async def together(act: Awaitable[T]) -> T:
    """Perform something whose writes may go with others; in a task of its own, as `asyncio.gather` makes it."""
    joins.set(True)
    return await act


class SinglyError(Exception):
    """The application took no bulk request with this operation in it: it is to be sent alone."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One write on its way: what is sent, and who waits for what becomes of it."""

    operation: BulkOperation
    content: bytes | None
    future: "asyncio.Future[BulkResult]"
    #: The user whose account it makes.
    creates: Key | None = None
    #: Those whom a new group names by the bulkId of their creation.
    references: References | None = None

    def refer(self, names: Mapping[Key, str]) -> None:
        """Write it anew for a request in which the accounts of these users are made before it."""
        if self.references is not None:
            operation = self.operation
            self.content = self.references.written(names)
            self.operation = bulk_operation(operation.name, operation.method, operation.path, self.content)


class Bundle:
    """Gathers writes of one pass. `send` posts a bulk request; `learn` records a capability with its evidence."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        send: Send,
        trial: Trial,
        learn: Callable[[str, Any, str], None],
        clock: Callable[[], float],
    ) -> None:
        self._send_body = send
        self._trial = trial
        self._learn = learn
        self._clock = clock
        # where the rate of one endpoint is declared, it is objects that are counted: many at once would be over it
        self.on = dialect.bulk and all(rate.match in OF_REQUESTS for rate in dialect.rates)
        self.size = min(MOST, dialect.bulk_operations or UNSAID)
        self._most = self.size
        self._bytes = dialect.bulk_payload or UNSAID_BYTES
        self._waiting: deque[Entry] = deque()
        self._names = count(1)
        self._refusals = 0
        #: Whether members of a new group may be named by the bulkId of their creation.
        self.refers = _may_refer(dialect)
        self._running: asyncio.Task[None] | None = None

    def awaits(self, users: Iterable[Key]) -> bool:
        """Whether the creation of any of these users waits to be sent."""
        wanted = frozenset(users)
        return any(entry.creates in wanted for entry in self._waiting)

    async def submit(
        self,
        method: str,
        path: str,
        body: bytes | None,
        version: str = "",
        *,
        creates: Key | None = None,
        references: References | None = None,
    ) -> BulkResult:
        """Send a write together with others; returns what the application says of it.

        `creates` is the user whose account it makes; `references` names those of the same request, where it can.
        Raises ScimFailure and HaltedError as a request of its own would; SinglyError when it has to be one.
        """
        # of one length, so that none is the beginning of another: some servers replace references as text
        operation = bulk_operation(f"{next(self._names):06}", method, path, body, version)
        if not self.on or ENVELOPE + len(operation.written) > self._bytes:
            raise SinglyError
        future: asyncio.Future[BulkResult] = asyncio.get_running_loop().create_future()
        self._waiting.append(
            Entry(operation=operation, content=body, future=future, creates=creates, references=references)
        )
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        joins.set(False)
        while self._waiting:
            await self._gather()
            batch = self._next()
            try:
                await self._send(batch)
            except BaseException as error:
                _fail(batch, error if isinstance(error, Exception) else OutcomeUnknown(NO_RESULT))
                if not isinstance(error, Exception):
                    raise

    async def _gather(self) -> None:
        """Wait until the request is full, or nobody has come for a moment."""
        waiting = -1
        while waiting < len(self._waiting) < self.size:
            waiting = len(self._waiting)
            await asyncio.sleep(LINGER)

    def _next(self) -> list[Entry]:
        """Take from the line, in its order, what fits into one request; on trial of a method, one of it."""
        batch: list[Entry] = []
        names: dict[Key, str] = {}
        taken = ENVELOPE
        while self._waiting and len(batch) < self.size:
            entry = self._waiting[0]
            entry.refer(names)
            taken += len(entry.operation.written) + COMMA
            if batch and (taken - COMMA > self._bytes or self._trial.is_tried(batch[0].operation.method)):
                break
            if batch and self._trial.is_tried(entry.operation.method):
                break
            batch.append(self._waiting.popleft())
            if entry.creates is not None:
                names[entry.creates] = entry.operation.name
        return batch

    async def _send(self, batch: list[Entry]) -> None:
        if not self.on:
            _fail(batch, SinglyError())
            return
        entry = batch[0]
        tried = self._trial.is_tried(entry.operation.method)
        before = await self._trial.before(entry.operation) if tried else None
        began = self._clock()
        try:
            answer = await self._send_body(bulk_body([each.operation for each in batch]))
        except Refused as refusal:
            self._refused(batch, refusal)
            return
        except OutcomeUnknown:
            self._shrink()
            raise
        self._adapt(self._clock() - began, len(batch))
        results = match_results([each.operation for each in batch], answer)
        if results is None:
            raise Unreadable(NO_RESULTS, status=200)
        if tried:
            await self._judge(entry, results.get(entry.operation.name), before)
        _resolve(batch, results)

    async def _judge(self, entry: Entry, result: BulkResult | None, before: Any) -> None:
        """The first of a method is read back: where a success was none, or nothing can be told, the rest goes singly."""
        method = entry.operation.method
        problem = await self._trial.judge(entry.operation, entry.content, result, before)
        if problem or result is None or (result.succeeded and self._trial.is_tried(method)):
            self.on = False
        if result is None:
            self._learn("bulk", False, SILENT)
        elif problem:
            if method == "POST":
                self._learn("bulk", False, f"{problem}.")
            raise OutcomeUnknown(f"{problem}.")

    @property
    def tasks(self) -> "list[asyncio.Task[None]]":
        """What goes on."""
        return [] if self._running is None else [self._running]

    def _refused(self, batch: list[Entry], refusal: Refused) -> None:
        status = refusal.status or 0
        if status == TOO_LARGE and len(batch) > 1:
            self._shrink(len(batch))
            self._most = self.size
            self._learn("bulk_operations", self.size, TOO_MANY.format(count=len(batch)))
            self._waiting.extendleft(reversed(batch))
        elif (status in CLIENT_ERRORS and status not in OF_ALL) or status in NOT_OFFERED:
            self._refusals += 1
            if status in NOT_OFFERED:
                self._learn("bulk", False, REFUSED.format(status=status))
            self.on = self.on and status not in NOT_OFFERED and self._refusals < ENOUGH
            _fail(batch, SinglyError())
        else:
            _fail(batch, refusal)

    def _shrink(self, sent: int | None = None) -> None:
        self.size = max(1, min(self.size, sent or self.size) // 2)

    def _adapt(self, seconds: float, sent: int) -> None:
        """Keep a request from taking so long that it is lost; what was too many is tried again when it is fast."""
        if seconds > LONG:
            self._shrink(sent)
        elif sent >= self.size and seconds < LONG / 4:
            self.size = min(self._most, self.size * 2)


def _fail(batch: Sequence[Entry], error: Exception) -> None:
    for entry in batch:
        if not entry.future.done():
            entry.future.set_exception(error)


def _may_refer(dialect: Dialect) -> bool:
    """Whether it is worth a try, and can be seen: groups take members with their POST, and show them."""
    takes = dialect.members_on_create or dialect.origin("members_on_create") is Origin.DEFAULT
    return dialect.bulk_references and dialect.members_readable and takes


def _made(batch: Sequence[Entry], results: Mapping[str, BulkResult]) -> dict[str, str]:
    """The ids of the accounts that a request has made, by bulkId."""
    made: dict[str, str] = {}
    for entry in batch:
        result = results.get(entry.operation.name)
        if entry.creates is not None and result is not None and result.succeeded:
            identity = result.identity(entry.operation.path) or (result.body or {}).get("id")
            if isinstance(identity, str) and identity:
                made[entry.operation.name] = identity
    return made


def _resolve(batch: Sequence[Entry], results: dict[str, BulkResult]) -> None:
    unknown: ScimFailure | None = None
    made = _made(batch, results)
    for entry in batch:
        if entry.references is not None:
            entry.references.made = made
    for entry in batch:
        if entry.future.done():
            continue
        result = results.get(entry.operation.name)
        if result is None:
            unknown = unknown or OutcomeUnknown(NO_RESULT)
            entry.future.set_exception(unknown)
        else:
            entry.future.set_result(result)


def content_of(result: BulkResult) -> bytes:
    """Return the body that the operation would have been answered with; empty where none was given."""
    return b"" if result.body is None else orjson.dumps(result.body)
