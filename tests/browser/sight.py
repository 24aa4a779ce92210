"""What every page is looked at for: nothing in the console of the browser, no 5xx, no finding of axe that matters."""

import time
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Response

AXE = Path(__file__).parents[1] / "servers/node/node_modules/axe-core/axe.min.js"
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
#: What a browser prints about an answer that a test provoked on purpose (a form with errors, a page that is not there).
_ANSWERED = "Failed to load resource: the server responded with a status of 4"

#: By looking, since the pages' policy forbids to evaluate in them.
_LOADING = "document.readyState !== 'complete' || document.querySelector('.htmx-request') !== null"
_PARTS_SECONDS = 20.0


class Sight:
    """Follows one page of the browser; `complaints` is what it should never have seen."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.clicks = 0
        self._page = page
        page.on("console", self._printed)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def _printed(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(_ANSWERED):
            self.complaints.append(f"{self._page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.url} answered {response.status}")

    def settle(self) -> None:
        """Wait for the parts that a page loads after itself: whoever leaves before makes htmx complain of it."""
        until = time.monotonic() + _PARTS_SECONDS
        while self._page.evaluate(_LOADING):
            assert time.monotonic() < until, f"{self._page.url} still loads a part"
            self._page.wait_for_timeout(50)

    def accessibility(self) -> list[str]:
        """The serious and critical findings of axe on the page as it is now."""
        self._page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self._page.evaluate("rules => axe.run(document, rules)", _RULES)
        return [
            f"{self._page.url}: {one['id']} ({one['help']}) at {node['target']}: {node['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]
