"""A new user, given only the address and the sign-in, gets to the first provisioned account without a manual."""

import time

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.service import Service
from tests.servers import Scim2Server

_CLICKS = 12
_SECONDS = 120


class _Hand:
    """Clicks, and counts that it did."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()


def test_from_nothing_to_an_account_in_at_most_twelve_clicks_and_two_minutes(
    new_provisor: Service, blank: Page, target: Scim2Server
):
    started, hand, page = time.monotonic(), _Hand(), blank
    sign_in(page, new_provisor)
    hand.clicks += 1  # Sign in

    hand.click(page.get_by_role("link", name="Add application"))
    hand.click(page.get_by_role("radio", name="SCIM Server (Destination)"))
    hand.click(page.get_by_role("button", name="Continue"))
    page.get_by_label("SCIM base URL").fill(target.base_url)
    page.get_by_role("textbox", name="Token").first.fill(target.token)
    hand.click(page.get_by_role("button", name="Save, use the defaults and review"))
    hand.click(page.get_by_role("button", name="Start now"))

    hand.click(page.get_by_role("link", name="Add policy"))
    page.get_by_label("Group", exact=True).fill("Everyone")
    hand.click(page.get_by_role("button", name="Add policy"))

    hand.click(page.get_by_role("link", name="Home").first)
    hand.click(page.get_by_role("link", name="Add user"))
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Given name").fill("Ada")
    page.get_by_label("Family name").fill("Lovelace")
    page.get_by_label("Work e-mail").fill("ada@example.com")
    hand.click(page.get_by_role("button", name="Add user"))

    expect(page.locator("main")).to_contain_text("in sync", timeout=20_000)
    assert hand.clicks <= _CLICKS
    assert time.monotonic() - started <= _SECONDS
    account = target.contents().users["ada"]
    assert account["active"] is True
    assert account["name"]["familyName"] == "Lovelace"
