"""The lab target: a fast SCIM 2.0 server for tests and benchmarks, with switches for every vice known in the field.

In a test: `async with running(LabOptions(filter=Filtering.IGNORED)) as target:` and use `target.base_url`.
As a process: `python -m tests.lab --port 0 --token tok --options '{"latency_ms": 50}'` prints its base address
first. Beside `/scim/v2` the control endpoints `/_lab/options` (GET, POST), `/_lab/state`, `/_lab/requests` and
`/_lab/reset` (POST) need no token.
"""

from tests.lab.options import (
    AnswerBody,
    BulkReferences,
    Discovery,
    Duplicates,
    Fault,
    FaultKind,
    Filtering,
    LabOptions,
    Limit,
    MemberRemoval,
    MembersRead,
    PatchApplied,
    RetryAfter,
    read_options,
)
from tests.lab.serving import running
from tests.lab.target import Target

__all__ = [
    "AnswerBody",
    "BulkReferences",
    "Discovery",
    "Duplicates",
    "Fault",
    "FaultKind",
    "Filtering",
    "LabOptions",
    "Limit",
    "MemberRemoval",
    "MembersRead",
    "PatchApplied",
    "RetryAfter",
    "Target",
    "read_options",
    "running",
]
