"""Pictures of the main pages: `python -m tests.browser.screenshots` renews those that the README shows.

With `--all DIR` every page is photographed there in both themes, wide and narrow. All that they show has happened: a
service runs beside a SCIM server that we did not write and beside the lab target.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import _ARGUMENTS, CHROMIUM, sign_in
from tests.browser.service import Service, service
from tests.servers import LabServer, Scim2Server, lab, scim2_server
from tests.servers.processes import ROOT
from tests.servers.reader import post

#: What the README shows, wide.
SHOWN = (("home", "light"), ("home", "dark"), ("why", "light"), ("plan", "light"))
_SIZES = {"wide": {"width": 1280, "height": 860}, "narrow": {"width": 400, "height": 860}}
_THEMES = ("light", "dark")
_SETTINGS = ("administrators", "tokens", "notifications", "attributes", "about")
#: Longer pages are cut there, in pixels.
_HIGHEST = 3_000
PEOPLE = 160
#: The creation that goes wrong at the lab target.
_FAULT = {"kind": "status", "status": 400, "method": "POST", "path": "/Users$", "nth": 12}
_PATIENCE_SECONDS = 180.0
#: Looks in a row, half a second apart, that must find nothing moving.
_STILL = 6


@dataclass(frozen=True, slots=True)
class Picture:
    """One page; `act` is what is done on it before it is photographed."""

    name: str
    path: str
    act: Callable[[Page], None] | None = None


def main() -> None:
    """Run the company, photograph it, end everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--all", type=Path, metavar="DIR", help="every page, theme and width goes there")
    parser.add_argument("--only", default="", metavar="PATTERN", help="only the pages whose names it matches")
    parser.add_argument("--theme", choices=_THEMES, action="append", help="only this one")
    parser.add_argument("--size", choices=tuple(_SIZES), action="append", help="only this one")
    arguments = parser.parse_args()
    with _running() as (provisor, targets):
        pictures = [one for one in _company(provisor, *targets) if re.search(arguments.only, one.name)]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
            _photograph(browser, provisor, pictures, arguments)
            browser.close()


@contextmanager
def _running() -> Iterator[tuple[Service, tuple[Scim2Server, LabServer]]]:
    """A service whose database this process writes too, with its two targets."""
    with (
        tempfile.TemporaryDirectory(prefix="provisor-pictures-") as name,
        scim2_server() as server,
        lab({"faults": [_FAULT]}) as laboratory,
    ):
        for variable in [variable for variable in os.environ if variable.startswith("PROVISOR_")]:
            del os.environ[variable]
        os.environ["PROVISOR_DATA_DIR"] = name
        os.environ["PROVISOR_PRIVATE_TARGETS"] = "127.0.0.0/8"
        with service(Path(name)) as provisor:
            yield provisor, (server, laboratory)


def _company(provisor: Service, server: Scim2Server, laboratory: LabServer) -> list[Picture]:
    """Found it, let it be provisioned, let a day pass, and say where there is something to see."""
    from provisor.site.start import start

    start()
    from provisor.audit.actor import Actor
    from provisor.cli.demo.changes import change_company
    from provisor.directory.memberships import remove_members
    from provisor.sample.company import build_company
    from provisor.sample.founding import found_company, grant

    actor = Actor(kind="command", id="ingrid", label="ingrid.solberg@halden.example")
    roster = found_company(build_company(PEOPLE), actor)
    wiki = _application("Wiki", server.base_url, server.token, actor)
    grant(roster, wiki, actor)
    library = _application("Design Library", laboratory.base_url, laboratory.token, actor)
    _policy(library, roster.group_ids["Engineering"], actor)
    payroll = _application("Payroll", server.base_url, "the-token-of-last-year", actor)
    _policy(payroll, roster.group_ids["Finance"], actor)
    travel = _application("Travel Desk", server.base_url, server.token, actor, mode="observe")
    _policy(travel, roster.group_ids["Sales"], actor)
    _until_still()
    change_company(roster, actor)
    _until_still()
    lost = roster.company.team("Field Service").members
    group = roster.group_ids["Field Service"]
    remove_members(group, _still_members(group, [roster.user_ids[name] for name in lost]), actor=actor)
    _until_still()
    _found_by_a_scan(server, wiki, actor)
    return _pictures(wiki, library, travel, payroll, roster.group_ids["Engineering"])


