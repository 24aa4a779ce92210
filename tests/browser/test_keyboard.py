"""By keyboard alone: where the focus begins, that a dialog keeps it and gives it back, and keys that can be switched off."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import Service

#: More than any dialog here has places for.
_ROUNDS = 12
_IN_DIALOG = (
    "document.activeElement === document.body || document.activeElement.closest('dialog[open]') !== null"
)


@pytest.fixture
def person(page: Page, provisor: Service) -> Page:
    page.goto(f"{provisor.address}/users/add")
    page.get_by_label("User name").fill("kaya")
    page.get_by_label("Given name").fill("Kaya")
    page.get_by_label("Family name").fill("Board")
    page.get_by_label("Work e-mail").fill("kaya@example.com")
    page.get_by_label("Work e-mail").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kaya")
    return page


def test_a_dialog_keeps_the_focus_and_gives_it_back(person: Page):
    opener = person.get_by_role("link", name="Delete…")
    opener.focus()
    opener.press("Enter")
    dialog = person.locator("dialog[open]")
    expect(dialog.get_by_role("button", name="Delete")).to_be_visible()
    for _ in range(_ROUNDS):
        person.keyboard.press("Tab")
        assert person.evaluate(_IN_DIALOG)
    person.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_first_stop_leads_past_the_bar_and_every_stop_is_seen(page: Page, provisor: Service):
    page.goto(f"{provisor.address}/users")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    skip.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_keys_without_ctrl_are_listed_and_can_be_switched_off(page: Page, provisor: Service):
    page.goto(f"{provisor.address}/policies")
    keys = page.locator("dialog#keys")
    page.keyboard.press("?")
    expect(keys).to_be_visible()
    keys.get_by_role("checkbox", name="Keys without Ctrl do something").uncheck()
    keys.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("Control+k")
    expect(page.locator("dialog#palette")).to_be_visible()
    expect(keys).to_be_hidden()
