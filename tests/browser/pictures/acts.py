"""What is done on a page before it is photographed."""

import re

from playwright.sync_api import Page

from tests.browser.pictures.picture import Act
from tests.browser.service import PASSWORD


def press(name: str, *, within: str = "main", then: str = "dialog[open]") -> Act:
    """Press the first link or button of this name, and wait for what it opens."""

    def act(page: Page) -> None:
        place, words = page.locator(within), re.compile(name)
        found = place.get_by_role("link", name=words).or_(place.get_by_role("button", name=words))
        found.first.click()
        page.locator(then).first.wait_for()

    return act


def more(name: str) -> Act:
    """Press it in the menu of what else can be done."""

    def act(page: Page) -> None:
        page.get_by_label("More acts").click()
        press(name)(page)

    return act


def first_row(page: Page) -> None:
    """What the first row opens beside the list."""
    page.locator("main table tbody a").first.click()
    page.locator("dialog[open]").wait_for()


def open_first(page: Page) -> None:
    """The first operation with its request."""
    first = page.locator("main .card details").first
    if first.count():
        first.locator("summary").click()


def choose(action: str, *, then: str = ".reach .reach-said") -> Act:
    """Two rows selected, and what the act on them would reach."""

    def act(page: Page) -> None:
        boxes = page.locator("main table tbody").get_by_role("checkbox")
        boxes.nth(0).check()
        boxes.nth(1).check()
        page.get_by_role("combobox", name="Select action").select_option(label=action)
        page.locator(then).first.wait_for()

    return act


def provision(page: Page) -> None:
    """One person provisioned on demand, with every step."""
    page.get_by_role("searchbox").fill("a")
    page.locator("main").get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("button", name=re.compile("Provision .* now")).first.click()
    page.locator(".chain").wait_for()


def search(words: str, found: str) -> Act:
    """The palette with what it finds."""

    def act(page: Page) -> None:
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Search pages").press_sequentially(words)
        page.locator("#palette-rows").get_by_text(found).first.wait_for()

    return act


def keys(page: Page) -> None:
    """The list of keys."""
    page.keyboard.press("?")
    page.locator("dialog#keys[open]").wait_for()


def send(name: str) -> Act:
    """Send the form as it is, past what the browser itself would say of it."""

    def act(page: Page) -> None:
        page.evaluate("[...document.forms].forEach(one => { one.noValidate = true })")
        page.locator("main").get_by_role("button", name=re.compile(name)).first.click()
        page.wait_for_load_state()

    return act


def enter(email: str, password: str = PASSWORD) -> Act:
    """Fill the sign-in in and send it."""

    def act(page: Page) -> None:
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state()

    return act


def ask_for(button: str, email: str) -> Act:
    """Ask for a letter."""

    def act(page: Page) -> None:
        page.get_by_label("Email").fill(email)
        page.get_by_role("button", name=button).click()
        page.wait_for_load_state()

    return act


def without_cookies(page: Page) -> None:
    """A form that was sent after the browser has forgotten its cookies."""
    page.context.clear_cookies()
    enter("somebody@halden.example")(page)


def import_rows(*lines: str) -> Act:
    """The preview of a file."""

    def act(page: Page) -> None:
        content = "\n".join(lines).encode()
        file = {"name": "people.csv", "mimeType": "text/csv", "buffer": content}
        page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]  # a FilePayload
        page.locator("main form button[type=submit], main form button:not([type])").first.click()
        page.wait_for_load_state()

    return act


def broken(page: Page) -> None:
    """The page of an error of ours, as Django would send it: nothing here can be made to fail."""
    from django.template.loader import render_to_string

    address = page.url
    page.route(
        "**/broken",
        lambda route: route.fulfill(status=500, content_type="text/html", body=render_to_string("500.html")),
    )
    page.goto(address.rstrip("/") + "/broken")