def _found_by_a_scan(server: Scim2Server, wiki: Any, actor: Any) -> None:
    """Somebody works in the application beside Provisor, and a scan sees it."""
    from provisor.provisioning.drift.scans import request_scan
    from provisor.provisioning.models import Link

    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    for name in ("svc-backup", "old.contractor@halden.example"):
        post(f"{server.base_url}/Users", {"schemas": schemas, "userName": name, "active": True}, server.token)
    known = Link.objects.filter(application=wiki, kind="user", state="in_sync").order_by("id")[5]
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
             "Operations": [{"op": "replace", "path": "displayName", "value": "Somebody Else"}]}  # fmt: skip
    post(f"{server.base_url}/Users/{known.remote_id}", patch, server.token, method="PATCH")
    request_scan(wiki.pk, actor=actor)
    _until_still()


def _application(name: str, base_url: str, token: str, actor: Any, **fields: Any) -> Any:
    from provisor.applications.applications import create_application

    # scim2-server collapses above about eight connections.
    limits = {"concurrency": 4}
    auth = {"method": "bearer", "token": token}
    return create_application(name=name, base_url=base_url, auth=auth, limits=limits, actor=actor, **fields)


def _policy(application: Any, group_id: Any, actor: Any) -> None:
    from provisor.applications.policies import create_policy
    from provisor.directory.models import Group

    name = f"{application.name} for {Group.objects.get(pk=group_id).display_name}"
    create_policy(name=name, application=application, group=group_id, actor=actor)


def _still_members(group_id: Any, user_ids: list[Any]) -> list[Any]:
    """Those whom the day has left in it."""
    from provisor.directory.models import Membership

    found = Membership.objects.filter(group_id=group_id, user_id__in=user_ids)
    return list(found.values_list("user_id", flat=True))


