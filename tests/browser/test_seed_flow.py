"""The seed's flow in its words and order, in a browser, and what the server holds after each step."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import Service
from tests.servers import Scim2Server

_PATIENCE = 20.0


def _until(condition: Callable[[], object]) -> None:
    """Wait until the target holds what is expected; the last look is the one that fails."""
    end = time.monotonic() + _PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    assert condition()


def _active(target: Scim2Server, name: str) -> bool | None:
    """Whether the account is active there; None when there is none."""
    account = target.contents().users.get(name)
    return None if account is None else account.get("active", True)


def _members(target: Scim2Server, group: str) -> int:
    return len(target.contents().groups.get(group, {}).get("members") or [])


def _add_user(page: Page, provisor: Service, name: str, *, group: str = "") -> None:
    page.goto(f"{provisor.address}/users/add")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Given name").fill(name.title())
    page.get_by_label("Family name").fill("Tester")
    page.get_by_label("Work e-mail").fill(f"{name}@example.com")
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name.title())


@pytest.fixture
def application(page: Page, provisor: Service, target: Scim2Server) -> str:
    """An application that was added step by step, all five of them."""
    page.goto(provisor.address)
    page.get_by_role("link", name="Apps", exact=True).click()
    page.get_by_role("link", name="Add application").first.click()
    page.get_by_role("radio", name="SCIM Server (Destination)").check()
    page.get_by_role("textbox", name="Name").fill("Seed")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("SCIM base URL").fill(target.base_url)
    page.get_by_role("textbox", name="Token").first.fill(target.token)
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("main")).to_contain_text("The connection works")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.locator("main")).to_contain_text("Attributes of users")
    page.get_by_text("Continue without changes").click()
    expect(page.locator("main")).to_contain_text("Add and remove members")
    page.get_by_role("button", name="Save and review").click()
    expect(page.locator("main")).to_contain_text("no policy brings anyone here")
    page.get_by_role("button", name="Start now").click()
    return "Seed"


def test_the_flow_of_the_seed_ends_where_the_server_says_so(
    page: Page, provisor: Service, target: Scim2Server, application: str
):
    page.get_by_role("link", name="Groups", exact=True).click()
    page.get_by_role("link", name="Create group").first.click()
    page.get_by_role("textbox", name="Name").fill("Seed sales")
    page.get_by_role("button", name="Create group", exact=True).click()
    group = page.url

    page.goto(f"{provisor.address}/policies/add")
    page.locator("[name=application]").select_option(label=application)
    page.get_by_label("Group", exact=True).fill("Seed sales")
    page.get_by_role("textbox", name="Name").fill("Seed for sales")
    page.get_by_label("Login method").select_option("password")
    page.get_by_label("Second factor").select_option("totp")
    page.get_by_role("button", name="Add policy").click()
    expect(page.locator("#notices")).to_contain_text("Seed for sales")

    for name in ("sara", "saul", "sven"):
        _add_user(page, provisor, name)
    assert _active(target, "sara") is None

    _choose(page, group, ["sara", "saul", "sven"], "Add to the group", people="Not in the group")
    _until(lambda: all(_active(target, name) is True for name in ("sara", "saul", "sven")))
    _until(lambda: _members(target, "Seed sales") == 3)

    _choose(page, group, ["saul"], "Remove from the group", reach="Seed")
    _until(lambda: _active(target, "saul") is False and _members(target, "Seed sales") == 2)

    page.locator("#notices").get_by_role("button", name="Undo").click()
    _until(lambda: _active(target, "saul") is True and _members(target, "Seed sales") == 3)

    _choose(page, f"{provisor.address}/users?q=sven", ["sven"], "Deactivate")
    _until(lambda: _active(target, "sven") is False)
    _choose(page, f"{provisor.address}/users?q=sven", ["sven"], "Activate")
    _until(lambda: _active(target, "sven") is True)
    _choose(page, f"{provisor.address}/users?q=sven", ["sven"], "Delete")
    _until(lambda: _active(target, "sven") is None)


def _choose(
    page: Page, address: str, names: list[str], action: str, *, people: str = "", reach: str = ""
) -> None:
    """Select rows, choose an action, see what it reaches, apply."""
    page.goto(address)
    if people:
        page.get_by_role("link", name=people).click()
    for name in names:
        page.get_by_role("row").filter(has_text=name).get_by_role("checkbox").check()
    page.get_by_role("combobox", name="Select action").select_option(label=action)
    shown = page.locator(".reach").first
    expect(shown).not_to_be_empty()
    expect(shown).not_to_contain_text("Working out")
    if reach:
        expect(shown).to_contain_text(reach)
    page.locator(".bulk").get_by_role("button").last.click()
    dialog = page.locator("dialog[open]")
    page.wait_for_timeout(300)
    if dialog.count():
        dialog.get_by_role("button", name=action).click()
    expect(page.locator("#notices .notice").first).to_be_visible()
