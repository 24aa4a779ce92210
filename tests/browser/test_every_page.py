"""Every page in both themes, wide and narrow: nothing for axe, nothing in the console, nothing that scrolls sideways."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.service import Service
from tests.servers import Scim2Server

#: What sticks out of the page to the right, innermost first; nothing where the page does not scroll sideways. What a
#: wide table or the tabs scroll within themselves is not meant.
_TOO_WIDE = """() => {
  const page = document.documentElement
  if (page.scrollWidth <= page.clientWidth + 1) return null
  const wide = [...document.body.querySelectorAll("*")].filter(
    one => one.getBoundingClientRect().right > page.clientWidth + 1 && !one.closest(".table-area, .tabs"))
  return wide.reverse().slice(0, 5).map(one => one.outerHTML.slice(0, 200)).join(" | ")
}"""
_LISTS = (
    "/", "/needs-you", "/apps", "/apps/add", "/users", "/users/add", "/users/import", "/groups", "/groups/create",
    "/groups/import", "/policies", "/policies/add", "/activity", "/activity/log", "/why", "/audit", "/audit/journal",
    "/settings", "/settings/administrators", "/settings/tokens", "/settings/notifications", "/settings/attributes",
    "/settings/about", "/account", "/settings/administrators/add", "/settings/tokens/create",
    "/settings/notifications/add-email", "/settings/notifications/add-webhook", "/settings/attributes/add",
    "/settings/sign-in-provider", "/audit/verify",
)  # fmt: skip
_TABS = (
    "",
    "/accounts",
    "/groups",
    "/mapping",
    "/features",
    "/policies",
    "/plan",
    "/holds",
    "/access",
    "/drift",
    "/log",
    "/settings",
    "/provision",
)
_GROUP_TABS = ("/inside", "/policies", "/applications", "/journal")


#: Without a place to break, and longer than a narrow screen: every page must wrap or cut them.
_LONG = "Unterstuetzungsorganisationsverwaltung" * 2
_APPLICATION, _GROUP, _INNER = f"Pages{_LONG}", f"Readers{_LONG}", f"Inner{_LONG}"


@pytest.fixture(scope="module")
def company(provisor: Service, target: Scim2Server) -> Service:
    """One application, a group in a group with two people, one policy: every page has something to show, with long names."""
    token = provisor.directory / "token.txt"
    token.write_text(target.token)
    provisor.command("application", "add", _APPLICATION, "--url", target.base_url, "--token-file", token)
    provisor.command("group", "create", _GROUP)
    provisor.command("group", "create", _INNER)
    provisor.command("group", "nest", _GROUP, _INNER)
    for name, group in (("pia", _GROUP), ("paul", _INNER)):
        email = f"{name}.{'of-' * 18}x@{'long-' * 8}name.example.com"
        names = ("--given-name", name.title(), "--family-name", _LONG, "--email", email)
        provisor.command("user", "create", email, *names)
        provisor.command("group", "add", group, email)
    provisor.command("policy", "add", _APPLICATION, _GROUP)
    provisor.command("sync", _APPLICATION, "--wait")
    return provisor


def _addresses(page: Page, company: Service) -> list[str]:
    """The lists, and one page of each kind that they lead to."""
    found = list(_LISTS)
    for place, text in (("/users?q=pia", "pia"), ("/groups?q=Readers", "Readers"), ("/policies", "Readers")):
        page.goto(company.address + place)
        link = page.locator("main table a").filter(has_text=re.compile(text, re.IGNORECASE)).first
        found.append(str(link.get_attribute("href")))
    page.goto(f"{company.address}/apps?q=Pages")
    application = str(page.locator("main table a").filter(has_text="Pages").first.get_attribute("href"))
    found += [application + tab for tab in _TABS]
    page.goto(f"{company.address}{application}/accounts")
    found.append(str(page.locator("main table tbody a").first.get_attribute("href")))
    person = next(address for address in found if re.fullmatch(r"/users/[0-9a-f-]{36}", address))
    found += [f"{person}/edit", f"{person}/access"]
    group = next(address for address in found if re.fullmatch(r"/groups/[0-9a-f-]{36}", address))
    found += [group + tab for tab in _GROUP_TABS]
    found.append(f"/why?user={person.rsplit('/', 1)[1]}&application={application.rsplit('/', 1)[1]}")
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing_on_any_page(page: Page, company: Service, theme: str, width: int):
    addresses = _addresses(page, company)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    findings: list[str] = []
    for address in addresses:
        answer = page.goto(company.address + address)
        assert answer is not None
        assert answer.status == 200, address
        page.sight.settle()
        findings += page.sight.accessibility()
        if wide := page.evaluate(_TOO_WIDE):
            findings.append(f"{address} scrolls sideways: {wide}")
    assert not findings, "\n".join(findings)
