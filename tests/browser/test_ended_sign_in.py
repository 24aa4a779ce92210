"""A sign-in that ends while a dialog is open: the person signs in, the dialog is there again, and nothing typed is lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import EMAIL, PASSWORD, Service

_RENAMED = "Renamed after a long lunch"
_REASON = "The vendor moves house until Monday"


@pytest.fixture(scope="module")
def company(provisor: Service) -> Service:
    """A group and an application with dialogs of their own."""
    token = provisor.directory / "lunch-token.txt"
    token.write_text("a-token")
    provisor.command("group", "create", "Before lunch")
    provisor.command("group", "create", "Added to")
    provisor.command(
        "user",
        "create",
        "lunar",
        "--given-name",
        "Luna",
        "--family-name",
        "Lunch",
        "--email",
        "lunar@example.com",
    )
    provisor.command(
        "application", "add", "Lunch Desk", "--url", "https://lunch.example/scim", "--token-file", token
    )
    return provisor


def _end_the_session(page: Page) -> None:
    page.context.clear_cookies(name="provisor-session")


def _sign_in_again(page: Page) -> None:
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _open(page: Page, company: Service, place: str, name: str) -> None:
    page.goto(f"{company.address}/{place}?q={name.split(maxsplit=1)[0]}")
    page.locator("main table").get_by_role("link", name=name).first.click()


def test_a_dialog_with_a_form_of_its_own_is_open_again_with_what_was_typed(page: Page, company: Service):
    _open(page, company, "groups", "Before lunch")
    page.get_by_role("link", name="Rename").click()
    dialog = page.locator("dialog#dialog")
    dialog.get_by_label("Name").fill(_RENAMED)
    _end_the_session(page)
    dialog.get_by_role("button", name="Rename").click()
    _sign_in_again(page)
    expect(dialog.get_by_label("Name")).to_have_value(_RENAMED)
    expect(dialog).to_contain_text("What you typed is back")
    expect(dialog).to_be_visible()
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(_RENAMED)


def test_a_dialog_that_htmx_sends_is_open_again_and_goes_on(page: Page, company: Service):
    """What it says to an application: a fact that an administrator sets."""
    _open(page, company, "apps", "Lunch Desk")
    page.get_by_role("navigation", name="Parts of the application").get_by_role(
        "link", name="Settings"
    ).click()
    page.locator("#facts details.more-facts summary").click()
    page.locator("#facts details.more-facts").get_by_role("link", name="Set").first.click()
    dialog = page.locator("dialog#dialog")
    dialog.get_by_label("Why").fill(_REASON)
    _end_the_session(page)
    dialog.get_by_role("button", name="Let this count").click()
    _sign_in_again(page)
    expect(dialog.get_by_label("Why")).to_have_value(_REASON)
    expect(dialog).to_contain_text("What you typed is back")


def test_the_reason_of_a_pause_comes_back_and_the_application_pauses_with_it(page: Page, company: Service):
    _open(page, company, "apps", "Lunch Desk")
    page.get_by_label("More acts").click()
    page.get_by_role("link", name="Pause with a reason").click()
    dialog = page.locator("dialog#dialog")
    dialog.get_by_label("Reason").fill(_REASON)
    _end_the_session(page)
    dialog.get_by_role("button", name="Pause").click()
    _sign_in_again(page)
    expect(dialog.get_by_label("Reason")).to_have_value(_REASON)
    dialog.get_by_role("button", name="Pause").click()
    expect(page.locator("#application-state")).to_contain_text(_REASON)


def test_a_form_whose_address_is_no_page_leads_back_to_the_page_that_it_was_on(page: Page, company: Service):
    """Members are added at an address that only takes forms."""
    _open(page, company, "groups", "Added to")
    page.get_by_label("Add a user by name").fill("lunar")
    _end_the_session(page)
    page.get_by_role("button", name="Add to the group").click()
    _sign_in_again(page)
    expect(page.get_by_label("Add a user by name")).to_have_value("lunar")
    expect(page.locator("#notices")).to_contain_text("What you typed is back")
    page.get_by_role("button", name="Add to the group").click()
    expect(page.locator("main table")).to_contain_text("lunar")
