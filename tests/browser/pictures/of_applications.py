"""The pages of applications, and what they open."""

from collections.abc import Iterator
from urllib.parse import urlencode

from playwright.sync_api import Page

from tests.browser.pictures.acts import choose, first_row, more, open_first, press, provision, send
from tests.browser.pictures.picture import Picture
from tests.browser.pictures.stage import Stage

_STEPS = ("basics", "connection", "mapping", "features", "review", "done")
_INTRANET = "/apps/add/connection?" + urlencode({"profile": "generic", "name": "Intranet"})


def of_applications(stage: Stage) -> Iterator[Picture]:
    """The list, adding one, and everything of one."""
    yield Picture("apps", "/apps")
    yield Picture("apps-none-found", "/apps?q=nothing-is-called-so")
    yield from _adding(stage)
    yield from _overviews(stage)
    yield from _accounts(stage)
    yield from _decisions(stage)
    yield from _settings(stage)


def _adding(stage: Stage) -> Iterator[Picture]:
    yield Picture("add-application", "/apps/add")
    yield Picture("add-application-found", "/apps/add?q=slack")
    yield Picture("add-application-connection", _INTRANET)
    yield Picture("add-application-errors", _INTRANET, send("Save"))
    for step in _STEPS:
        yield Picture(f"set-up-{step}", f"/apps/{stage.travel.pk}/set-up/{step}")


def _overviews(stage: Stage) -> Iterator[Picture]:
    wiki = f"/apps/{stage.wiki.pk}"
    yield Picture("application", wiki)
    yield Picture("application-menu", wiki, _open_menu)
    yield Picture("application-pausing", wiki, more("Pause with a reason"))
    yield Picture("application-observing", wiki, more("Only observe"))
    yield Picture("application-failing", f"/apps/{stage.library.pk}")
    yield Picture("application-refused", f"/apps/{stage.payroll.pk}")
    yield Picture("application-going", f"/apps/{stage.travel.pk}", press("Say go"))
    for tab in ("groups", "policies", "log", "mapping", "features", "sign-in", "plan"):
        yield Picture(f"application-{tab}", f"{wiki}/{tab}")
    yield Picture("plan", f"/apps/{stage.travel.pk}/plan", open_first)
    yield Picture("provision", f"{wiki}/provision", provision)
    yield Picture("provision-first", f"{wiki}/provision")
    yield Picture("log-attempt", f"{wiki}/log", first_row)
    yield Picture("access-day", f"/apps/{stage.library.pk}/access")


def _open_menu(page: Page) -> None:
    page.get_by_label("More acts").click()


def _accounts(stage: Stage) -> Iterator[Picture]:
    from provisor.provisioning.models import Link

    well = Link.objects.filter(application=stage.wiki, kind="user", state="in_sync").order_by("id")[20]
    group = Link.objects.filter(application=stage.wiki, kind="group", state="in_sync").order_by("id")[0]
    failed = Link.objects.filter(application=stage.library, state="failed").first()
    wiki = f"/apps/{stage.wiki.pk}"
    yield Picture("accounts", f"{wiki}/accounts")
    yield Picture(
        "accounts-chosen", f"{wiki}/accounts", choose("Try again", then=".reach :is(p, .reach-said)")
    )
    yield Picture("accounts-none-found", f"{wiki}/accounts?q=nobody-is-called-so")
    yield Picture("link-beside", f"{wiki}/accounts", first_row)
    yield Picture("link", f"{wiki}/links/{well.pk}")
    yield Picture("link-of-group", f"{wiki}/links/{group.pk}")
    if failed is not None:
        yield Picture("link-failed", f"/apps/{stage.library.pk}/links/{failed.pk}")


def _decisions(stage: Stage) -> Iterator[Picture]:
    wiki = f"/apps/{stage.wiki.pk}"
    yield Picture("holds", f"{wiki}/holds")
    yield Picture(
        "holds-chosen", f"{wiki}/holds", choose("Release: let it happen", then=".reach :is(p, .reach-said)")
    )
    yield Picture("holds-all", f"{wiki}/holds", press("Release all"))
    yield Picture("holds-none", f"/apps/{stage.library.pk}/holds")
    yield Picture("drift", f"{wiki}/drift")
    yield Picture("drift-reassert", f"{wiki}/drift", press("Assert everything again"))
    yield Picture("drift-never", f"/apps/{stage.library.pk}/drift")


def _settings(stage: Stage) -> Iterator[Picture]:
    wiki = f"/apps/{stage.wiki.pk}"
    yield Picture("application-settings", f"{wiki}/settings")
    yield Picture("application-connection", f"{wiki}/settings/connection")
    yield Picture("application-profile", f"{wiki}/settings/profile")
    yield Picture("application-tested", f"{wiki}/settings", press("Test connection", then="#tested li"))
    yield Picture("application-deleting", f"{wiki}/settings", press("Delete Wiki"))
    yield Picture("application-fact", f"{wiki}/settings", press("Set|Change", within="#facts"))
