"""The features tab: switches with their consequences, what the application cannot, and the number before saving."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.applications.applications import update_application
from provisor.applications.capabilities import overrule_fact
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.directory.memberships import remove_members
from provisor.directory.models import Group, User
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from tests.console.editing import form_of, made, page, signed_in, with_accounts

BO = Actor(kind="account", id="bo", label="bo@example.com")
ADDRESS = "application-features"


def shown(browser: Client, application: Application) -> dict[str, Any]:
    return form_of(page(browser, ADDRESS, application), "unassigned")


def save(browser: Client, application: Application, values: dict[str, Any]) -> Any:
    return browser.post(reverse(ADDRESS, args=[application.id]), values)


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """As a browser sends the form with these boxes not ticked."""
    return {name: value for name, value in values.items() if name not in names}


def test_saved_without_a_change_it_changes_nothing(browser: Client) -> None:
    application = made()
    assert save(browser, application, shown(browser, application)).status_code == 302
    application.refresh_from_db()
    assert application.version == 1


def test_switches_causes_days_and_mode_are_saved(browser: Client) -> None:
    application = made()
    values = without(shown(browser, application), "users_create")
    values |= {"roles": "on", "disabled": "keep", "delete_after_days": "30", "mode": "observe"}
    assert save(browser, application, values).status_code == 302
    application.refresh_from_db()
    assert application.features["users"] == {"create": False, "update": True, "delete": True}
    assert application.features["roles"] is True
    assert application.deprovision["disabled"] == "keep"
    assert (application.delete_after_days, application.mode) == (30, "observe")


def test_what_the_application_cannot_do_is_off_with_the_reason_and_keeps_its_setting(browser: Client) -> None:
    application = made()
    overrule_fact(application.id, "groups", False, reason="No groups in our plan.", actor=BO)
    application.refresh_from_db()
    html = page(browser, ADDRESS, application)
    assert "Off: the application cannot do this (groups, by an administrator): No groups in our plan." in html
    values = shown(browser, application)
    assert "groups_create" not in values
    assert save(browser, application, values).status_code == 302
    application.refresh_from_db()
    assert application.features["groups"]["create"] is True


def test_a_deletion_that_the_profile_forbids_is_refused_at_its_field_with_the_origin_said(
    browser: Client,
) -> None:
    application = made(deprovision={"deleted": "deactivate"})
    overrule_fact(application.id, "delete_users", False, reason="405 on DELETE", actor=BO)
    application.refresh_from_db()
    html = page(browser, ADDRESS, application)
    assert "Accounts cannot be deleted in this application, by an administrator: 405 on DELETE." in html
    refused = save(browser, application, shown(browser, application) | {"deleted": "delete"})
    assert refused.status_code == 422
    assert "This application cannot delete users." in refused.content.decode()


def test_each_cause_says_what_the_choice_comes_to_here(browser: Client) -> None:
    application = made("Slack", profile="slack", base_url="https://api.slack.com/scim/v2")
    values = shown(browser, application) | {"deleted": "delete"}
    html = browser.post(reverse("features-reach", args=[application.id]), values).content.decode()
    assert "a DELETE only deactivates an account in this application" in html


def test_a_switch_says_how_many_accounts_it_makes_due_before_it_is_saved(browser: Client) -> None:
    application = with_accounts(3)
    update_application(application.id, {"features": {"groups": {"membership": False}}}, actor=BO)
    group, leaver = Group.objects.get(display_name="Sales"), User.objects.get(user_name="p1")
    remove_members(group.id, [leaver.id], actor=BO)
    fold(now())
    application.refresh_from_db()
    values = shown(browser, application) | {"groups_membership": "on"}
    html = browser.post(reverse("features-reach", args=[application.id]), values).content.decode()
    assert "Deactivates 1 account in Zoom" in html
    asked = save(browser, application, values)
    assert asked.status_code == 422, "what takes an account away is asked about"
    again = asked.content.decode()
    assert "Deactivates 1 account in Zoom" in again
    application.refresh_from_db()
    assert application.features["groups"]["membership"] is False
    seal = again.partition('name="confirmed" value="')[2].partition('"')[0]
    assert save(browser, application, form_of(again, "unassigned") | {"confirmed": seal}).status_code == 302
    application.refresh_from_db()
    assert application.features["groups"]["membership"] is True


def test_wrong_days_come_back_with_what_was_typed(browser: Client) -> None:
    application = made()
    answer = save(
        browser, application, shown(browser, application) | {"delete_after_days": "0", "disabled": "keep"}
    )
    html = answer.content.decode()
    assert answer.status_code == 422
    again = form_of(html, "unassigned")
    assert (again["delete_after_days"], again["disabled"]) == ("0", "keep")
    assert "greater than or equal to 1" in html


def test_the_second_editor_is_told_and_overwrites_only_knowingly(browser: Client) -> None:
    application = made()
    values = without(shown(browser, application), "users_update")
    update_application(application.id, {"name": "Zoom EU"}, actor=BO)
    answer = save(browser, application, values)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "bo@example.com changed this application meanwhile" in html
    again = form_of(html, "unassigned")
    assert "users_update" not in again
    assert save(browser, application, again).status_code == 302
    application.refresh_from_db()
    assert application.features["users"]["update"] is False


@pytest.mark.parametrize("role", ["auditor", "help-desk"])
def test_who_only_reads_changes_nothing(browser: Client, role: str) -> None:
    application = made()
    values = shown(browser, application)
    reader = signed_in(role)
    assert "Save features" not in page(reader, ADDRESS, application)
    for name in (ADDRESS, "features-reach"):
        assert reader.post(reverse(name, args=[application.id]), values).status_code == 403


def test_the_page_needs_few_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    application = made()
    browser.get(reverse(ADDRESS, args=[application.id]))
    with django_assert_max_num_queries(15):
        page(browser, ADDRESS, application)
