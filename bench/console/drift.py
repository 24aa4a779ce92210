"""What a scan of the largest application has found, and a group that no policy pushes any more."""

import time
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count

from provisor.directory.statements import insert
from provisor.provisioning.models import Finding, Link, Scan

FOUND = 20_000
_CHANGES = {"changes": [{"path": "title", "sent": "Engineer", "now": "Somebody Else"}]}
_UNKNOWN = {"displayName": "Somebody Else", "emails": ["x@example.com"], "active": True, "in_scope": True}
#: What it is, how many of ten, whose it probably is, what is shown.
_KINDS: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
    ("changed", 4, "", _CHANGES),
    ("missing", 1, "", {}),
    ("unknown", 5, "sure", _UNKNOWN),
)


def write_drift() -> None:
    """Findings by the ten thousand, of which none is decided."""
    application = Link.objects.values_list("application_id").annotate(n=Count("pk")).order_by("-n")[0][0]
    now = int(time.time() * 1000)
    columns = (
        "application_id", "kind", "what", "remote_id", "link_id", "local_id", "match", "name", "detail", "digest",
        "state", "reason", "found_at", "seen_at", "decided_by",
    )  # fmt: skip
    with transaction.atomic():
        Scan.objects.create(
            application_id=application, state="finished", requested_at=now, started_at=now, finished_at=now,
            totals={"users": 100_000, "groups": 2_000, "pages": 1_020}, lists={"user": {"complete": True}},
        )  # fmt: skip
        insert(Finding, columns, _rows(application, now))
        left = Link.objects.filter(application=application, kind="group", state="in_sync").order_by("-pk")[:1]
        Link.objects.filter(pk__in=[row.pk for row in left]).update(in_scope=False, state="released")


def _rows(application: Any, now: int) -> Iterator[tuple[Any, ...]]:
    links = Link.objects.filter(application=application, kind="user", state="in_sync").order_by("id")
    accounts = list(links.values_list("id", "local_id", "remote_id")[:FOUND])
    kinds = [kind for kind in _KINDS for _ in range(kind[1])]
    for place, (link, local, remote) in enumerate(accounts):
        what, _share, match, detail = kinds[place % len(kinds)]
        unknown = what == "unknown"
        yield (
            application, "user", what, f"x{place}" if unknown else remote, None if unknown else link, local, match,
            f"stranger{place}" if unknown else "", detail, f"digest{place}", "open", "", now, now, "",
        )  # fmt: skip
