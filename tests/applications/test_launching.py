"""Launch addresses: what a person's browser may be sent to."""

from collections.abc import Callable

import pytest

from provisor.applications.applications import update_application
from provisor.applications.models import Application
from provisor.applications.refusals import ConfigurationRefusal
from provisor.audit.actor import Actor
from provisor.directory.models import JournalEntry, Pending

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "data:text/html,x", "//evil.example", "acme.example.com", "https://", "ftp://acme.example",
        "https://bo:hunter2@acme.example", "https://acme.example/a b", "https://acme.example\\@evil.example",
        "https://acme.example:x", "https://acme.example/\nx", 7, None, "https://" + "a" * 2001,
    ],
)  # fmt: skip
def test_what_a_browser_would_not_open_as_a_page_is_refused(
    address: object, make_application: Callable[..., Application], actor: Actor
) -> None:
    """With place, reason and what to do; nothing is stored."""
    made = make_application()
    with pytest.raises(ConfigurationRefusal) as refusal:
        update_application(made.id, {"launch_url": address}, actor=actor)
    assert [problem.place for problem in refusal.value.problems] == ["/launch_url"]
    assert Application.objects.get(pk=made.pk).launch_url == ""


def test_a_launch_address_is_kept_taken_away_and_looks_at_no_account_again(
    make_application: Callable[..., Application], actor: Actor
) -> None:
    """How people get in changes no account."""
    made = make_application(launch_url=" https://acme.example.com/start?a=1 ")
    assert made.launch_url == "https://acme.example.com/start?a=1"
    update_application(made.id, {"launch_url": ""}, actor=actor)
    assert Application.objects.get(pk=made.pk).launch_url == ""
    entry = JournalEntry.objects.latest("id")
    assert entry.event == "application.updated"
    assert not Pending.objects.filter(entry=entry).exists()
