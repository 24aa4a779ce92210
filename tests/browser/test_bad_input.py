"""Wrong input in a browser: nothing typed is lost, two editors are told, hostile answers are text."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.service import EMAIL, PASSWORD, Service

_SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture
def adding(page: Page, provisor: Service) -> Page:
    page.goto(f"{provisor.address}/users/add")
    return page


def _fill(page: Page, name: str, *, given: str = "Ines") -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Given name").fill(given)
    page.get_by_label("Family name").fill("Tester")
    page.get_by_label("Work e-mail").fill(f"{name.strip() or 'x'}@example.com")


def test_what_was_typed_comes_back_after_a_sign_in_that_had_ended(adding: Page):
    _fill(adding, "ines")
    adding.context.clear_cookies(name="provisor-session")
    adding.get_by_role("button", name="Add user").click()
    adding.get_by_label("Email").fill(EMAIL)
    adding.get_by_label("Password").fill(PASSWORD)
    adding.get_by_role("button", name="Sign in", exact=True).click()
    expect(adding.get_by_label("User name")).to_have_value("ines")
    expect(adding.get_by_label("Family name")).to_have_value("Tester")
    expect(adding.locator("#notices")).to_contain_text("What you typed is back")
    adding.get_by_role("button", name="Add user").click()
    expect(adding.get_by_role("heading", level=1)).to_contain_text("Ines")


def test_a_name_in_another_case_is_refused_beside_the_field_and_nothing_is_lost(
    adding: Page, provisor: Service
):
    _fill(adding, "ivan")
    adding.get_by_role("button", name="Add user").click()
    expect(adding.get_by_role("heading", level=1)).to_be_visible()
    adding.goto(f"{provisor.address}/users/add")
    _fill(adding, "IVAN", given="Other")
    adding.get_by_role("button", name="Add user").click()
    expect(adding.locator(".errorlist").first).to_contain_text("ivan")
    expect(adding.get_by_label("Given name")).to_have_value("Other")


def test_the_second_of_two_editors_is_told_and_overwrites_nothing_unknowingly(
    adding: Page, provisor: Service
):
    _fill(adding, "iris")
    adding.get_by_role("button", name="Add user").click()
    adding.get_by_role("link", name="Edit").first.click()
    other = adding.context.new_page()
    other.goto(adding.url)
    other.get_by_label("Display name").fill("Captain")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Captain")
    adding.get_by_label("Display name").fill("Pilot")
    adding.get_by_role("button", name="Save").click()
    expect(adding.get_by_label("Display name")).to_have_value("Pilot")
    expect(adding.locator("main")).to_contain_text("displayName")
    expect(adding.locator("main")).to_contain_text(EMAIL)
    adding.get_by_role("button", name="Save").click()
    expect(adding.locator("main")).to_contain_text("Pilot")


def test_html_that_somebody_typed_is_shown_as_text_everywhere(adding: Page, provisor: Service):
    _fill(adding, "iggy", given=_SCRIPT)
    adding.get_by_role("button", name="Add user").click()
    expect(adding.locator("main")).to_contain_text("<script>")
    for place in ("/users", "/", "/audit", "/audit/journal", "/palette?q=iggy"):
        adding.goto(f"{provisor.address}{place}")
        assert adding.title() != "owned"


def test_a_service_that_does_not_answer_is_told_and_the_form_stays(blank: Page, new_provisor: Service):
    sign_in(blank, new_provisor)
    blank.goto(f"{new_provisor.address}/users/add")
    blank.get_by_label("User name").fill("Kept")
    blank.context.set_offline(True)
    blank.evaluate("htmx.ajax('GET', '/palette?q=x', '#palette-rows').catch(() => null)")
    expect(blank.locator("#notices")).to_contain_text("Provisor did not answer")
    expect(blank.get_by_label("User name")).to_have_value("Kept")
    blank.context.set_offline(False)
    blank.goto("about:blank")
    blank.sight.complaints.clear()
