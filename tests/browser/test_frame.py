"""The frame in a real browser: themes, the palette by keyboard, what was typed survives an ended sign-in."""

import signal
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.browser.service import Service


@pytest.fixture
def samples(page: Page, provisor: Service) -> Page:
    page.goto(f"{provisor.address}/samples")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing_in_any_part_of_the_pages(samples: Page, theme: str, width: int):
    samples.emulate_media(color_scheme=theme)
    samples.set_viewport_size({"width": width, "height": 900})
    # Colours that are on their way from one theme to the other are no finding.
    samples.reload()
    assert samples.sight.accessibility() == []
    too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not samples.evaluate(too_wide), "the page scrolls sideways"


def test_the_palette_opens_finds_and_goes_by_keyboard_alone(samples: Page, provisor: Service):
    samples.keyboard.press("Control+k")
    field = samples.get_by_role("combobox", name="Search pages")
    expect(field).to_be_focused()
    field.press_sequentially("sett")
    expect(samples.get_by_role("option", name="Settings")).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    samples.wait_for_url(f"{provisor.address}/settings")


def test_the_theme_follows_the_system_until_somebody_chooses(samples: Page):
    samples.emulate_media(color_scheme="dark")
    expect(samples.locator("html")).to_have_attribute("data-bs-theme", "dark")
    samples.get_by_label("Your account").click()
    samples.get_by_role("button", name="Light").click()
    expect(samples.locator("html")).to_have_attribute("data-bs-theme", "light")
    samples.reload()
    expect(samples.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_times_are_shown_in_the_zone_of_the_viewer(samples: Page):
    shown = samples.locator("time").first
    stamp = shown.get_attribute("datetime")
    expected = samples.evaluate(
        "at => new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium'}).format(new Date(at))",
        stamp,
    )
    assert shown.get_attribute("title") == expected


def test_a_change_made_elsewhere_appears_without_a_reload(page: Page, provisor: Service):
    page.goto(provisor.address)
    provisor.command(
        "user",
        "create",
        "livia",
        "--given-name",
        "Livia",
        "--family-name",
        "Drusilla",
        "--email",
        "livia@example.com",
    )
    expect(page.locator("#changes")).to_contain_text("livia")


def test_an_open_page_does_not_keep_the_service_from_ending(blank: Page, new_provisor: Service):
    sign_in(blank, new_provisor)
    with blank.expect_request("**/live?seen=*"):
        blank.reload()
    started = time.monotonic()
    new_provisor.process.end(signal.SIGTERM)
    assert time.monotonic() - started < 8
    # The stream was cut, and nobody answers any more: the browser says so, and rightly.
    blank.goto("about:blank")
    blank.sight.complaints.clear()


_STREAM = """
window.EventSource = class extends EventTarget {
  constructor() { super(); window.stream = this; }
  close() {}
};
"""


def test_the_last_of_two_changes_in_one_moment_is_shown(page: Page, provisor: Service):
    asked: list[float] = []
    page.add_init_script(_STREAM)
    page.goto(provisor.address)
    page.on("request", lambda request: "hx-request" in request.headers and asked.append(time.monotonic()))
    page.evaluate("stream.dispatchEvent(new Event('applications'))")
    page.wait_for_timeout(100)
    second = time.monotonic()
    page.evaluate("stream.dispatchEvent(new Event('applications'))")
    page.wait_for_timeout(2500)
    assert asked[0] < second < asked[-1]
    before = len(asked)
    page.wait_for_timeout(1500)
    assert len(asked) == before
