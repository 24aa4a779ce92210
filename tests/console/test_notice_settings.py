"""Who hears of what: channels, test notices, what is the matter now, and what became of each delivery."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from provisor.access.accounts import create_account
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.console.health_part import health_part
from provisor.notices import outbox
from provisor.notices.channels import add_email, choose_events, open_hook
from provisor.notices.events import EVENTS
from provisor.notices.models import Channel, Delivery
from provisor.provisioning.clock import now
from provisor.provisioning.models import Health, Leaver
from tests.console.conftest import application, link, user

HOSTILE = "</td><script>alert(1)</script>"
URL = "https://hooks.example.com/services/T0000/B0000/XXXXXXXXXXXX"


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def page_of(browser: Client) -> str:
    response = browser.get(reverse("notifications"))
    assert response.status_code == 200
    return response.content.decode()


def ticks(*events: str) -> dict[str, str]:
    return {f"event-{name}": "on" for name in events}


def test_an_email_address_is_added_with_what_it_hears_of(browser: Client) -> None:
    response = browser.post(
        reverse("add-notice-email"), {"address": "Ops@Example.com", **ticks("refused", "leaver")}
    )
    assert response.status_code == 302
    channel = Channel.objects.get()
    assert (channel.address, channel.events) == ("ops@example.com", ["leaver", "refused"])
    page = text(page_of(browser))
    assert "ops@example.com" in page
    assert "2 events" in page


def test_the_secret_of_a_webhook_is_shown_once_and_its_path_never(browser: Client) -> None:
    response = browser.post(reverse("add-notice-webhook"), {"url": URL, **ticks(*EVENTS)})
    assert response.status_code == 201
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", response.content.decode())
    assert secret is not None
    assert open_hook(Channel.objects.get()).secret == secret[0]
    assert response.headers["Cache-Control"] == "no-store"
    page = page_of(browser)
    assert "https://hooks.example.com/…XXXX" in page
    assert secret[0] not in page
    assert "B0000" not in page


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("add-notice-email", {"address": "nobody", **ticks("held")}, "no e-mail address"),
        ("add-notice-email", {"address": "kept@example.com"}, "No event is chosen"),
        ("add-notice-webhook", {"url": "http://169.254.169.254/latest", **ticks("held")}, "169.254.169.254"),
        ("add-notice-webhook", {"url": "ftp://kept.example.com/x", **ticks("held")}, "https"),
    ],
)
def test_wrong_input_is_said_beside_its_field_and_kept(
    browser: Client, name: str, given: dict[str, str], said: str
) -> None:
    response = browser.post(reverse(name), given)
    page = response.content.decode()
    assert response.status_code == 422
    assert said in text(page)
    assert next(value for field, value in given.items() if field in ("address", "url")) in page
    assert not Channel.objects.exists()


def test_what_a_channel_hears_of_is_changed_and_a_second_person_does_not_overwrite_unseen(
    browser: Client,
) -> None:
    channel = add_email("ops@example.com", ["refused"], actor=SYSTEM)
    address = reverse("change-notice-channel", args=[channel.pk])
    choose_events(channel.pk, ["held"], enabled=True, actor=SYSTEM)
    answer = browser.post(address, {"edition": "1", "enabled": "on", **ticks("leaver")})
    assert answer.status_code == 422
    assert "Somebody else has changed this" in text(answer.content.decode())
    assert browser.post(address, {"edition": "2", **ticks("leaver")}).status_code == 302
    channel.refresh_from_db()
    assert (channel.events, channel.enabled) == (["leaver"], False)


def test_a_test_notice_is_put_on_its_way_and_a_channel_is_removed_after_a_question(browser: Client) -> None:
    channel = add_email("ops@example.com", EVENTS, actor=SYSTEM)
    browser.post(reverse("test-notice-channel", args=[channel.pk]))
    assert Delivery.objects.get().channel == channel
    assert "Test notice of Provisor" in text(page_of(browser))
    remove = reverse("remove-notice-channel", args=[channel.pk])
    assert "Send nothing more to ops@example.com" in text(browser.get(remove).content.decode())
    assert Channel.objects.exists()
    browser.post(remove)
    assert not Channel.objects.exists()
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert {"notice_channel.tested", "notice_channel.removed"} <= acts


@pytest.mark.parametrize("role", ["application-administrator", "approver", "help-desk", "auditor"])
def test_only_who_manages_access_chooses_who_hears_of_what(db: None, role: str) -> None:
    channel = add_email("ops@example.com", EVENTS, actor=SYSTEM)
    client = Client(SERVER_NAME="localhost")
    client.force_login(create_account("other@example.com", "a long enough phrase", role, SYSTEM))
    page = page_of(client)
    assert "ops@example.com" in page
    assert reverse("add-notice-email") not in page
    for name in ("change-notice-channel", "test-notice-channel", "remove-notice-channel"):
        assert client.post(reverse(name, args=[channel.pk]), {}).status_code == 403
    for name in ("add-notice-email", "add-notice-webhook"):
        assert client.get(reverse(name)).status_code == 403


def test_what_is_the_matter_and_what_became_of_it_is_shown_as_text(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        add_email(f"ops{number}@example.com", EVENTS, actor=SYSTEM)
    slack = application(f"Slack {HOSTILE}")
    outbox.begin("refused", f"It said {HOSTILE}", now=now(), application=slack)
    Delivery.objects.update(state="failed", attempts=3, outcome=HOSTILE)
    with django_assert_max_num_queries(15):
        page = page_of(browser)
    assert HOSTILE not in page
    assert "What is the matter now" in page
    assert "given up" in text(page)
    assert "3 tries." in text(page)


# --- the part on an application's page ----------------------------------------------------------------------------------


def shown(part_of: object, **may: bool) -> str:
    context = {
        "application": part_of,
        "health": health_part(part_of),
        "may": {"manage_applications": True, "provision": True, **may},
    }  # type: ignore[arg-type] # an application
    return text(render_to_string("console/parts/health.html", context))


def unwell(state: str, **more: object) -> object:
    slack = application()
    Health.objects.create(
        application=slack,
        state=state,
        reason="Because of that.",
        since=1_700_000_000_000,
        not_before=now() + 60_000,
        **more,
    )
    return slack


@pytest.mark.parametrize(
    ("state", "button"),
    [
        ("refused", "Enter a new credential"),
        ("misbehaving", "Try now"),
        ("unreachable", "Try now"),
        ("throttled", "Try now"),
    ],
)
def test_r13_an_unwell_application_says_why_since_when_what_is_done_and_the_one_thing_to_do(
    db: None, state: str, button: str
) -> None:
    page = shown(unwell(state))
    assert "Because of that." in page
    assert "2023" in page
    assert "Next try:" in page
    assert button in page
    assert page.count("Try now") + page.count("Enter a new credential") + page.count("Resume") == 1


def test_r12_nobody_is_offered_to_try_before_the_application_has_asked_for_it(db: None) -> None:
    slack = unwell("throttled", asked_until=now() + 600_000, asked_at="https://slack.example/scim/v2")
    page = shown(slack)
    assert "Try now" not in page
    assert "Next try:" in page


def test_a_well_application_shows_nothing_and_a_paused_one_its_way_on(db: None) -> None:
    assert shown(application("Zoom")).strip() == ""
    paused = application("Slack", paused=True, paused_reason="Ann paused it.")
    page = shown(paused)
    assert "Ann paused it." in page
    assert "Resume" in page
    assert "Resume" not in shown(paused, manage_applications=False)


def test_r13_how_many_are_overdue_is_said_there(db: None) -> None:
    slack, ada = application(), user("ada")
    Leaver.objects.create(
        link_id=link(slack, ada.id, "failed").pk, application=slack, since=now() - 6 * 60_000
    )
    page = shown(slack)
    assert "The removal of 1 account is not confirmed within 5 minutes." in page
    assert "not confirmed within 5 minutes" in page


@pytest.fixture(autouse=True)
def here(settings: Settings, tmp_path: object) -> None:
    settings.DATA_DIR = tmp_path
