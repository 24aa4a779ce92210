"""Pictures of the main pages: `python -m tests.browser.screenshots` renews those that the README shows.

With `--all DIR` every page is photographed there in both themes, wide and narrow. All that they show has happened: a
service runs beside a SCIM server that we did not write and beside the lab target.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import _ARGUMENTS, CHROMIUM
from tests.browser.pictures.camera import SIZES, THEMES, Camera
from tests.browser.pictures.of_applications import of_applications
from tests.browser.pictures.of_people import of_people
from tests.browser.pictures.of_the_door import of_the_door
from tests.browser.pictures.of_the_house import of_the_house
from tests.browser.pictures.picture import Picture, Where
from tests.browser.pictures.stage import Stage, build
from tests.browser.service import Service, service
from tests.servers import lab, scim2_server
from tests.servers.processes import ROOT
from tests.servers.sinks import mail_sink

#: What the README shows, wide.
SHOWN = (("home", "light"), ("home", "dark"), ("why", "light"), ("plan", "light"))
#: The creation that goes wrong at the lab target.
_FAULT = {"kind": "status", "status": 400, "method": "POST", "path": "/Users$", "nth": 12}


def main() -> None:
    """Run the company, photograph it, end everything. Ends with 1 when a picture could not be made."""
    arguments = _arguments()
    with _running(empty=arguments.all is not None) as (services, stage):
        # Before Playwright runs its loop in this thread, in which Django refuses to ask the database.
        found = [one for one in pictures(stage) if re.search(arguments.only, one.name)]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
            failed = _photograph(browser, services, stage, found, arguments)
            browser.close()
    sys.exit("\n".join(failed))


def pictures(stage: Stage) -> list[Picture]:
    """Every page there is."""
    return [*of_the_house(), *of_applications(stage), *of_people(stage), *of_the_door(stage)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--all", type=Path, metavar="DIR", help="every page, theme and width goes there")
    parser.add_argument("--only", default="", metavar="PATTERN", help="only the pages whose names it matches")
    parser.add_argument("--theme", choices=THEMES, action="append", help="only this one")
    parser.add_argument("--size", choices=tuple(SIZES), action="append", help="only this one")
    return parser.parse_args()


@contextmanager
def _running(*, empty: bool) -> Iterator[tuple[Mapping[Where, Service], Stage]]:
    """A service whose database this process writes too, with its two targets; and one with nothing in it."""
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="provisor-pictures-"))
        server, laboratory = (
            stack.enter_context(scim2_server()),
            stack.enter_context(lab({"faults": [_FAULT]})),
        )
        _write_to(Path(name) / "company")
        letters = f"smtp://127.0.0.1:{stack.enter_context(mail_sink()).port}"
        services = {
            Where.COMPANY: stack.enter_context(service(Path(name) / "company", PROVISOR_EMAIL_URL=letters))
        }
        if empty:
            services[Where.EMPTY] = stack.enter_context(service(Path(name) / "empty"))
        from provisor.site.start import start

        start()
        yield services, build(server, laboratory)


def _write_to(directory: Path) -> None:
    """Work in this process with the same data as the service."""
    for variable in [variable for variable in os.environ if variable.startswith("PROVISOR_")]:
        del os.environ[variable]
    os.environ["PROVISOR_DATA_DIR"] = str(directory)
    os.environ["PROVISOR_PRIVATE_TARGETS"] = "127.0.0.0/8"


def _photograph(
    browser: Browser, services: Mapping[Where, Service], stage: Stage, found: list[Picture], arguments: argparse.Namespace
) -> list[str]:  # fmt: skip
    """In each theme and size that is wanted; returns what could not be made."""
    failed: list[str] = []
    for theme, size in product(arguments.theme or THEMES, arguments.size or SIZES):
        placed = [(one, _place(one.name, theme, size, arguments)) for one in found]
        wanted = [(one, place) for one, place in placed if place is not None]
        camera = Camera(
            browser=browser, services=services, emails=stage.emails, theme=theme, size=size, whole=arguments.all is not None
        )  # fmt: skip
        failed += camera.photograph(wanted)
    return failed


def _place(name: str, theme: str, size: str, arguments: argparse.Namespace) -> Path | None:
    if arguments.all is not None:
        return Path(arguments.all) / f"{name}-{theme}-{size}.png"
    shown = size == "wide" and (name, theme) in SHOWN
    return Path(arguments.directory) / f"{name}-{theme}.png" if shown else None


if __name__ == "__main__":
    main()
