"""The request log of the lab target: what came, in which order, when, and how it was answered."""

from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One request. `at` is in seconds since the start or the last reset, `path` is below the base address."""

    order: int
    at: float
    method: str
    path: str
    status: int  # 0 where no answer was sent
    request_bytes: int
    answer_bytes: int
    fault: str
    body: bytes = b""  # these three only with the option keep_requests
    content_type: str = ""
    created: str = ""  # the id of the resource that a POST created


def as_json(entry: Entry, *, whole: bool) -> dict[str, Any]:
    """An entry for the control endpoint; `whole` adds what a replay needs."""
    values = entry._asdict()
    kept = {name: values.pop(name) for name in ("body", "content_type", "created")}
    kept["body"] = entry.body.decode("utf-8", "replace")
    return values | kept if whole else values
