"""The client of a pass whose works may send together: to each of them a bulk request looks like one of its own."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from provisor.provisioning.bundle.bundle import Bundle, SinglyError, content_of, joins
from provisor.provisioning.bundle.bundle_references import References
from provisor.provisioning.keys import Key
from provisor.provisioning.passes.work import DueLink
from provisor.scim.answers import read_object, read_required
from provisor.scim.authentication import Authentication
from provisor.scim.bulk import BulkResult
from provisor.scim.client import Call, Door, Exchange, Located, Reader, Resource, ScimClient, creation
from provisor.scim.dialect import Dialect
from provisor.scim.errors import ScimFailure
from provisor.scim.transport import Response

T = TypeVar("T")

#: Requests of their own that works of a bundle have under way at a time: look-ups after a 409, readings back.
BESIDE = 2
WHERE = "{path} in /Bulk"


class BundlingClient(ScimClient):
    """A client whose writes go into `bundle` where the task joins in; `noted` is told of each operation's outcome."""

    def __init__(
        self,
        transport: Door,
        authentication: Authentication,
        dialect: Dialect,
        *,
        noted: Callable[[Exchange], None],
        **others: Any,
    ) -> None:
        super().__init__(transport, authentication, dialect, **others)
        self._noted = noted
        self._beside = asyncio.Semaphore(BESIDE)
        self.bundle: Bundle | None = None

    async def bulk(self, body: bytes) -> dict[str, Any]:
        """POST a bulk request; the answer, whose operations are not judged yet."""
        return await super()._exchange(Call("POST", "bulk", "/Bulk", "bulk", None, body=body), read_required)

    async def read(self, path: str) -> dict[str, Any]:
        """Read a resource by its path below the base URL."""
        kind = "group" if path.startswith("/Groups") else "user"
        return await super()._exchange(Call("GET", kind, path, "read_back", None), read_required)

    async def create_referring(
        self, kind: str, body: Resource, references: References, *, act: str, tag: object
    ) -> Resource | None:
        """Create as `create` does; in a bulk request with the members that `references` names."""
        call = creation(kind, body, act=act, tag=tag)
        return await self._exchange(call, read_object, references)

    async def _exchange(self, call: Call, read: "Reader[T]", references: References | None = None) -> T:
        if not joins.get():
            return await super()._exchange(call, read)
        if call.method == "GET" or self.bundle is None:
            return await self._singly(call, read)
        call.at, call.started = self._clock(), self._timer()
        body = call.body
        try:
            result = await self._submit(self.bundle, call, references)
        except SinglyError:
            if references is not None:
                references.leave_out()
                call.body = body
            return await self._singly(call, read)
        except ScimFailure as failure:
            self._note(call, None, failure)
            raise
        return self._read_result(call, result, read)

    async def _submit(self, bundle: Bundle, call: Call, references: References | None) -> BulkResult:
        try:
            return await bundle.submit(
                call.method, call.path, call.body, call.etag, creates=_created(call), references=references
            )
        finally:
            if references is not None and references.content:
                # what has left, for the attempt
                call.body = references.content

    async def _singly(self, call: Call, read: "Reader[T]") -> T:
        async with self._beside:
            return await super()._exchange(call, read)

    def _read_result(self, call: Call, result: BulkResult, read: "Reader[T]") -> T:
        """Read what the operation was answered with, as if it had come alone."""
        headers = {"etag": result.version} if result.version else {}
        response = Response(status=result.status, headers=headers, body=content_of(result), milliseconds=0.0)
        try:
            answer = read(response, self._limits, self._clock())
        except ScimFailure as failure:
            self._note(call, response, failure)
            raise
        self._note(call, response, None)
        return answer if answer is not None or call.method != "POST" else _located(call, result)  # type: ignore[return-value]  # None is what such a reader returns

    def _note(self, call: Call, response: Response | None, failure: ScimFailure | None) -> None:
        self._noted(
            Exchange(
                method=call.method,
                path=WHERE.format(path=call.path),
                status=None if response is None else response.status,
                milliseconds=(self._timer() - call.started) * 1000.0,
                request_body=call.body or b"",
                response_body=b"" if response is None else response.body,
                failure=failure,
                act=call.act,
                tag=call.tag,
                at=call.at,
            )
        )


def _created(call: Call) -> Key | None:
    """The user whose account a call makes."""
    makes = call.method == "POST" and call.kind == "user"
    return call.tag.local_id if makes and isinstance(call.tag, DueLink) else None


def _located(call: Call, result: BulkResult) -> Located | None:
    """The new resource by its location; None where there is none to be made out."""
    identity = result.identity(call.path)
    if identity is None:
        return None
    meta = {"version": result.version} if result.version else {}
    return Located(id=identity, meta=meta)
