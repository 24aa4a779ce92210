"""Questions are shown at once, and what they reach follows into them, by the browser's own scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import Service
from tests.servers import Scim2Server


@pytest.fixture(scope="module")
def company(provisor: Service, target: Scim2Server) -> Service:
    """One application, one group with two people, everybody in sync."""
    token = provisor.directory / "reach-token.txt"
    token.write_text(target.token)
    provisor.command("application", "add", "Reach", "--url", target.base_url, "--token-file", token)
    provisor.command("group", "create", "Reached")
    for name in ("rita", "rosa"):
        names = ("--given-name", name, "--family-name", "Reach", "--email", f"{name}@example.com")
        provisor.command("user", "create", name, *names)
        provisor.command("group", "add", "Reached", name)
    provisor.command("policy", "add", "Reach", "Reached")
    provisor.command("sync", "Reach", "--wait")
    return provisor


def test_the_number_comes_into_the_button_of_a_question_that_is_shown_already(page: Page, company: Service):
    page.goto(f"{company.address}/groups?q=Reached")
    page.locator("main table").get_by_role("link", name="Reached").first.click()
    page.get_by_role("link", name="Delete", exact=True).click()
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("button", name="Delete the group")).to_be_visible()
    expect(dialog).to_contain_text("Deactivates 2 accounts in Reach")
    expect(dialog.get_by_role("button", name="Delete the group")).to_have_text(
        re.compile("Delete the group, deactivate 2 accounts")
    )
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_the_plan_follows_its_page_and_go_opens_a_dialog_before_and_after(page: Page, company: Service):
    page.goto(f"{company.address}/apps?q=Reach")
    page.locator("main table").get_by_role("link", name="Reach").first.click()
    page.get_by_role("navigation").get_by_role("link", name="Plan").click()
    expect(page.locator("#plan")).to_contain_text("Nothing is to be done")
    page.goto(f"{page.url}/go")
    expect(page.get_by_role("button", name="Run now")).to_be_visible()
    expect(page.locator("#question")).to_contain_text("Nothing is to be done now")


def test_a_go_that_is_pressed_before_the_plan_is_there_opens_its_dialog(page: Page, company: Service):
    page.goto(f"{company.address}/apps?q=Reach")
    address = page.locator("main table").get_by_role("link", name="Reach").first.get_attribute("href")
    page.route(re.compile(r"/plan\?reach=now$"), lambda _route: None)
    page.goto(f"{company.address}{address}/plan")
    page.locator("#plan").get_by_role("link", name="Go").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("button", name="Run now")).to_be_visible()
    expect(dialog).to_contain_text("Nothing is to be done now")
