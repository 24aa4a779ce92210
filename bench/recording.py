"""What a pass sent, as the lab target recorded it, and which request had to wait for which."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request of the pass and the status it was answered with; `path` is below the base address."""

    method: str
    path: str
    body: str
    content_type: str
    status: int
    created: str


def recorded(entries: Iterable[Mapping[str, Any]]) -> list[Recorded]:
    """The requests of a lab's whole request log, in the order in which they came."""
    names = ("method", "path", "body", "content_type", "status", "created")
    return [Recorded(**{name: entry[name] for name in names}) for entry in entries]


def predecessors(requests: list[Recorded]) -> list[tuple[int, ...]]:
    """For each request the positions of those that must be answered before it can be sent.

    A request needs the POST of every resource whose id it names, and the last request before it to the same
    resource. Nothing else is held back, so that the floor is as fast as these requests allow.
    """
    created: dict[str, int] = {}
    last: dict[str, int] = {}
    needs: list[tuple[int, ...]] = []
    for position, request in enumerate(requests):
        named = {created[found] for found in _ID.findall(request.path + request.body) if found in created}
        if request.path in last:
            named.add(last[request.path])
        needs.append(tuple(sorted(named)))
        if _ID.search(request.path):
            last[request.path] = position
        if request.created:
            created[request.created] = position
    return needs
