"""Home: what needs a person first, one row for each application, the first steps of a new system."""

import re
import time
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from provisor.access.accounts import create_account
from provisor.audit.actor import SYSTEM
from provisor.console.home import pace, page
from provisor.directory.models import JournalEntry, Pending
from provisor.provisioning.homes.process_lock import ProcessLock
from provisor.provisioning.models import Attempt, Finding, Health, Hold, Link
from tests.console.conftest import application, link, user
from tests.console.engines import Worker, one_engine

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{ 7|add:7 }}"


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def _home(browser: Client) -> str:
    response = browser.get("/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture(autouse=True)
def engine(db: None, settings: Settings, tmp_path: Path):
    """An engine runs, so that its absence is not among what needs a person."""
    settings.DATA_DIR = tmp_path
    one = one_engine(tmp_path)
    one.acquire()
    yield one
    one.release()


def _attempts(of, count: int, *, minutes_ago: int = 0) -> None:
    at = int(time.time() * 1000) - minutes_ago * 60_000
    Attempt.objects.bulk_create(
        Attempt(application=of, at=at, act="update_user", method="PATCH", path="/Users/1", milliseconds=1)
        for _ in range(count)
    )


def test_a_new_system_shows_three_steps_with_their_buttons(browser: Client):
    page = _home(browser)
    assert "Three steps to the first account" in page
    for name in ("add-application", "add-user", "import-users", "add-policy"):
        assert f'href="{reverse(name)}"' in page
    assert "Nothing needs you." in page


def test_who_may_not_change_anything_is_offered_no_step(db: None):
    account = create_account("auditor@example.com", "a long enough phrase", "auditor", SYSTEM)
    client = Client(SERVER_NAME="localhost")
    client.force_login(account)
    page = _home(client)
    assert f'href="{reverse("add-application")}"' not in page
    assert f'href="{reverse("add-user")}"' not in page


def test_an_application_is_one_line_with_its_counts(browser: Client):
    slack = application()
    for number, state in enumerate(["in_sync", "in_sync", "due", "failed", "held"]):
        link(slack, user(f"user{number}").id, state)
    _attempts(slack, 7, minutes_ago=3)
    # Everyone was made with the database; its entry is not folded in a test.
    Pending.objects.all().delete()
    page = _home(browser)
    text = _text(page)
    assert "2 in sync, 1 due, 1 held, 1 failed" in page
    assert "7 requests in the last 60 minutes, 0 in the last" in text


def test_what_needs_a_person_comes_first_and_leads_to_its_mending(
    browser: Client, engine: ProcessLock | Worker
):
    slack, zoom = application(), application("Zoom", mode="observe")
    now = int(time.time() * 1000)
    link(slack, user("a").id, "failed", "The e-mail address is refused there.")
    link(slack, user("b").id, "conflict")
    late = link(slack, user("c").id, "due")
    Link.objects.filter(pk=late.pk).update(in_scope=False, remote_id="7", changed_at=now - 600_000)
    Hold.objects.create(application=slack, link_id=late.pk, act="deactivate", effect="x", held_at=now)
    Health.objects.create(
        application=zoom, state="refused", reason="The credential is refused (401).", since=now
    )
    engine.release()
    page = _home(browser)
    text = _text(page)
    for sentence in (
        "No engine runs: nothing is sent to any application.",
        "Zoom: nothing is sent to it now. The credential is refused (401).",
        "1 leaver still has an account in Slack.",
        "The brake holds 1 removal in Slack.",
        "1 account or group in Slack is in conflict.",
        "1 account or group in Slack failed. The e-mail address is refused there.",
    ):
        assert sentence in text
    assert page.index("No engine runs") < page.index("Applications</h2>")
    everything = _text(browser.get("/needs-you").content.decode())
    assert "Zoom is only observed: nothing is sent yet." in everything


def test_held_memberships_are_told_apart_from_what_the_bell_counts(browser: Client):
    """The bell says 1, so a sentence that says 3 says what the other two are."""
    slack, now = application(), int(time.time() * 1000)
    held = link(slack, user("a").id, "held")
    for user_id in (None, user("b").id, user("c").id):
        Hold.objects.create(
            application=slack, link_id=held.pk, user_id=user_id, act="x", effect="x", held_at=now
        )
    page = _text(_home(browser))
    assert "1 account or group needs you" in page
    assert "The brake holds 3 removals in Slack: 1 of accounts and groups, 2 memberships." in page
    assert "since " in page


def test_what_a_scan_found_needs_a_person_until_it_is_decided(browser: Client):
    slack = application()
    for number, what in enumerate(["unknown", "unknown", "changed", "members", "missing"]):
        Finding.objects.create(
            application=slack, kind="user", what=what, remote_id=str(number), name="x", digest="d",
            found_at=1_700_000_000_000, seen_at=1_700_000_000_000,
        )  # fmt: skip
    shown = _home(browser)
    page = _text(shown)
    assert "A scan of Slack found 5 things that nobody has decided about." in page
    words = (
        "1 is not there any more",
        "1 was changed there",
        "1 group has other members",
        "2 are unknown here.",
    )
    assert ", ".join(words) in page
    assert f'href="/apps/{slack.id}/drift"' in shown
    assert "5 accounts and groups need you" in page
    assert "5 accounts and groups need you" in _text(browser.get("/policies").content.decode())
    Finding.objects.update(state="ignored")
    assert "A scan of" not in _text(_home(browser))


def test_more_than_six_needs_are_counted_and_shown_on_their_own_page(browser: Client):
    for number in range(9):
        application(f"App {number}", paused=True, paused_reason="Moving house")
    assert "3 more" in _text(_home(browser))
    assert _text(browser.get("/needs-you").content.decode()).count("is paused.") == 9


def test_a_hostile_text_is_shown_as_text(browser: Client):
    slack = application(HOSTILE, paused=True, paused_reason=HOSTILE)
    link(slack, user("a").id, "failed", HOSTILE)
    JournalEntry.objects.create(
        at=timezone.now(), event="user.created", actor=HOSTILE, subject_id=slack.id, detail={}
    )
    page = _home(browser)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "{{ 7|add:7 }}" in page


def test_a_change_of_something_deleted_keeps_its_name_without_a_link(browser: Client):
    gone = user("ada")
    gone.deleted_at = timezone.now()
    gone.save()
    JournalEntry.objects.create(
        at=timezone.now(), event="user.deleted", actor="Bo", subject_id=gone.id, detail={"userName": "ada"}
    )
    page = _home(browser)
    assert "User: deleted: ada" in _text(page)
    assert reverse("user", args=[gone.id]) not in page


def test_the_number_of_queries_does_not_grow_with_applications(
    browser: Client, django_assert_max_num_queries
):
    for number in range(12):
        slack = application(f"App {number}", mode="observe")
        link(slack, user(f"user{number}").id, "failed", "Some reason")
        _attempts(slack, 3)
        JournalEntry.objects.create(at=timezone.now(), event="user.created", actor="Bo", subject_id=slack.id)
    with django_assert_max_num_queries(15):
        _home(browser)


def test_every_minute_of_the_last_hour_counts_its_requests_and_nothing_older_does(db: None):
    slack = application()
    _attempts(slack, 9, minutes_ago=70)
    _attempts(slack, 6, minutes_ago=2)
    _attempts(slack, 4)
    shown = pace.paces()[slack.id]
    assert shown.values == (*[0] * 57, 6, 0, 4)
    assert "10 requests in the last 60 minutes, 4 in the last" in shown.label


def test_the_home_page_needs_a_sign_in(db: None):
    assert Client(SERVER_NAME="localhost").get("/").status_code == 302
    assert page.SHOWN == 6
