"""Drift in the browser: scan, see it move, select, read the reach, apply; say whose an account is."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import Service
from tests.servers import Scim2Server
from tests.servers.reader import post

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture(scope="module")
def company(provisor: Service, target: Scim2Server) -> Service:
    """One application with one person in sync, and two accounts that nobody here knows."""
    token = provisor.directory / "drift-token.txt"
    token.write_text(target.token)
    provisor.command("application", "add", "Drifting", "--url", target.base_url, "--token-file", token)
    provisor.command("group", "create", "Drifters")
    for name in ("dana", "dirk"):
        names = ("--given-name", name, "--family-name", "Drift", "--email", f"{name}@example.com")
        provisor.command("user", "create", name, *names)
    provisor.command("group", "add", "Drifters", "dana")
    provisor.command("policy", "add", "Drifting", "Drifters")
    provisor.command("sync", "Drifting", "--wait")
    for name in ("drift-stranger", "drift-other"):
        post(f"{target.base_url}/Users", {"schemas": [USER], "userName": name, "active": True}, target.token)
    return provisor


def test_a_scan_is_watched_and_its_findings_are_decided(page: Page, company: Service, target: Scim2Server):
    """The findings come when the scan ends; the reach follows the choice; a stranger goes, another one is linked."""
    page.goto(f"{company.address}/apps?q=Drifting")
    page.locator("main table a").filter(has_text="Drifting").first.click()
    page.get_by_role("navigation", name="Parts of the application").get_by_role("link", name="Drift").click()
    expect(page.get_by_text("It was never scanned.")).to_be_visible()
    page.get_by_role("button", name="Scan now").click()
    expect(page.locator("#scan")).to_contain_text("ended", timeout=30_000)
    page.reload()
    row = page.locator("main table tbody tr").filter(has_text="drift-stranger")
    expect(row).to_contain_text("Nobody here")
    row.get_by_role("checkbox").check()
    page.get_by_label("Select action").select_option(label="Remove: deactivate it there")
    expect(page.locator(".reach")).to_contain_text("Deactivates 1 account in Drifting")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("1 is being removed in Drifting.")).to_be_visible()
    expect(row).to_have_count(0)
    page.get_by_role("link", name="Say whose drift-other is").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("User name or id").fill("dirk")
    dialog.get_by_role("button", name="Link it").click()
    expect(page.get_by_text("drift-other is linked.")).to_be_visible()
    for _ in range(60):
        if target.contents().users["drift-stranger"]["active"] is False:
            break
        page.wait_for_timeout(500)
    page.goto(re.sub(r"\?.*", "", page.url) + "?state=settled")
    settled = page.locator("main table tbody tr")
    expect(settled.filter(has_text="drift-stranger")).to_contain_text("Deactivated there.")
    expect(settled.filter(has_text="drift-other")).to_contain_text("adopted")


def test_everything_is_asserted_again_with_its_number(page: Page, company: Service):
    page.goto(f"{company.address}/apps?q=Drifting")
    page.locator("main table a").filter(has_text="Drifting").first.click()
    page.get_by_role("navigation", name="Parts of the application").get_by_role("link", name="Drift").click()
    page.get_by_role("link", name="Assert everything again").click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("2 accounts and groups of Drifting")
    dialog.get_by_role("button", name=re.compile("Read 2 again")).click()
    expect(page.get_by_text("2 accounts and groups are read again")).to_be_visible()
