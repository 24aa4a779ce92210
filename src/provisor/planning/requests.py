"""The exact requests that an operation will send: pure, so that a plan can show them before anything leaves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from provisor.planning.operation import Act, Kind, Operation
from provisor.scim.capabilities import Dialect
from provisor.scim.change_kinds import takes_put
from provisor.scim.filter import equality
from provisor.scim.patch import add_members_body, members_per_removal, patch_bodies, remove_members_body
from provisor.scim.path import MISSING
from provisor.scim.resource import build

ENDPOINTS: dict[Kind, str] = {"user": "/Users", "group": "/Groups"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRequest:
    """One request as it will leave. `note` says what depends on the answer to an earlier one."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    note: str = ""


def requests_of(
    operation: Operation, dialect: Dialect, *, remote_id: str | None, matching: Sequence[str]
) -> list[PlannedRequest]:
    """Return the requests of one operation on a user or a group."""
    match operation.act:
        case Act.CREATE | Act.ADOPT | Act.FIND_AND_DEPROVISION:
            return list(_creation(operation, matching))
        case Act.DELETE:
            return [PlannedRequest(method="DELETE", path=_resource(operation.kind, remote_id))]
        case _:
            return list(_change(operation, dialect, remote_id))


def _resource(kind: Kind, remote_id: str | None) -> str:
    return f"{ENDPOINTS[kind]}/{remote_id}"


def _creation(operation: Operation, matching: Sequence[str]) -> Iterator[PlannedRequest]:
    endpoint = ENDPOINTS[operation.kind]
    for path in matching:
        value = operation.values.get(path)
        if isinstance(value, str) and value:
            note = "or one listing for many new ones"
            yield PlannedRequest(method="GET", path=f"{endpoint}?filter={equality(path, value)}", note=note)
            break
    if operation.act is Act.CREATE:
        body = build(operation.kind, operation.values)
        yield PlannedRequest(method="POST", path=endpoint, body=body, note="if it is not there yet")


def _change(operation: Operation, dialect: Dialect, remote_id: str | None) -> Iterator[PlannedRequest]:
    path = _resource(operation.kind, remote_id)
    if not takes_put(dialect, operation.kind, operation.changes):
        for body in patch_bodies(operation.changes, dialect, operation.kind):
            yield PlannedRequest(method="PATCH", path=path, body=body)
        return
    changes = {change.path: None if change.value is MISSING else change.value for change in operation.changes}
    yield PlannedRequest(method="GET", path=path)
    yield PlannedRequest(method="PUT", path=path, body=changes, note="laid over what the GET returns")


def member_requests(
    remote_id: str | None, added: Sequence[str], removed: Sequence[str], dialect: Dialect
) -> list[PlannedRequest]:
    """Return the requests that bring member deltas to a group, in the application's chunks."""
    path = _resource("group", remote_id)
    added_by_put = bool(added) and dialect.member_add_form == "put"
    removed_by_put = bool(removed) and dialect.member_remove_form == "put"
    if not dialect.patch_groups or added_by_put or removed_by_put:
        body = {"members": {"add": list(added), "remove": list(removed)}}
        note = "laid over the members that the GET returns"
        return [
            PlannedRequest(method="GET", path=path),
            PlannedRequest(method="PUT", path=path, body=body, note=note),
        ]
    size = max(1, dialect.members_per_request)
    removal = max(1, min(size, members_per_removal(dialect)))
    bodies = [remove_members_body(removed[i : i + removal], dialect) for i in range(0, len(removed), removal)]
    bodies += [add_members_body(added[i : i + size], dialect) for i in range(0, len(added), size)]
    return [PlannedRequest(method="PATCH", path=path, body=body) for body in bodies]
