"""Acts that the tests of drift share: scans, and what they found."""

from typing import Any

from provisor.provisioning.drift.scans import request_scan
from provisor.provisioning.models import Finding, Scan
from tests.provisioning.installation import ACTOR, Installation


def scan(installation: Installation, *, passes: int = 1) -> Scan:
    """Ask for a scan and run passes; returns the scan as it stands then."""
    asked = request_scan(installation.application.id, actor=ACTOR)
    installation.run(passes)
    return Scan.objects.get(pk=asked.pk)


def findings(installation: Installation, what: str = "", state: str = "open") -> list[Finding]:
    rows = Finding.objects.filter(application=installation.application, state=state)
    return list((rows.filter(what=what) if what else rows).order_by("name", "id"))


def changes(finding: Finding) -> dict[str, tuple[Any, Any]]:
    """What was sent and what is there now, by path."""
    return {each["path"]: (each["sent"], each["now"]) for each in finding.detail["changes"]}
