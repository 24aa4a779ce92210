"""Home and the bell for each role, and for who looks after some applications only: what they can do, and nothing else."""

import re

import pytest
from django.test import Client

from provisor.access.accounts import create_account
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.provisioning.models import Finding, Hold, Link
from tests.console.conftest import application, link, user

#: The button of each need in the company below that is about the application itself.
_ENGINE, _START, _HOLDS, _CONFLICT, _FAILED = (
    "See its health", "Review the plan", "Release or keep", "?state=conflict", "?state=failed",
)  # fmt: skip
_FOUND = "/drift"
#: What each role sees on Home, and how much the bell says: 1 held, 1 in conflict, 1 failed, 2 found.
_ROLES = {
    "owner": ({_ENGINE, _START, _HOLDS, _CONFLICT, _FAILED, _FOUND}, 5),
    "application-administrator": ({_ENGINE, _START, _CONFLICT, _FAILED, _FOUND}, 4),
    "approver": ({_HOLDS}, 1),
    "help-desk": ({_FAILED, _FOUND}, 3),
    "auditor": (set(), 0),
}


@pytest.fixture
def slack(db: None) -> Application:
    """An application in which a person of every role has something to do."""
    return _troubled("Slack")


def _troubled(name: str) -> Application:
    one = application(name, mode="observe")
    for state in ("held", "conflict", "failed"):
        account = link(one, user(f"{name}-{state}").id, state, f"A reason in {name}.")
    Hold.objects.create(application=one, link_id=account.pk, act="deactivate", effect="e", held_at=1)
    for number in range(2):
        Finding.objects.create(
            application=one, kind="user", what="unknown", remote_id=f"{number}", found_at=1, seen_at=1, name="x"
        )  # fmt: skip
    return one


def _browser(role: str, **bounds: object) -> Client:
    account = create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM, **bounds)  # type: ignore[arg-type]
    client = Client(SERVER_NAME="localhost")
    client.force_login(account)
    return client


def _needs(page: str) -> str:
    found = re.search(r'<section class="card" id="needs".*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def _bell(page: str) -> int:
    said = re.search(r'id="needs-you".*?</a>', page, re.DOTALL)
    assert said is not None
    count = re.search(r'class="count">(\d+)<', said[0])
    return int(count[1]) if count else 0


@pytest.mark.parametrize("role", _ROLES)
def test_a_role_is_shown_what_it_can_do_and_nothing_else(slack: Application, role: str):
    wanted, count = _ROLES[role]
    browser = _browser(role)
    for address in ("/", "/needs-you"):
        page = browser.get(address).content.decode()
        shown = _needs(page)
        for words in _ROLES["owner"][0]:
            assert (words in shown) is (words in wanted), (address, words)
        assert _bell(page) == count, address
    assert _bell(browser.get("/apps").content.decode()) == count


@pytest.mark.parametrize("role", _ROLES)
def test_a_role_can_open_whatever_its_home_page_offers(slack: Application, role: str):
    browser = _browser(role)
    page = browser.get("/").content.decode()
    offered = set(re.findall(r'<a [^>]*href="(/[^"]*)"', page))
    assert "/apps" in offered
    for address in offered:
        assert browser.get(address.replace("&amp;", "&")).status_code in (200, 302), address


@pytest.mark.parametrize("role", ["application-administrator", "approver", "help-desk"])
def test_who_looks_after_one_application_hears_of_no_other(slack: Application, role: str):
    other = _troubled("Payroll")
    browser = _browser(role, applications=[slack.id])
    for address in ("/", "/needs-you"):
        page = browser.get(address).content.decode()
        assert "Payroll" not in page
        assert str(other.id) not in page
        assert _bell(page) == _ROLES[role][1]
    assert _bell(browser.get("/apps").content.decode()) == _ROLES[role][1]


def test_who_can_do_nothing_about_it_is_told_that_others_have_to(slack: Application):
    page = _browser("auditor").get("/needs-you").content.decode()
    assert "Nothing needs you" in page
    assert "wait for somebody with another role" in page
    Link.objects.all().delete()
    Finding.objects.all().delete()
    Hold.objects.all().delete()
    Application.objects.all().delete()
    assert "Every application is well" in _browser("approver").get("/needs-you").content.decode()
