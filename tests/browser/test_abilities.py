"""What the engine can do, each in its place in the browser: on demand, why, access on a day, holds, health, compatibility."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import Service
from tests.servers import Scim2Server

_NAMES = tuple(f"abel{number}" for number in range(9))
_PATIENCE = 20.0
#: Nothing listens for it there.
_WRONG_TOKEN = "the-token-of-last-year"


@pytest.fixture(scope="module")
def company(provisor: Service, target: Scim2Server) -> Service:
    """One application, a group of nine who have accounts there, and one person outside it."""
    token, people = provisor.directory / "able-token.txt", provisor.directory / "able.csv"
    token.write_text(target.token)
    lines = [f"{name},{name.title()},Able,{name}@example.com,Able" for name in _NAMES]
    outside = "outsider,Olaf,Able,olaf@example.com,"
    people.write_text("\n".join(["userName,givenName,familyName,email,groups", *lines, outside]))
    provisor.command("application", "add", "Able", "--url", target.base_url, "--token-file", token)
    provisor.command("group", "create", "Able")
    provisor.command("import", "users", people)
    provisor.command("policy", "add", "Able", "Able")
    provisor.command("sync", "Able", "--wait")
    return provisor


def _application(page: Page, company: Service, tab: str = "") -> None:
    page.goto(f"{company.address}/apps?q=Able")
    page.locator("main table").get_by_role("link", name="Able").first.click()
    page.wait_for_url("**/apps/*-*")
    if tab:
        page.get_by_role("navigation", name="Parts of the application").get_by_role("link", name=tab).click()


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)
    assert condition()


def test_on_demand_shows_each_step_with_what_was_answered(page: Page, company: Service):
    _application(page, company)
    page.get_by_label("More acts").click()
    page.get_by_role("link", name="Provision one person or group").click()
    page.get_by_role("searchbox").fill("abel1")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("button", name="Provision abel1 now").click()
    chain = page.locator("ol.chain")
    for step in ("Scope", "Match", "Compare", "Read back", "Result"):
        expect(chain.get_by_text(step, exact=True)).to_be_visible()
    expect(chain).to_contain_text("in sync")
    chain.get_by_text("What is there").click()
    expect(chain).to_contain_text("abel1@example.com")


def test_why_names_the_chain_and_why_not_mends_it(page: Page, company: Service, target: Scim2Server):
    _application(page, company, "Accounts")
    page.locator("main table").get_by_role("link", name="abel2").click()
    page.locator("dialog#side").get_by_role("link", name="Why", exact=True).click()
    chain = page.locator("#why-chain")
    expect(chain).to_contain_text("abel2 has an account in Able, and this is why.")
    for link in ("abel2 is in “Able”", "grants Able to “Able”", "it was created in"):
        expect(chain).to_contain_text(link)

    page.get_by_role("textbox", name="User").or_(page.get_by_role("combobox", name="User")).first.fill(
        "outsider"
    )
    page.get_by_role("button", name="Why?").click()
    expect(chain).to_contain_text("Missing link")
    chain.get_by_role("link", name="Add to Able…").click()
    page.get_by_role("row").filter(has_text="outsider").get_by_role("checkbox").check()
    page.get_by_role("combobox", name="Select action").select_option(label="Add to the group")
    page.locator(".bulk").get_by_role("button", name="Apply").click()
    _until(lambda: "outsider" in target.contents().users)


def test_who_had_access_on_a_day_is_a_question_of_the_accounts(page: Page, company: Service):
    _application(page, company, "Accounts")
    page.get_by_role("link", name="Access on a day").click()
    row = page.locator("main table tbody tr").filter(has_text="abel3")
    expect(row).to_contain_text("still live")
    page.locator("input[name=on]").fill("2001-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("main")).to_contain_text("Nobody had an account there on that day")


def test_a_mass_removal_is_held_named_on_home_and_released_with_its_number(
    page: Page, company: Service, target: Scim2Server
):
    page.goto(f"{company.address}/groups?q=Able")
    page.locator("main table").get_by_role("link", name="Able").first.click()
    for name in _NAMES[3:]:
        page.get_by_role("row").filter(has_text=name).get_by_role("checkbox").check()
    page.get_by_role("combobox", name="Select action").select_option(label="Remove from the group")
    expect(page.locator(".reach").first).to_contain_text("Holds 12 removals in Able")
    page.locator(".bulk").get_by_role("button", name="Apply").click()
    expect(page.locator("#notices .notice").first).to_be_visible()

    page.goto(company.address)
    need = page.locator("#needs li").filter(has_text="The brake holds")
    expect(need).to_contain_text("in Able", timeout=20_000)
    assert all(target.contents().users[name]["active"] is True for name in _NAMES)
    need.get_by_role("link", name="Release or keep").click()
    page.get_by_role("link", name="Release all").first.click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("button", name="Release").click()
    expect(page.locator("#notices .notice").first).to_be_visible()
    while page.get_by_role("link", name="Release all").count():
        page.get_by_role("link", name="Release all").first.click()
        dialog.get_by_role("button", name="Release").click()
        expect(page.locator("#notices .notice").first).to_be_visible()
    _until(lambda: all(target.contents().users[name]["active"] is False for name in _NAMES[3:]))
    assert target.contents().users["abel1"]["active"] is True


def test_a_refused_credential_is_told_and_a_new_one_mends_it(
    page: Page, company: Service, target: Scim2Server
):
    _application(page, company, "Settings")
    page.get_by_role("textbox", name="Token").first.fill(_WRONG_TOKEN)
    page.get_by_role("button", name="Store credential").first.click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#connection")).to_contain_text("401")
    page.get_by_role("button", name="Sync now").click()
    _application(page, company, "Policies")
    company.command("user", "deactivate", "abel1")
    expect(page.locator("#application-state")).to_contain_text("refuses the sign-in", timeout=20_000)
    _application(page, company)
    expect(page.locator("#application-health")).to_contain_text("Next try")
    page.get_by_role("link", name="Enter a new credential").click()
    page.get_by_role("textbox", name="Token").first.fill(target.token)
    page.get_by_role("button", name="Store credential").first.click()
    _until(lambda: target.contents().users["abel1"]["active"] is False)
    _application(page, company)
    expect(page.locator("#application-state")).to_contain_text("well", timeout=20_000)


def test_the_compatibility_report_says_what_is_known_and_from_where(page: Page, company: Service):
    _application(page, company, "Settings")
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#connection")).to_contain_text("Provisioning can work")
    known = page.locator("#facts")
    expect(known).to_contain_text("What is known of it")
    row = known.get_by_role("row").filter(has_text="patch_users")
    for said in ("yes", "what the application showed", "ServiceProviderConfig"):
        expect(row).to_contain_text(said)
