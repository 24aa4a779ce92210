"""The mapping editor in a browser: the target's own attributes are read, offered and judged by, while one types."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import Service
from tests.servers import Scim2Server

_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"


@pytest.fixture(scope="module")
def address(provisor: Service, target: Scim2Server) -> str:
    """The application that this file is about; nothing was read of it yet."""
    token = provisor.directory / "offering.txt"
    token.write_text(target.token)
    provisor.command("application", "add", "Offering", "--url", target.base_url, "--token-file", token, "--mode", "observe")  # fmt: skip
    found = json.loads(provisor.command("application", "show", "Offering", "--json"))
    return f"{provisor.address}/apps/{found['id']}"


def test_its_attributes_are_read_on_request_and_a_row_is_judged_by_them_while_one_types(
    page: Page, address: str
):
    page.goto(f"{address}/mapping")
    known = page.locator("#known-attributes")
    expect(known).to_contain_text("RFC 7643")
    page.get_by_role("button", name="Add a row").first.click()
    row = page.locator("#users-n0")
    row.get_by_label("Attribute there").fill("badge")
    row.get_by_label("Attribute in the directory").fill("userName")
    known.get_by_role("button", name="Read now").click()
    expect(known).to_contain_text("the attributes that Offering lists itself")
    expect(known.get_by_role("button", name="Read again")).to_be_visible()
    expect(row.get_by_label("Attribute there")).to_have_value("badge")
    expect(row.locator(".rule-advice")).to_contain_text('does not list "badge"')
    offered = page.locator('#users-targets option[value="userName"]')
    expect(offered).to_have_attribute("label", "userName: text, required")
    row.get_by_label("Attribute there").fill("nickName")
    expect(row.locator(".rule-advice")).to_be_empty()


def test_at_400_pixels_every_field_of_a_row_has_a_visible_name(page: Page, address: str):
    page.set_viewport_size({"width": 400, "height": 900})
    page.goto(f"{address}/mapping")
    row = page.locator("#users-0")
    for name in ("Attribute there", "Kind of value", "Attribute in the directory"):
        expect(row.locator(".rule-label", has_text=name)).to_be_visible()
    expect(row.locator(".rule-label", has_text="Constant value")).to_be_hidden()
    assert not page.evaluate(_TOO_WIDE)


def test_a_long_path_shows_its_beginning(page: Page, address: str):
    page.goto(f"{address}/mapping")
    field = page.locator('.rule input[value^="urn:"]').first
    assert field.evaluate("field => field.scrollLeft") == 0
    assert field.evaluate("field => getComputedStyle(field).textOverflow") == "ellipsis"
    field.hover()
    expect(field).to_have_attribute("title", field.input_value())


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_another_profile_are_sound(page: Page, address: str, width: int, theme: str):
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{address}/settings")
    page.get_by_role("link", name="Change profile").click()
    assert not page.evaluate(_TOO_WIDE)
    page.get_by_role("link", name="See what would change Slack").click()
    expect(page.locator("#profile-reach")).to_contain_text("Saving this:")
    with page.expect_response("**/profile/reach"):
        page.get_by_label("Take over what happens when somebody leaves").check()
    expect(page.locator("#profile-reach")).to_contain_text("Saving this:")
    assert not page.evaluate(_TOO_WIDE)
    assert page.sight.accessibility() == []  # type: ignore[attr-defined]  # the page carries what was seen on it