def _until_still() -> None:
    """Wait until the engine has nothing more to fold, to send or to try again soon."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    before, same = None, 0
    while same < _STILL:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The engine did not come to rest: {before}")
        time.sleep(0.5)
        now = _standing()
        same = same + 1 if now == before and not now[0] else 0
        before = now


def _standing() -> tuple[int, list[tuple[str, int]]]:
    """What must be nothing, and what must stay the same."""
    from django.db.models import Count

    from provisor.directory.models import Pending
    from provisor.provisioning.models import Link, Run, Scan

    going = ("requested", "running")
    moving = sum(rows.filter(state__in=going).count() for rows in (Run.objects, Scan.objects))
    moving += Pending.objects.count()
    states = Link.objects.values_list("state").annotate(count=Count("id")).order_by("state")
    return moving, list(states)


def _pictures(wiki: Any, library: Any, travel: Any, payroll: Any, group_id: Any) -> list[Picture]:
    from django.db.models import Count

    from provisor.applications.models import Policy
    from provisor.directory.models import Membership, User
    from provisor.provisioning.models import AccessInterval, Link, Run

    small = (
        Membership.objects.values_list("group_id")
        .annotate(n=Count("pk"))
        .filter(n__range=(5, 15))
        .order_by("n")[0]
    )
    accounts = Link.objects.filter(application=library, kind="user")
    outside = User.objects.filter(active=True, deleted_at=None).exclude(pk__in=accounts.values("local_id"))[0]
    failed = Link.objects.filter(application=library, state="failed").first()
    well = Link.objects.filter(application=wiki, kind="user", state="in_sync").order_by("id")[20]
    # Who was in two applications, of which at least one account is live.
    live = AccessInterval.objects.filter(application=library, to_at=None).order_by("id")[3]
    why = urlencode({"user": live.user_id, "application": library.pk})
    return [
        Picture("home", "/"),
        Picture("needs-you", "/needs-you"),
        Picture("apps", "/apps"),
        Picture("application", f"/apps/{wiki.pk}"),
        Picture("application-failing", f"/apps/{library.pk}"),
        Picture("accounts", f"/apps/{wiki.pk}/accounts"),
        Picture("link", f"/apps/{wiki.pk}/links/{well.pk}"),
        *([Picture("link-failed", f"/apps/{library.pk}/links/{failed.pk}")] if failed else []),
        Picture("holds", f"/apps/{wiki.pk}/holds"),
        Picture("drift", f"/apps/{wiki.pk}/drift"),
        Picture("provision", f"/apps/{wiki.pk}/provision", _provision),
        Picture("access-day", f"/apps/{library.pk}/access"),
        Picture("application-groups", f"/apps/{wiki.pk}/groups"),
        Picture("application-policies", f"/apps/{wiki.pk}/policies"),
        Picture("application-settings", f"/apps/{wiki.pk}/settings"),
        Picture("application-refused", f"/apps/{payroll.pk}"),
        Picture("log", f"/apps/{wiki.pk}/log"),
        Picture("mapping", f"/apps/{wiki.pk}/mapping"),
        Picture("features", f"/apps/{wiki.pk}/features"),
        Picture("plan", f"/apps/{travel.pk}/plan", _open_first),
        Picture("why", f"/why?{why}"),
        Picture("users", "/users"),
        Picture("user", f"/users/{live.user_id}"),
        Picture("group", f"/groups/{group_id}"),
        Picture("groups", "/groups"),
        Picture("policies", "/policies"),
        Picture("add-application", "/apps/add"),
        Picture(
            "add-application-connection", "/apps/add/connection?" + urlencode({"profile": "generic", "name": "Intranet"})
        ),
        Picture("why-not", "/why?" + urlencode({"user": outside.pk, "application": library.pk})),
        Picture("user-edit", f"/users/{live.user_id}/edit"),
        Picture("user-add", "/users/add"),
        Picture("user-access-day", f"/users/{live.user_id}/access"),
        Picture("users-import", "/users/import"),
        Picture("group-create", "/groups/create"),
        Picture("group-reach", f"/groups/{small[0]}", _choose_first),
        *(Picture(f"group-{tab}", f"/groups/{group_id}/{tab}") for tab in ("inside", "policies", "applications", "journal")),
        Picture("policy", f"/policies/{Policy.objects.order_by('name')[0].pk}"),
        Picture("policy-add", "/policies/add"),
        Picture("activity", "/activity"),
        Picture("activity-log", "/activity/log"),
        Picture("run", f"/activity/runs/{Run.objects.order_by('-requested_at')[0].pk}"),
        Picture("audit", "/audit"),
        Picture("journal", "/audit/journal"),
        Picture("audit-verify", "/audit/verify"),
        Picture("settings", "/settings"),
        *(Picture(f"settings-{page}", f"/settings/{page}") for page in _SETTINGS),
        Picture("palette", "/", _search),
    ]  # fmt: skip


def _open_first(page: Page) -> None:
    """The first operation with its request."""
    first = page.locator("main .card details").first
    if first.count():
        first.locator("summary").click()


def _choose_first(page: Page) -> None:
    """Two members selected, and what taking them out would reach."""
    boxes = page.locator("main table tbody").get_by_role("checkbox")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("combobox", name="Select action").select_option(label="Remove from the group")
    page.locator(".reach .reach-said").first.wait_for()


def _provision(page: Page) -> None:
    """One person provisioned on demand, with every step."""
    page.get_by_role("searchbox").fill("a")
    page.locator("main").get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("button", name=re.compile("Provision .* now")).first.click()
    page.locator(".chain").wait_for()


def _search(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search pages").press_sequentially("eng")
    page.get_by_role("option", name="Engineering").first.wait_for()


def _photograph(
    browser: Browser, provisor: Service, pictures: list[Picture], arguments: argparse.Namespace
) -> None:
    for theme, size in product(arguments.theme or _THEMES, arguments.size or _SIZES):
        wanted = [
            (picture, place)
            for picture in pictures
            if (place := _place(picture.name, theme, size, arguments.directory, arguments.all)) is not None
        ]
        if wanted:
            _visit(browser, provisor, theme, _SIZES[size], wanted, whole=arguments.all is not None)


def _place(name: str, theme: str, size: str, directory: Path, everything: Path | None) -> Path | None:
    if everything is not None:
        return everything / f"{name}-{theme}-{size}.png"
    return directory / f"{name}-{theme}.png" if size == "wide" and (name, theme) in SHOWN else None


def _visit(
    browser: Browser,
    provisor: Service,
    theme: str,
    size: dict[str, int],
    wanted: list[tuple[Picture, Path]],
    *,
    whole: bool,
) -> None:
    """`whole` takes the page down to its end, not only what is seen first."""
    context = browser.new_context(
        viewport=size, color_scheme=theme, reduced_motion="reduce", locale="en-GB", timezone_id="Europe/Oslo"
    )
    page = context.new_page()
    sign_in(page, provisor)
    for picture, place in wanted:
        page.goto(provisor.address + picture.path)
        if picture.act is not None:
            picture.act(page)
        _settle(page)
        place.parent.mkdir(parents=True, exist_ok=True)
        if whole:
            # A window as high as the page: what sticks to its lower edge, and what lies over it, is where it belongs.
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({**size, "height": max(size["height"], min(height, _HIGHEST))})
        page.screenshot(path=place)
        page.set_viewport_size(size)
        sys.stdout.write(f"{place.name}: {place.stat().st_size // 1024} kB{_too_wide(page)}\n")
        sys.stdout.flush()
    context.close()


def _settle(page: Page) -> None:
    """Wait for parts that come later, and for fonts; by looking, since the pages' policy forbids to evaluate in them."""
    while not page.evaluate("document.fonts.status === 'loaded' && !document.querySelector('.htmx-request')"):
        page.wait_for_timeout(50)


def _too_wide(page: Page) -> str:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return f", and the page scrolls sideways by {wide} px" if wide > 0 else ""


if __name__ == "__main__":
    main()
