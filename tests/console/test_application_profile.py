"""Another profile for an application: every difference seen first, the effect rehearsed, nothing replaced unasked."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.applications.applications import update_application
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry
from provisor.provisioning.models import Link
from tests.console.editing import form_of, made, page, signed_in, with_accounts

BO = Actor(kind="account", id="bo", label="bo@example.com")
ADDRESS = "change-profile"
AWS = "aws-iam-identity-center"


def seen(browser: Client, application: Application, to: str = AWS) -> dict[str, Any]:
    return form_of(page(browser, ADDRESS, application, to=to), "to")


def save(browser: Client, application: Application, values: dict[str, Any]) -> Any:
    return browser.post(reverse(ADDRESS, args=[application.id]), values)


def test_the_settings_lead_to_a_list_of_the_other_profiles_that_can_be_searched(browser: Client) -> None:
    application = made()
    assert reverse(ADDRESS, args=[application.id]) in page(browser, "application-settings", application)
    html = page(browser, ADDRESS, application)
    assert "?to=slack" in html
    assert "?to=generic" not in html
    assert "?to=slack" not in page(browser, ADDRESS, application, q="amazon")
    assert "No other profile" in page(browser, ADDRESS, application, q="nobody makes this")


def test_every_difference_is_seen_before_anything_is_saved(browser: Client) -> None:
    application = made(features={"roles": True})
    html = page(browser, ADDRESS, application, to=AWS)
    assert "put_groups" in html
    assert "yes (the safe default)" in html
    assert "no (the profile)" in html
    assert 'name="take" value="features"' in html
    assert 'name="take" value="users"' not in html
    application.refresh_from_db()
    assert (application.profile, application.version) == ("generic", 1)


def test_saving_changes_the_profile_alone_and_is_audited(browser: Client) -> None:
    application = made(features={"roles": True})
    mappings = application.mappings
    answer = save(browser, application, seen(browser, application))
    assert answer.headers["Location"].endswith("/settings#basics")
    application.refresh_from_db()
    assert (application.profile, application.mappings) == (AWS, mappings)
    assert application.features["roles"] is True
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry is not None
    assert entry.act == "application.updated"


def test_a_part_is_replaced_when_it_is_ticked(browser: Client) -> None:
    application = made(features={"roles": True}, deprovision={"deleted": "keep"})
    save(browser, application, seen(browser, application) | {"take": ["features"]})
    application.refresh_from_db()
    assert application.features["roles"] is False
    assert application.deprovision["deleted"] == "keep"


def test_what_it_would_send_is_rehearsed_and_a_large_effect_is_saved_only_after_its_number_was_seen(
    browser: Client,
) -> None:
    application = with_accounts(26)
    rows = [row for row in application.mappings["users"] if row["target"] != "externalId"]
    update_application(application.id, {"mappings": {"users": rows}}, actor=BO)
    for link in Link.objects.filter(application=application):
        assert link.sent is not None
        del link.sent["externalId"]
        link.save()
    values = seen(browser, application)
    reach = reverse("profile-reach", args=[application.id])
    assert "Changes nothing in any application." in browser.post(reach, values).content.decode()
    ticked = values | {"take": ["users"]}
    assert "Updates 26 accounts in Zoom." in browser.post(reach, ticked).content.decode()
    asked = save(browser, application, ticked)
    html = asked.content.decode()
    assert asked.status_code == 422
    assert "Updates 26 accounts in Zoom." in html
    assert 'value="users" checked' in html
    application.refresh_from_db()
    assert application.profile == "generic"
    seal = re.search(r'name="confirmed" value="(\w+)">Save and change 26', html)
    assert seal
    assert save(browser, application, ticked | {"confirmed": seal[1]}).status_code == 302
    application.refresh_from_db()
    assert application.profile == AWS
    assert "externalId" in {row["target"] for row in application.mappings["users"]}


def test_a_second_editor_is_told_and_saves_only_knowingly(browser: Client) -> None:
    application = made()
    values = seen(browser, application)
    update_application(application.id, {"name": "Zoom EU"}, actor=BO)
    answer = save(browser, application, values)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "bo@example.com changed this application meanwhile" in html
    application.refresh_from_db()
    assert application.profile == "generic"
    assert save(browser, application, form_of(html, "to")).status_code == 302
    application.refresh_from_db()
    assert application.profile == AWS


@pytest.mark.parametrize("to", ["nope", "<b>", "x" * 5000, "gene\x00ric"])
def test_a_profile_that_is_not_there_leads_back_to_the_list(browser: Client, to: str) -> None:
    application = made()
    address = reverse(ADDRESS, args=[application.id])
    assert browser.get(address, {"to": to}).headers["Location"] == address
    answer = save(browser, application, {"to": to, "edition": "1"})
    assert answer.headers["Location"] == address
    assert save(browser, application, {"to": AWS, "edition": "1", "take": "everything"}).status_code == 302
    application.refresh_from_db()
    assert application.profile == "generic"


def test_who_only_reads_has_no_such_page(browser: Client) -> None:
    application = made()
    reader = signed_in("auditor")
    assert "Change profile" not in page(reader, "application-settings", application)
    for name in (ADDRESS, "profile-reach"):
        assert reader.post(reverse(name, args=[application.id]), {}).status_code == 403
    assert reader.get(reverse(ADDRESS, args=[application.id])).status_code == 403


def test_the_page_needs_few_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    application = with_accounts(10)
    browser.get(reverse(ADDRESS, args=[application.id]))
    with django_assert_max_num_queries(15):
        page(browser, ADDRESS, application, to=AWS)
