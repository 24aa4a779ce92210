"""The pages of access on a day."""

from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.directory.users import delete_user
from provisor.provisioning.models import AccessInterval
from tests.console.conftest import application, user
from tests.provisioning.test_access_days import at


def _live(of: Application, name: str, start: str, end: str | None) -> object:
    person = user(name)
    AccessInterval.objects.create(
        application=of, user_id=person.id, remote_id=f"U-{name}", from_at=at(start), from_cause="assigned",
        to_at=at(end) if end else None, to_cause="disabled" if end else "",
    )  # fmt: skip
    return person


def test_who_had_an_account_on_that_day_is_listed_with_both_ends(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Of an application: those, and nobody else; the same as a file; the zone moves the day."""
    slack = application("Slack")
    _live(slack, "ada", "2026-05-01 08:00", "2026-05-03 10:00")
    _live(slack, "bob", "2026-05-03 23:30", None)
    address = reverse("application-access", args=[slack.id])
    with django_assert_max_num_queries(15):
        page = browser.get(address, {"on": "2026-05-03"}).content.decode()
    assert "U-ada" in page
    assert "U-bob" in page
    assert "disabled" in page
    assert "still live" in page
    assert "U-ada" not in browser.get(address, {"on": "2026-05-04"}).content.decode()
    moved = browser.get(address, {"on": "2026-05-03", "zone": "America/Los_Angeles"}).content.decode()
    assert "U-bob" in moved
    earlier = browser.get(address, {"on": "2026-05-03", "zone": "Pacific/Auckland"}).content.decode()
    assert "U-bob" not in earlier
    lines = b"".join(browser.get(address, {"on": "2026-05-03", "export": "csv"})).decode().splitlines()  # type: ignore[arg-type]  # it is streamed
    assert len(lines) == 3


def test_where_a_person_had_an_account_is_listed_after_their_deletion(browser: Client) -> None:
    """A tombstone still has a page."""
    person = _live(application("Slack"), "ada", "2026-05-01 08:00", None)
    delete_user(person.id, actor=SYSTEM)  # type: ignore[attr-defined]  # a user
    page = browser.get(reverse("user-access", args=[person.id]), {"on": "2026-05-03"}).content.decode()  # type: ignore[attr-defined]  # a user
    assert "Slack" in page
    assert "U-ada" in page


def test_a_wrong_day_or_zone_is_said_at_the_field(browser: Client) -> None:
    """And without a day it is today."""
    address = reverse("application-access", args=[application("Slack").id])
    assert (
        "There is no time zone" in browser.get(address, {"on": "2026-05-03", "zone": "Mars"}).content.decode()
    )
    assert "is no date" in browser.get(address, {"on": "soon"}).content.decode()
    assert "Nobody had an account there" in browser.get(address).content.decode()
