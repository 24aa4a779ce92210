"""Bulk requests and their answers (RFC 7644, 3.7): writing operations, and telling which result belongs to which."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import orjson

from provisor.scim.schemas import BULK_REQUEST_SCHEMA
from provisor.scim.syntax import MISSING, member

_HEAD: Final = b'{"schemas":["' + BULK_REQUEST_SCHEMA.encode() + b'"],"Operations":['
_TAIL: Final = b"]}"
#: What the envelope of a bulk request takes of its bytes, and each operation beside itself.
ENVELOPE: Final = len(_HEAD) + len(_TAIL)
COMMA: Final = 1
_SUCCESS: Final = range(200, 300)
#: What the RFC has in a result.
_KNOWN: Final = frozenset({"method", "bulkId", "version", "location", "response", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOperation:
    """One operation. `name` is its bulkId, of which there is one for each; `path` is below the base URL."""

    name: str
    method: str
    path: str
    #: The operation as it stands in the body.
    written: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What an application says of one operation. `body` is the resource or the error, where it gives one."""

    status: int
    location: str = ""
    version: str = ""
    body: Mapping[str, Any] | None = None

    @property
    def succeeded(self) -> bool:
        return self.status in _SUCCESS

    def identity(self, endpoint: str) -> str | None:
        """Return the id in the location, if that is one below this endpoint ("/Users")."""
        rest, _, last = self.location.partition("?")[0].rpartition("/")
        return unquote(last) if last and rest.endswith(endpoint) else None


def bulk_operation(name: str, method: str, path: str, body: bytes | None, version: str = "") -> BulkOperation:
    """Write one operation. `body` is JSON already; `version` is the ETag that it has to have still."""
    content: dict[str, Any] = {"method": method, "bulkId": name, "path": path}
    if version:
        content["version"] = version
    if body is not None:
        content["data"] = orjson.Fragment(body)
    return BulkOperation(name=name, method=method, path=path, written=orjson.dumps(content))


def bulk_body(operations: Sequence[BulkOperation]) -> bytes:
    """Write a whole request. Without `failOnErrors`: one bad object never stops another."""
    return _HEAD + b",".join(operation.written for operation in operations) + _TAIL


def match_results(
    operations: Sequence[BulkOperation], answer: Mapping[str, Any]
) -> dict[str, BulkResult] | None:
    """Return the result of each operation by its name; None where the answer is no bulk response at all.

    A result is known by its bulkId, else by its location, which the RFC demands of all but a POST that failed. Only
    where all that are known stand in the order of the request, and none is missing, the place says whose the others
    are. An operation of which nothing is said, or two different things, is not in what is returned: it is in doubt.
    """
    listed = member(answer, "Operations")
    if not isinstance(listed, list):
        return None
    results = [item if isinstance(item, Mapping) else {} for item in listed]
    owners = _by_name(operations, results)
    _by_location(operations, results, owners)
    _by_place(operations, results, owners)
    found: dict[str, list[BulkResult]] = defaultdict(list)
    for position, name in owners.items():
        result = _result(results[position])
        if result is not None:
            found[name].append(result)
    return {name: each[0] for name, each in found.items() if len(each) == 1}


def _by_name(operations: Sequence[BulkOperation], results: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Which result belongs to which operation, by position; a bulkId that nobody gave belongs to none."""
    methods = {operation.name: operation.method for operation in operations}
    owners: dict[int, str] = {}
    for position, result in enumerate(results):
        name = _said(result, "bulkId")
        if isinstance(name, str) and name in methods and _is_of(result, methods[name]):
            owners[position] = name
    return owners


def _by_location(
    operations: Sequence[BulkOperation], results: Sequence[Mapping[str, Any]], owners: dict[int, str]
) -> None:
    """Those without a bulkId, by the resource that they speak of; several of one resource in their order."""
    known = set(owners.values())
    waiting: dict[tuple[str, str], list[str]] = defaultdict(list)
    for operation in operations:
        if operation.name not in known and operation.method != "POST":
            waiting[operation.method, operation.path].append(operation.name)
    for position, result in enumerate(results):
        location = _said(result, "location")
        if position in owners or _said(result, "bulkId") is not None or not isinstance(location, str):
            continue
        names = next(
            (
                n
                for (method, path), n in waiting.items()
                if n and location.endswith(path) and _is_of(result, method)
            ),
            None,
        )
        if names:
            owners[position] = names.pop(0)


def _by_place(
    operations: Sequence[BulkOperation], results: Sequence[Mapping[str, Any]], owners: dict[int, str]
) -> None:
    aligned = all(
        position < len(operations) and operations[position].name == name for position, name in owners.items()
    )
    if len(results) != len(operations) or not aligned:
        return
    for position, result in enumerate(results):
        nameless = position not in owners and _said(result, "bulkId") is None
        if nameless and _is_of(result, operations[position].method):
            owners[position] = operations[position].name


def _said(item: Mapping[str, Any], name: str) -> Any:
    value = item.get(name)
    # what is written as the RFC has it needs no search for another spelling, here a thousand times for each request
    if value is not None or name in item or _KNOWN.issuperset(item):
        return value
    value = member(item, name)
    return None if value is MISSING else value


def _is_of(result: Mapping[str, Any], method: str) -> bool:
    said = _said(result, "method")
    return said is None or (isinstance(said, str) and said.upper() == method)


def _result(item: Mapping[str, Any]) -> BulkResult | None:
    status = _status(_said(item, "status"))
    if status is None:
        return None
    location, version, body = (_said(item, name) for name in ("location", "version", "response"))
    return BulkResult(
        status=status,
        location=location if isinstance(location, str) else "",
        version=version if isinstance(version, str) else "",
        body=body if isinstance(body, Mapping) else None,
    )


def _status(value: object) -> int | None:
    """The status: a text as the RFC has it, a number, or an object with a code, as drafts of it had."""
    if isinstance(value, Mapping):
        value = _said(value, "code")
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:3])
    known = isinstance(value, int) and not isinstance(value, bool) and value in range(100, 600)
    return value if known else None  # type: ignore[return-value]  # checked just before
