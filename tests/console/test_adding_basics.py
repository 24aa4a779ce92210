"""Add application, first step: the catalogue, the name, and what was begun before."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from provisor.access.accounts import create_account
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from tests.console.adding import connection_address
from tests.console.conftest import application


def _page(browser: Client, **query: str) -> str:
    answer = browser.get("/apps/add", query)
    assert answer.status_code == 200
    return answer.content.decode()


def _name(page: str) -> str:
    """The value of the name field."""
    field = page.partition('id="naming"')[2].partition("</div>")[0]
    return field.partition('name="name" value="')[2].partition('"')[0]


def _chosen(page: str) -> str:
    return page.partition(" checked")[0].rpartition('value="')[2].partition('"')[0]


def test_the_type_and_the_generic_application_are_chosen_before_anything_is_done(browser: Client) -> None:
    page = _page(browser)
    assert "Provisioning" in page
    assert _chosen(page) == "generic"
    assert _name(page) == "SCIM Server (Destination)"


def test_a_search_chooses_the_best_that_it_finds_and_suggests_its_name(browser: Client) -> None:
    page = _page(browser, q="slack", profile="generic", suggested="SCIM Server (Destination)")
    assert _chosen(page) == "slack"
    assert _name(page) == "Slack"


def test_the_generic_application_is_last_and_found_by_every_search(browser: Client) -> None:
    page = _page(browser, q="slack")
    assert page.index('value="slack"') < page.index('value="generic"')
    nothing = _page(browser, q="nobody has made this")
    assert _chosen(nothing) == "generic"
    assert "The catalogue has nothing for" in nothing


def test_a_name_that_was_typed_is_not_replaced_by_a_suggestion(browser: Client) -> None:
    page = _page(browser, q="zoom", name="Our own", suggested="SCIM Server (Destination)")
    assert _name(page) == "Our own"


def test_a_suggested_name_is_free(browser: Client) -> None:
    application("Slack")
    application("slack 2")
    assert _name(_page(browser, profile="slack")) == "Slack 3"


@pytest.mark.parametrize("name", ["SLACK", "  slack ", ""])
def test_a_name_that_cannot_be_had_is_refused_beside_the_field_and_kept(browser: Client, name: str) -> None:
    application("Slack")
    answer = browser.get(connection_address(name, "slack"), follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[0][0].startswith("/apps/add?")
    assert 'class="errorlist" id="id_name_error"' in page
    assert f'name="name" value="{name}"' in page or not name
    assert _chosen(page) == "slack"


def test_text_of_a_stranger_is_shown_as_text(browser: Client) -> None:
    page = _page(browser, q="<script>alert(1)</script>", name="<img src=x onerror=alert(1)>")
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("text", ["x" * 5000, "\x00\u202e", "profile=../../etc/passwd"])
def test_hostile_parameters_get_a_page(browser: Client, text: str) -> None:
    assert _page(browser, q=text, profile=text, name=text, suggested=text)
    assert browser.get(connection_address(text, text)).status_code == 302


def test_what_was_begun_and_left_is_offered_again(browser: Client) -> None:
    browser.get(connection_address("Half done", "slack"))
    page = _page(browser)
    assert "Half done" in page
    assert "/apps/add/connection?profile=slack&amp;name=Half+done" in page
    browser.post("/apps/add/forget", {"name": "half done"})
    assert "Half done" not in _page(browser)


def test_only_the_latest_drafts_are_kept(browser: Client) -> None:
    for number in range(7):
        browser.get(connection_address(f"Draft {number}"))
    page = _page(browser)
    assert "Draft 6" in page
    assert "Draft 1" not in page


def test_an_application_that_only_observes_can_be_gone_on_with(browser: Client) -> None:
    left = application("Left", mode=Application.Mode.OBSERVE)
    application("Running", mode=Application.Mode.ENFORCE)
    page = _page(browser)
    assert f"/apps/{left.pk}/set-up/review" in page
    assert "Running" not in page


@pytest.mark.parametrize("role", ["auditor", "approver", "help-desk"])
def test_who_may_not_manage_applications_adds_none(db: None, role: str) -> None:
    account = create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM)
    client = Client(SERVER_NAME="localhost")
    client.force_login(account)
    there = application("There", mode=Application.Mode.OBSERVE)
    for address in (
        "/apps/add",
        connection_address(),
        f"/apps/{there.pk}/set-up/review",
        f"/apps/{there.pk}/set-up/plan",
    ):
        assert client.get(address).status_code == 403
    assert client.post(connection_address()).status_code == 403


def test_the_page_asks_few_questions(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        application(f"Slack {number}", mode=Application.Mode.OBSERVE)
    with django_assert_max_num_queries(10):
        _page(browser, q="slack")
