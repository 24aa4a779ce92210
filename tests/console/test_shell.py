"""The frame of every page: navigation by role, theme, undo, the palette, parts whose sign-in has ended."""

import re

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.access.principals import of_account
from provisor.audit.actor import SYSTEM
from provisor.console.shell import attention, undo
from provisor.provisioning.models import Link
from tests.console.conftest import application, link, user

FRAME = "/samples"


def _browser(role: str) -> Client:
    account = create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM)
    client = Client(SERVER_NAME="localhost")
    client.force_login(account)
    return client


def test_the_navigation_leads_everywhere_in_the_order_of_the_design(browser: Client):
    page = browser.get(FRAME).content.decode()
    bar = page[page.index('id="navigation"') : page.index("</nav>")]
    labels = re.findall(r"</svg>(\w+)</a>", bar)
    assert labels == ["Home", "Apps", "Users", "Groups", "Policies", "Activity", "Audit", "Settings"]


def test_who_may_not_read_the_audit_is_not_led_to_it(owner: Account):
    assert reverse("audit") not in _browser("help-desk").get(FRAME).content.decode()
    assert reverse("audit") in _browser("auditor").get(FRAME).content.decode()


def test_what_needs_a_person_is_counted_in_one_query(
    browser: Client, owner: Account, django_assert_num_queries
):
    slack = application()
    for number, state in enumerate(["failed", "conflict", "held", "in_sync", "due"]):
        link(slack, user(f"user{number}").id, state)
    with django_assert_num_queries(1):
        assert attention.count(of_account(owner)) == 3
    assert "3 accounts and groups need you" in browser.get(FRAME).content.decode()
    Link.objects.update(state="in_sync")
    assert "Nothing needs you" in browser.get(FRAME).content.decode()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_kept_and_given_up_again(browser: Client, theme: str):
    answer = browser.post("/theme", {"theme": theme, "next": FRAME})
    assert answer.status_code == 302
    assert answer.headers["Location"] == FRAME
    assert f'data-bs-theme="{theme}"' in browser.get(FRAME).content.decode()
    browser.post("/theme", {"theme": "", "next": FRAME})
    assert "data-bs-theme" not in browser.get(FRAME).content.decode()


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_form_never_leads_away_from_this_site(browser: Client, place: str):
    assert browser.post("/theme", {"theme": "dark", "next": place}).headers["Location"] == "/"


def test_the_palette_finds_pages_people_and_applications(browser: Client):
    user("ada")
    application("Slack")
    assert "ada" in browser.get("/palette?q=AD").content.decode()
    assert "Slack" in browser.get("/palette?q=lac").content.decode()
    assert "Add policy" in browser.get("/palette?q=policy").content.decode()
    nothing = browser.get("/palette", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>" not in nothing
    assert "Nothing is named" in nothing


def test_the_palette_offers_only_acts_that_the_role_allows(owner: Account):
    assert "Add policy" not in _browser("auditor").get("/palette").content.decode()


@pytest.fixture
def counter():
    """An act that can be taken back, and what it was taken back with."""
    calls: list[dict] = []

    def act(_request: HttpRequest, needs: dict) -> str:
        calls.append(needs)
        return "It is as it was."

    undo.register("test-act", act)
    yield calls
    undo._acts.pop("test-act")


def _sealed(account: Account, **needs: object) -> str:
    request = HttpRequest()
    request.user = account
    return undo.seal(request, "test-act", needs)


def test_undo_takes_back_what_was_sealed_and_says_so(browser: Client, owner: Account, counter: list):
    answer = browser.post("/undo", {"undo": _sealed(owner, group="g"), "next": FRAME}, follow=True)
    assert counter == [{"group": "g"}]
    assert "It is as it was." in answer.content.decode()


def test_nobody_undoes_with_a_value_of_somebody_else_or_of_their_own_making(
    browser: Client, owner: Account, counter: list
):
    other = create_account("bo@example.com", "a long enough phrase", "owner", SYSTEM)
    for value in (_sealed(other), "made-up", ""):
        page = browser.post("/undo", {"undo": value, "next": FRAME}, follow=True).content.decode()
        assert "too late to undo" in page
    assert counter == []


def test_a_part_whose_sign_in_has_ended_brings_the_whole_page_to_the_sign_in(db: None):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/users?after=x"}
    answer = Client(SERVER_NAME="localhost").get(FRAME, headers=headers)
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=%2Fusers%3Fafter%3Dx"


def test_no_page_has_an_inline_script_or_style(browser: Client):
    page = browser.get(FRAME).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", page)
    assert not re.search(r"\sstyle=|<style|\son\w+=", page)
