"""A live service, a real SCIM server that we did not write, and Debian's Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.service import EMAIL, PASSWORD, Service, service
from tests.browser.sight import Sight
from tests.servers import Scim2Server, scim2_server

CHROMIUM = "/usr/bin/chromium"
#: A container's root has no sandbox; and nothing of the browser's own may look for hosts outside.
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_PATIENCE_MS = 10_000


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for the package; it must end with it, since Playwright keeps an event loop in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def provisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One Provisor for the package: tests name what they make so that they do not meet."""
    with service(tmp_path_factory.mktemp("provisor")) as running:
        yield running


@pytest.fixture
def new_provisor(tmp_path: Path) -> Iterator[Service]:
    """A Provisor in which nothing is but an owner."""
    with service(tmp_path / "data") as running:
        yield running


@pytest.fixture(scope="package")
def target() -> Iterator[Scim2Server]:
    with scim2_server() as server:
        yield server


@pytest.fixture
def blank(chromium: Browser) -> Iterator[Page]:
    """A page in which nobody has signed in; the test fails on anything that `Sight` complains about."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/Berlin"
    )
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    page.sight = Sight(page)  # type: ignore[attr-defined]  # the page carries what was seen on it
    yield page
    complaints = page.sight.complaints  # type: ignore[attr-defined]
    context.close()
    assert complaints == []


@pytest.fixture
def page(blank: Page, provisor: Service) -> Page:
    """A page on which the owner has just signed in."""
    sign_in(blank, provisor)
    return blank


def sign_in(page: Page, provisor: Service) -> None:
    page.goto(provisor.address)
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(re.escape(provisor.address) + r"/$"))
