"""Bulk requests of RFC 7644 3.7 with `bulkId` references, forward ones too."""

import re
from collections.abc import Callable
from typing import Any

import orjson

from tests.lab.answers import BULK_REQUEST, BULK_RESPONSE, Refusal
from tests.lab.options import BulkReferences, LabOptions
from tests.lab.resources import Done

Act = Callable[[str, str, dict[str, Any], str], Done]
_REFERENCE = re.compile(rb'"bulkId:((?:[^"\\]|\\.)*)"')
_METHODS = ("POST", "PUT", "PATCH", "DELETE")


def run_bulk(data: dict[str, Any], size: int, options: LabOptions, act: Act) -> Done:
    """Run all operations through `act(method, path, data, if_match)`; raises Refusal for the request as a whole."""
    if not options.bulk:
        raise Refusal(501, "Bulk is not supported.")
    if options.bulk_refused:
        raise Refusal(options.bulk_refused, "No bulk requests today.")
    operations = data.get("Operations")
    if BULK_REQUEST not in data.get("schemas", ()) or not isinstance(operations, list):
        raise Refusal(400, f"A bulk request has the schema {BULK_REQUEST} and Operations.", "invalidSyntax")
    if len(operations) > options.bulk_operations or size > options.bulk_payload:
        limits = f"{options.bulk_operations} operations and {options.bulk_payload} bytes"
        raise Refusal(413, f"The bulk request is over the limits, which are {limits}.", "tooLarge")
    run = _Run(operations, _liar if options.bulk_lies else act, options.bulk_references)
    results = run.all(data.get("failOnErrors") or options.bulk_fails_on_errors)
    return Done(200, {"schemas": [BULK_RESPONSE], "Operations": _spoiled(results, options)})


def _liar(method: str, path: str, data: dict[str, Any], if_match: str) -> Done:
    """Success for everything, and nothing is done."""
    location = f"https://lab.example/scim/v2{path}/nowhere" if method == "POST" else path
    return Done(201 if method == "POST" else 200, None, location=location)


def _spoiled(results: list[dict[str, Any]], options: LabOptions) -> list[dict[str, Any]]:
    """The results as a bad server returns them: in another order, without some, under names that nobody gave."""
    kept = results[: len(results) - options.bulk_drops_results] if options.bulk_drops_results else results
    if options.bulk_reverses:
        kept = kept[::-1]
    if options.bulk_renames:
        kept = [{**result, "bulkId": f"x{number}"} for number, result in enumerate(kept)]
    return kept


class _Run:
    def __init__(self, operations: list[dict[str, Any]], act: Act, references: BulkReferences) -> None:
        self._operations = operations
        self._act = act
        self._references = references
        self._ids: dict[str, str] = {}
        self._results: dict[int, dict[str, Any]] = {}

    def all(self, fail_on_errors: Any) -> list[dict[str, Any]]:
        waiting = list(range(len(self._operations)))
        while waiting:
            later = []
            for position in waiting:
                if fail_on_errors and self._errors() >= fail_on_errors:
                    return self._in_order()
                if self._unknown(self._operations[position]):
                    later.append(position)
                else:
                    self._results[position] = self._one(self._operations[position])
            if len(later) == len(waiting):
                self._refuse(later)
                break
            waiting = later
        return self._in_order()

    def _errors(self) -> int:
        return sum(int(result["status"]) >= 400 for result in self._results.values())

    def _in_order(self) -> list[dict[str, Any]]:
        return [self._results[position] for position in sorted(self._results)]

    def _unknown(self, operation: dict[str, Any]) -> bool:
        if self._references in (BulkReferences.LITERAL, BulkReferences.DROPPED):
            return False
        names = _REFERENCE.findall(orjson.dumps(operation.get("data")))
        path = str(operation.get("path", ""))
        if "bulkId:" in path:
            names.append(path.partition("bulkId:")[2].encode())
        return any(name.decode() not in self._ids for name in names)

    def _refuse(self, positions: list[int]) -> None:
        refusal = Refusal(409, "A bulkId in this operation names nothing that was created.", "invalidValue")
        for position in positions:
            self._results[position] = _failed(self._operations[position], refusal)

    def _one(self, operation: dict[str, Any]) -> dict[str, Any]:
        method, path = str(operation.get("method", "")).upper(), str(operation.get("path", ""))
        prefix, reference, name = path.partition("bulkId:")
        try:
            _check(method, operation)
            path = prefix + self._ids[name] if reference else path
            done = self._act(
                method, path, self._resolved(operation.get("data")), operation.get("version") or ""
            )
        except Refusal as refusal:
            return _failed(operation, refusal)
        if method == "POST":
            self._ids[operation["bulkId"]] = done.location.rpartition("/")[2]
        return _result(operation, done)

    def _resolved(self, data: Any) -> dict[str, Any]:
        document: dict[str, Any] = data if data is not None else {}
        if self._references is BulkReferences.LITERAL:
            return document
        if self._references is BulkReferences.DROPPED:
            return _without_references(document)
        resolved = _REFERENCE.sub(
            lambda found: orjson.dumps(self._id_of(found[1].decode())), orjson.dumps(document)
        )
        resolved_document: dict[str, Any] = orjson.loads(resolved)
        return resolved_document

    def _id_of(self, name: str) -> str:
        if self._references is not BulkReferences.MISTAKEN:
            return self._ids[name]
        names = list(self._ids)
        return self._ids[names[names.index(name) - 1]]


def _without_references(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out members that are named by a bulkId."""
    if not isinstance(document.get("members"), list):
        return document
    kept = [each for each in document["members"] if not str(each.get("value")).startswith("bulkId:")]
    return {**document, "members": kept}


def _check(method: str, operation: dict[str, Any]) -> None:
    if method not in _METHODS or (method == "POST" and not operation.get("bulkId")):
        raise Refusal(400, "A bulk operation needs a method, and a POST a bulkId.", "invalidSyntax")


def _result(operation: dict[str, Any], done: Done) -> dict[str, Any]:
    result = {"method": operation["method"], "status": str(done.status)}
    if "bulkId" in operation:
        result["bulkId"] = operation["bulkId"]
    if done.location:
        result["location"] = done.location
    if done.etag:
        result["version"] = done.etag
    return result


def _failed(operation: dict[str, Any], refusal: Refusal) -> dict[str, Any]:
    kept: dict[str, Any] = {name: operation[name] for name in ("method", "bulkId") if name in operation}
    return {**kept, "status": str(refusal.status), "response": refusal.document()}
