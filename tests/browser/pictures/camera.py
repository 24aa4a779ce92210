"""The browser goes from page to page and photographs: one visit for each theme, width and person."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from playwright.sync_api import Browser, Error, Page

from tests.browser.pictures.acts import enter
from tests.browser.pictures.picture import Picture, Where, Who
from tests.browser.service import Service

SIZES = {"wide": {"width": 1280, "height": 860}, "narrow": {"width": 400, "height": 860}}
THEMES = ("light", "dark")
#: Longer pages are cut there, in pixels.
_HIGHEST = 3_000
_PATIENCE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Photographs with one theme in one size; `whole` takes a page down to its end, not only what is seen first."""

    browser: Browser
    services: Mapping[Where, Service]
    emails: Mapping[Who, str]
    theme: str
    size: str
    whole: bool

    def photograph(self, wanted: Iterable[tuple[Picture, Path]]) -> list[str]:
        """Each picture to its place; returns the names of those that could not be made, with the reason."""
        failed: list[str] = []
        ordered = sorted(wanted, key=lambda each: (each[0].where, each[0].who))
        for (where, who), some in groupby(ordered, key=lambda each: (each[0].where, each[0].who)):
            if where in self.services:
                failed += self._visit(self.services[where], who, some)
        return failed

    def _visit(self, service: Service, who: Who, some: Iterable[tuple[Picture, Path]]) -> list[str]:
        failed: list[str] = []
        page = self._open(service, who)
        for picture, place in some:
            try:
                self._one(page, service, picture, place)
            except Error as error:
                failed.append(f"{picture.name} ({self.theme}, {self.size}): {error}")
                sys.stderr.write(failed[-1] + "\n")
        page.context.close()
        return failed

    def _open(self, service: Service, who: Who) -> Page:
        context = self.browser.new_context(
            viewport=SIZES[self.size], color_scheme=self.theme, reduced_motion="reduce", locale="en-GB", timezone_id="Europe/Oslo"
        )  # fmt: skip
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        if who is not Who.NOBODY:
            page.goto(f"{service.address}/accounts/login/")
            enter(self.emails[who])(page)
        return page

    def _one(self, page: Page, service: Service, picture: Picture, place: Path) -> None:
        if picture.who is Who.NOBODY:
            page.context.clear_cookies()
        page.goto(service.address + picture.path)
        if picture.act is not None:
            picture.act(page)
        _settle(page)
        place.parent.mkdir(parents=True, exist_ok=True)
        # A dialog lies in the middle of the window.
        if self.whole and not page.locator("dialog[open]").count():
            _stretch(page, SIZES[self.size])
        page.screenshot(path=place)
        page.set_viewport_size(SIZES[self.size])
        sys.stdout.write(f"{place.name}: {place.stat().st_size // 1024} kB{_too_wide(page)}\n")
        sys.stdout.flush()


def _stretch(page: Page, size: dict[str, int]) -> None:
    """A window as high as the page: what sticks to its lower edge, and what lies over it, is where it belongs."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({**size, "height": max(size["height"], min(height, _HIGHEST))})


def _settle(page: Page) -> None:
    """Wait for parts that come later, and for fonts; by looking, since the pages' policy forbids to evaluate in them."""
    while not page.evaluate("document.fonts.status === 'loaded' && !document.querySelector('.htmx-request')"):
        page.wait_for_timeout(50)


def _too_wide(page: Page) -> str:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return f", and the page scrolls sideways by {wide} px" if wide > 0 else ""
