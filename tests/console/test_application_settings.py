"""The settings of an application: each card by itself, secrets never shown, what cannot be undone asked with numbers."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from provisor.applications.applications import update_application
from provisor.applications.credentials import open_credential, store_credential
from provisor.applications.models import Application, Capability
from provisor.applications.own_targets import OwnTarget, close_target, open_target
from provisor.audit.actor import Actor
from provisor.audit.models import AuditPayload
from provisor.provisioning.models import Health
from tests.console.conftest import application
from tests.console.editing import account_of, form_of, made, page, person, signed_in, with_accounts
from tests.servers import lab

BO = Actor(kind="account", id="bo", label="bo@example.com")
ADDRESS = "application-settings"
CANARY = "canary-8f3a1c-never-shown"


def card(browser: Client, application: Application, field: str) -> dict[str, Any]:
    return form_of(page(browser, ADDRESS, application), field)


def save(
    browser: Client,
    application: Application,
    values: dict[str, Any],
    name: str = ADDRESS,
    /,
    **arguments: str,
) -> Any:
    return browser.post(reverse(name, kwargs={"application_id": application.id, **arguments}), values)


def test_the_name_is_changed_and_one_that_is_taken_is_refused_beside_the_field(browser: Client) -> None:
    application = made()
    made("Slack")
    refused = save(browser, application, card(browser, application, "name") | {"name": "SLACK"})
    assert refused.status_code == 422
    html = refused.content.decode()
    assert "There is an application &quot;SLACK&quot; already." in html
    assert form_of(html, "name")["name"] == "SLACK"
    assert save(browser, application, form_of(html, "name") | {"name": "Zoom EU"}).status_code == 302
    application.refresh_from_db()
    assert application.name == "Zoom EU"


def test_a_stored_secret_appears_on_no_page(browser: Client) -> None:
    application = made()
    stored = save(
        browser,
        application,
        {"edition": "1", "method": "bearer", "bearer-token": CANARY},
        "store-credential",
        slot="primary",
    )
    assert stored.status_code == 302
    credential = open_credential(application.id)
    assert credential is not None
    assert credential.values == {"token": CANARY}
    html = page(browser, ADDRESS, application)
    assert CANARY not in html
    assert "stored; type a new one to replace it" in html
    for name in ("application-mapping", "application-features", "delete-application"):
        assert CANARY not in page(browser, name, application)
    assert not any(CANARY in (payload.text or "") for payload in AuditPayload.objects.all())


def test_a_secret_that_is_refused_does_not_come_back_and_the_rest_does(browser: Client) -> None:
    application = made()
    values = {"edition": "1", "method": "basic", "basic-username": "a:b", "basic-password": CANARY}
    answer = save(browser, application, values, "store-credential", slot="primary")
    html = answer.content.decode()
    assert answer.status_code == 422
    assert CANARY not in html
    assert 'value="a:b"' in html
    assert "holds a colon" in html
    assert "Type the secret again" in html
    assert 'aria-invalid="true"' in html


def test_a_token_is_rotated_by_the_second_slot(browser: Client) -> None:
    application = made()
    store_credential(application.id, "bearer", {"token": "old"}, actor=BO)
    application.refresh_from_db()
    values = {"edition": str(application.version), "method": "bearer", "bearer-token": "new"}
    assert save(browser, application, values, "store-credential", slot="secondary").status_code == 302
    assert "Use the second one from now on" in page(browser, ADDRESS, application)
    save(browser, application, {"act": "promote"}, "rotate-credential")
    credential = open_credential(application.id)
    assert credential is not None
    assert credential.values == {"token": "new"}
    html = browser.post(reverse("rotate-credential", args=[application.id]), {"act": "promote"}, follow=True)
    assert "There is no second credential." in html.content.decode()


def test_another_address_is_asked_about_with_its_numbers_and_then_pauses(browser: Client) -> None:
    application = made()
    store_credential(application.id, "bearer", {"token": "old"}, actor=BO)
    account_of(application, person())
    values = card(browser, application, "base_url") | {"base_url": "https://other.example/scim/"}
    asked = save(browser, application, values)
    html = asked.content.decode()
    assert asked.status_code == 422
    assert "forgets 1 stored credential and pauses it." in html
    assert "1 account is marked unverified" in html
    application.refresh_from_db()
    assert not application.paused
    confirmed = form_of(html, "confirmed")
    assert save(browser, application, confirmed).status_code == 302
    application.refresh_from_db()
    assert (application.base_url, application.paused, application.unverified) == (
        "https://other.example/scim",
        True,
        True,
    )
    assert open_credential(application.id) is None


@pytest.mark.parametrize(
    "address", ["ftp://zoom.example", "zoom", "http://zoom.example/scim", "https://u:p@zoom.example"]
)
def test_a_wrong_address_is_refused_beside_its_field(browser: Client, address: str) -> None:
    application = made()
    answer = save(browser, application, card(browser, application, "base_url") | {"base_url": address})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{address}"' in html
    assert 'id="address-base_url_error"' in html


def test_limits_that_are_left_empty_show_the_figure_of_the_profile(browser: Client) -> None:
    application = made(limits={"concurrency": 3})
    html = page(browser, ADDRESS, application)
    assert 'placeholder="learned while it works"' in html
    values = card(browser, application, "concurrency")
    assert values["concurrency"] == "3"
    assert save(browser, application, values | {"concurrency": "", "rate": "2.5"}).status_code == 302
    application.refresh_from_db()
    empty = {"concurrency": None, "members_per_request": None}
    assert application.limits == {"rate": 2.5, **empty, "bulk": "auto"}


def test_r12_settings_say_how_fast_it_is_written_to_and_who_says_so(browser: Client) -> None:
    """What is declared, what was learned of rate and of works at a time, and whether it goes in bulk requests."""
    application = made(limits={"concurrency": 12})
    fact = {
        "application": application,
        "origin": "probe",
        "evidence": "ServiceProviderConfig",
        "at": timezone.now(),
    }
    Capability.objects.create(name="bulk", value=True, **fact)
    Capability.objects.create(name="bulk_operations", value=500, **fact)
    rates = [{"match": "POST /Users", "per_second": 3.0, "burst": 20}]
    Capability.objects.create(name="rates", value=rates, **fact)
    learned = {"PATCH /Users": {"rate": 7.51, "refused": 9.0}}
    Health.objects.create(application=application, limiter={"learned": learned, "flow": {"limit": 4.5}})
    html = page(browser, ADDRESS, application)
    assert "POST /Users: 3 requests per second, 20 at once after a rest." in html
    assert "PATCH /Users: 7.5 requests per second by now; it refused at 9.0." in html
    assert "At most 4 at a time by now, of 12 that are allowed" in html
    assert "Large backlogs go in bulk requests of at most 500 operations." in html
    assert save(browser, application, card(browser, application, "bulk") | {"bulk": "off"}).status_code == 302
    html = page(browser, ADDRESS, application)
    assert "Every write is a request of its own." in html
    assert 'placeholder="8"' in page(browser, ADDRESS, application)
    refused = save(
        browser, application, card(browser, application, "rate") | {"concurrency": "1000"}
    ).content.decode()
    assert "Use a whole number from 1 to 256." in refused


def test_the_brake_says_what_it_lets_through_now(browser: Client) -> None:
    application = made(brake={"count": 7})
    assert "7 removals in 24 hours go through" in page(browser, ADDRESS, application)
    assert (
        save(browser, application, card(browser, application, "percent") | {"percent": "101"}).status_code
        == 422
    )
    assert (
        save(browser, application, card(browser, application, "percent") | {"count": "9"}).status_code == 302
    )
    application.refresh_from_db()
    assert application.brake["count"] == 9


def test_exclusions_are_lines_and_a_bad_filter_is_refused(browser: Client) -> None:
    application = made()
    values = card(browser, application, "exclusions") | {"exclusions": "root\n\nuserName sw"}
    refused = save(browser, application, values)
    assert refused.status_code == 422
    assert "read as a SCIM filter, and it is none" in refused.content.decode()
    values |= {"exclusions": 'root\r\n\r\nuserName sw "svc-"'}
    assert save(browser, application, values).status_code == 302
    application.refresh_from_db()
    assert application.exclusions == ["root", 'userName sw "svc-"']


def test_the_second_editor_is_told_and_overwrites_only_knowingly(browser: Client) -> None:
    application = made()
    values = card(browser, application, "concurrency") | {"concurrency": "4"}
    update_application(application.id, {"name": "Zoom EU"}, actor=BO)
    answer = save(browser, application, values)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "bo@example.com changed this application meanwhile" in html
    again = form_of(html, "concurrency")
    assert again["concurrency"] == "4"
    assert save(browser, application, again).status_code == 302


def test_a_capability_is_set_by_an_administrator_and_taken_back(browser: Client) -> None:
    application = made()
    at = {"application_id": application.id, "name": "page_size"}
    dialog = browser.get(reverse("application-fact", kwargs=at)).content.decode()
    values = form_of(dialog, "reason")
    assert values["value"] == "100"
    bad = browser.post(reverse("application-fact", kwargs=at), values | {"value": "many", "reason": "x"})
    assert bad.status_code == 422
    assert "is not of the type int" in bad.content.decode()
    assert (
        browser.post(
            reverse("application-fact", kwargs=at), values | {"value": "20", "reason": "<i>They said so.</i>"}
        ).status_code
        == 302
    )
    assert Capability.objects.get(name="page_size").value == 20
    html = page(browser, ADDRESS, application)
    assert "&lt;i&gt;They said so." in html
    assert "an administrator" in html
    browser.post(reverse("restore-fact", kwargs=at))
    assert not Capability.objects.filter(name="page_size").exists()
    assert browser.get(reverse("application-fact", kwargs=at | {"name": "nosuch"})).status_code == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patch_users", "false"),
        ("filter_users", '["userName"]'),
        ("member_type", "User"),
        ("rates", '[{"match": "read", "per_second": 2}]'),
        ("paging", "cursor"),
    ],
)
def test_every_kind_of_capability_can_be_set(browser: Client, name: str, value: str) -> None:
    application = made()
    at = reverse("application-fact", kwargs={"application_id": application.id, "name": name})
    values = form_of(browser.get(at).content.decode(), "reason") | {"value": value, "reason": "seen"}
    assert browser.post(at, values).status_code == 302
    assert Capability.objects.filter(name=name, origin="administrator").exists()
    assert form_of(browser.get(at).content.decode(), "reason")["value"] == value or name == "rates"


def test_deleting_says_what_stays_and_wants_the_name(browser: Client) -> None:
    application = with_accounts(2)
    at = reverse("delete-application", args=[application.id])
    html = browser.get(at).content.decode()
    assert "Keeps all 2 accounts in Zoom as they are." in html
    assert "1 policy goes with it" in html
    values = form_of(html, "name")
    wrong = browser.post(at, values | {"name": "Slack"})
    assert wrong.status_code == 422
    assert "The application is called “Zoom”. Nothing was deleted." in wrong.content.decode()
    assert browser.post(at, values | {"name": "zoom"}).status_code == 302
    application.refresh_from_db()
    assert application.deleted_at is not None


def test_the_deletion_from_a_dialog_leaves_the_page(browser: Client) -> None:
    application = made()
    at = reverse("delete-application", args=[application.id])
    fragment = browser.get(at, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "data-closes" in fragment
    answer = browser.post(at, {"edition": "1", "name": "Zoom"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("apps")


@pytest.mark.django_db(transaction=True)
def test_the_connection_is_tested_and_what_was_learned_is_shown_with_its_origin(browser: Client) -> None:
    with lab() as server:
        application = made("Lab", base_url=server.base_url, auth={"method": "bearer", "token": server.token})
        html = save(browser, application, {}, "test-connection").content.decode()
        assert "Provisioning can work." in html
        assert "The credential is accepted." in html
        assert "what the application showed" in html
        assert "ServiceProviderConfig" in html
        store_credential(application.id, "bearer", {"token": CANARY}, actor=BO)
        bad = browser.post(
            reverse("test-connection", args=[application.id]), headers={"HX-Request": "true"}
        ).content.decode()
        assert "Provisioning cannot work yet" in bad
        assert CANARY not in bad


@pytest.mark.parametrize("role", ["auditor", "help-desk"])
def test_who_only_reads_changes_nothing(browser: Client, role: str) -> None:
    application = made()
    values = card(browser, application, "name")
    reader = signed_in(role)
    html = page(reader, ADDRESS, application)
    for word in (">Save<", "Test connection", "Store credential", "Delete Zoom", ">Set<"):
        assert word not in html
    assert save(reader, application, values).status_code == 403
    for name in ("test-connection", "rotate-credential", "delete-application"):
        assert save(reader, application, {}, name).status_code == 403
    assert save(reader, application, {}, "store-credential", slot="primary").status_code == 403
    assert save(reader, application, {}, "application-fact", name="users").status_code == 403


def test_hostile_names_and_evidence_are_text(browser: Client) -> None:
    application = made("<script>alert(1)</script>")
    Capability.objects.create(
        application=application,
        name="etag",
        origin="probe",
        value=True,
        evidence="<img src=x>",
        at=application.created_at,
    )
    html = page(browser, ADDRESS, application)
    assert "<script>alert" not in html
    assert "<img src=x>" not in html
    assert "&lt;img src=x&gt;" in html


def test_the_page_needs_few_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    application = with_accounts(3)
    browser.get(reverse(ADDRESS, args=[application.id]))
    with django_assert_max_num_queries(15):
        page(browser, ADDRESS, application)


def test_an_unknown_part_is_not_found(browser: Client) -> None:
    application = made()
    assert save(browser, application, {"part": "x"}).status_code == 404
    assert save(browser, application, {"edition": "1"}, "store-credential", slot="third").status_code == 404


def test_deleting_the_sample_says_that_its_test_target_goes_too(browser: Client) -> None:
    """It runs for this application alone; of any other the accounts stay."""
    one = application("Slack")
    target = OwnTarget(application_id=one.id, port=9)
    Application.objects.filter(pk=one.id).update(base_url=target.base_url)
    address = reverse("delete-application", args=[one.id])
    assert "test target" not in browser.get(address).content.decode()
    open_target(target)
    try:
        assert "Its test target runs on this machine for it alone" in browser.get(address).content.decode()
        form = {"name": "Slack", "edition": Application.objects.get(pk=one.id).version}
        page = browser.post(address, form, follow=True).content.decode()
    finally:
        close_target(target)
    assert "Slack was deleted, and its test target with it." in page
