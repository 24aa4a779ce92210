"""R13: whatever goes wrong, each attempt and each link that it concerns says in a sentence what happened and what follows."""

import re
from typing import Any

import pytest

from provisor.provisioning.models import Attempt, Health, Link
from tests.provisioning.installation import Installation
from tests.provisioning.vices import (
    change,
    existing,
    fault,
    good_again,  # noqa: F401 - a fixture
)
from tests.servers import LabServer

STATUSES = (301, 400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 429, 451, 500, 501, 502, 503, 504)
#: How an exchange with the application goes wrong.
FAILURES: dict[str, dict[str, Any]] = {
    **{f"status {status}": {"kind": "status", "status": status} for status in STATUSES},
    "web page": {"kind": "html"},
    "web page 503": {"kind": "html", "status": 503},
    "reset": {"kind": "reset"},
    "reply lost": {"kind": "reset", "handled": True},
    "truncated": {"kind": "truncate"},
}
SENTENCE = re.compile(r"[A-Z“\"].{10,}[.!?]", re.DOTALL)


def told(installation: Installation) -> list[str]:
    """Every reason of an attempt that failed, and of whatever does not stand as it should."""
    attempts = Attempt.objects.filter(application=installation.application)
    failed = [one for one in attempts if one.status is None or not 200 <= one.status < 300]
    links = Link.objects.filter(application=installation.application).exclude(state__in=("in_sync", "due"))
    health = Health.objects.filter(application=installation.application).exclude(state="well")
    return [*(one.reason for one in failed), *(one.reason for one in links), *(one.reason for one in health)]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_r13_every_failure_is_told_in_a_sentence(
    installation: Installation, target: LabServer, failure: dict[str, Any], method: str
) -> None:
    """For a look-up, a creation and an update; a link in back-off says why, too."""
    alice = installation.user("alice")
    if method != "POST":
        existing(target, userName="alice", active=True)
    installation.granted("Sales", alice, push_group=False)
    if method == "PATCH":
        installation.run()
        change(alice, title="new")
    target.set_options(faults=[fault(failure["kind"], method, "/Users", count=0, **_rest(failure))])
    installation.run()
    reasons, link = told(installation), installation.link(alice)
    assert reasons or link.state == "in_sync" or link.reason, "nothing says that anything went wrong"
    for reason in reasons:
        assert SENTENCE.fullmatch(reason), reason
        assert "Traceback" not in reason
    if link.state == "due" and link.attempts:
        assert SENTENCE.fullmatch(link.reason), link.reason


def _rest(failure: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in failure.items() if name != "kind"}
