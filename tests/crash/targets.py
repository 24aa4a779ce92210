"""The targets that the stories of kills are played against, and how long a story is. Knows no Django."""

from typing import Any

#: How many kills a story has: as many as leave the last ones a company of everyday size.
KILLS = 25
USERS = 120

LOST = {"kind": "reset", "handled": True, "count": 0, "probability": 0.03}
DROPPED = {"kind": "reset", "count": 0, "probability": 0.02}
CUT = {"kind": "truncate", "count": 0, "probability": 0.01}
FAILED = {"kind": "status", "status": 500, "count": 0, "probability": 0.02}
DONE_YET_FAILED = {"kind": "status", "status": 503, "handled": True, "count": 0, "probability": 0.02}
THROTTLED = {"kind": "status", "status": 429, "retry_after": 1, "count": 0, "probability": 0.01}
PAGES = [
    {"kind": "html", "handled": True, "method": method, "count": 0, "probability": 0.02}
    for method in ("POST", "PATCH")
]
FAULTS = [LOST, DROPPED, CUT, FAILED, DONE_YET_FAILED, THROTTLED, *PAGES]

TRUSTING: dict[str, Any] = {"duplicates": "allowed", "group_names_unique": False}
UNIQUE: dict[str, Any] = {"duplicates": "conflict", "group_names_unique": True}

#: The targets of the stories, taken in turn by their seeds. A new ability of targets becomes an entry here.
TARGETS: dict[str, dict[str, Any]] = {
    "takes duplicates": {**TRUSTING, "faults": []},
    "takes duplicates, loses replies": {**TRUSTING, "faults": FAULTS},
    "unique names": {**UNIQUE, "faults": []},
    "unique names, loses replies": {**UNIQUE, "faults": FAULTS},
}


def target_of(seed: int) -> str:
    """The name of the target of a story."""
    return list(TARGETS)[(seed - 1) % len(TARGETS)]
