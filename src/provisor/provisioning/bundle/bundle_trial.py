"""Bulk on probation: the first operation of each method is alone in its request, and read back (engine.md, section 5)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import orjson

from provisor.provisioning.passes.verdict import NOT_FOUND, HaltedError
from provisor.provisioning.perform.probation import Probation
from provisor.scim.bulk import BulkOperation, BulkResult
from provisor.scim.errors import Refused, ScimError, ScimFailure
from provisor.scim.patch_apply import apply_patch

CREATED_NOTHING = (
    "A POST in a bulk request was answered with success and {location}, and read back, nothing was there"
)
CHANGED_NOTHING = "A PATCH in a bulk request was answered with success, and read back, the old values stood"

#: Reads a resource by its path below the base URL. Raises ScimFailure.
Read = Callable[[str], Awaitable[dict[str, Any]]]


class Trial:
    """What an application has proved of each method in bulk requests, at the address of today."""

    def __init__(self, probation: Probation, read: Read) -> None:
        self._probation = probation
        self._read = read

    def is_tried(self, method: str) -> bool:
        """Whether the next one of this method is a trial."""
        return not self._probation.has_seen([_kind(method)])

    async def before(self, operation: BulkOperation) -> dict[str, Any] | None:
        """Read what is about to be changed; None where that cannot be told."""
        return None if operation.method == "POST" else await self._seen(operation.path)

    async def judge(
        self,
        operation: BulkOperation,
        content: bytes | None,
        result: BulkResult | None,
        before: dict[str, Any] | None,
    ) -> str:
        """Return what a person should know where a success was none; empty where all is well or nothing is said."""
        if result is None or not result.succeeded:
            return ""
        if operation.method == "POST":
            return await self._judge_created(operation, result)
        after = await self._seen(operation.path)
        if (
            operation.method == "PATCH"
            and before is not None
            and after is not None
            and _overlooked(operation, content, before, after)
        ):
            return CHANGED_NOTHING
        self._probation.good([_kind(operation.method)])
        return ""

    async def _judge_created(self, operation: BulkOperation, result: BulkResult) -> str:
        identity = result.identity(operation.path)
        if identity is None:
            return ""
        path = f"{operation.path}/{result.location.rpartition('/')[2]}"
        try:
            seen = await self._read(path)
        except Refused as refusal:
            return CREATED_NOTHING.format(location=path) if refusal.status == NOT_FOUND else ""
        except (ScimFailure, HaltedError):
            return ""
        if seen.get("id") == identity:
            self._probation.good([_kind(operation.method)])
        return ""

    async def _seen(self, path: str) -> dict[str, Any] | None:
        with suppress(ScimFailure, HaltedError):
            return await self._read(path)
        return None


def _overlooked(
    operation: BulkOperation, content: bytes | None, before: dict[str, Any], after: dict[str, Any]
) -> bool:
    """Whether nothing has changed although something should have."""
    plain = [{name: value for name, value in each.items() if name != "meta"} for each in (before, after)]
    if plain[0] != plain[1]:
        return False
    kind = "group" if operation.path.startswith("/Groups") else "user"
    try:
        return apply_patch(plain[0], orjson.loads(content or b"{}"), kind=kind) != plain[0]
    except ScimError:
        return False


def _kind(method: str) -> str:
    return f"bulk {method}"
