"""The offer of the sample company on an empty system, and what becomes of it."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.console.home import sample
from provisor.console.long_work import running
from provisor.console.models import Work
from provisor.directory.models import JournalEntry, User
from provisor.sample.keeper import Keeper, keeping
from provisor.sample.loading import load_sample
from tests.console.conftest import application, user

pytestmark = pytest.mark.django_db(transaction=True)
OFFER = "Load the sample company with a test target"
_PATIENCE = 30.0


@pytest.fixture
def keeper(settings: Settings, tmp_path: Path) -> Iterator[Keeper]:
    """As in `provisor serve`; no setting opens loopback."""
    settings.PRIVATE_TARGETS = ()
    with keeping(tmp_path) as one:
        yield one


def _await(condition: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def _ended(address: str) -> Work:
    work = Work.objects.get(pk=address.rpartition("/")[2])
    _await(lambda: running.progress_of(work.id) is None)
    work.refresh_from_db()
    return work


def _page(browser: Client, address: str = "/") -> str:
    return " ".join(browser.get(address).content.decode().split())


def test_it_loads_as_long_work_and_leads_to_the_application_and_the_users(
    browser: Client, owner: Account, keeper: Keeper
):
    assert OFFER in _page(browser)
    work = _ended(browser.post("/sample").headers["Location"])
    assert (work.state, work.message, work.done, work.total) == ("finished", "", 143, 143)
    made = Application.objects.get()
    page = _page(browser, f"/long-work/{work.id}")
    assert "Halden Energy is here: 120 people in 12 groups." in page
    assert f'href="{reverse("application", args=[made.id])}"' in page
    assert f'href="{reverse("users")}"' in page
    assert OFFER not in _page(browser)
    assert User.objects.count() == 120
    # It is the person's act, by their name, and not the system's.
    assert set(JournalEntry.objects.filter(event="user.created").values_list("actor", flat=True)) == {
        owner.email
    }


@pytest.mark.parametrize("make", [user, application])
def test_a_system_that_is_not_empty_is_offered_nothing_and_answers_409(
    browser: Client, keeper: Keeper, make: Callable[[], object]
):
    make()
    assert OFFER not in _page(browser)
    answer = browser.post("/sample")
    assert answer.status_code == 409
    assert "The sample company is for an empty system, and this one has 1 " in answer.content.decode()
    assert not Work.objects.exists()


@pytest.mark.parametrize("role", ["approver", "help-desk", "auditor"])
def test_who_may_not_manage_both_is_offered_nothing_and_refused(keeper: Keeper, role: str):
    client = _signed_in(role)
    assert OFFER not in _page(client)
    assert client.post("/sample").status_code == 403
    assert not Work.objects.exists()


def test_who_may_manage_both_is_offered_it(keeper: Keeper):
    assert OFFER in _page(_signed_in("application-administrator"))


def _signed_in(role: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM))
    return client


def test_without_the_package_the_offer_says_what_to_install(
    browser: Client, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("provisor.console.home.sample_offer.installed", lambda: False)
    page = _page(browser)
    assert OFFER not in page
    assert "pip install provisor[demo]" in page
    answer = browser.post("/sample")
    assert answer.status_code == 409
    assert "pip install provisor[demo]" in answer.content.decode()


def test_a_process_that_only_serves_pages_says_what_to_start(browser: Client):
    assert OFFER not in _page(browser)
    assert "provisor serve" in _page(browser)
    assert browser.post("/sample").status_code == 409


def test_a_second_click_leads_to_the_work_that_runs_already(
    browser: Client, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
):
    opened = threading.Event()

    def slowly(one: Keeper, actor: Any, progress: running.Progress) -> Any:
        assert opened.wait(_PATIENCE)
        return load_sample(one, actor, progress)

    monkeypatch.setattr(sample, "load_sample", slowly)
    first = browser.post("/sample").headers["Location"]
    assert browser.post("/sample").headers["Location"] == first
    assert f'href="{first}"' in _page(browser)
    opened.set()
    assert _ended(first).state == "finished"
    assert Application.objects.count() == 1


def test_stopped_it_leaves_the_system_empty_and_offers_it_again(
    browser: Client, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
):
    reached, opened = threading.Event(), threading.Event()

    def slowly(one: Keeper, actor: Any, progress: running.Progress) -> Any:
        def told(done: int, total: int) -> None:
            if done > 100:
                reached.set()
                assert opened.wait(_PATIENCE)
            progress(done, total)

        return load_sample(one, actor, told)

    monkeypatch.setattr(sample, "load_sample", slowly)
    address = browser.post("/sample").headers["Location"]
    assert reached.wait(_PATIENCE)
    running.stop(Work.objects.get(pk=address.rpartition("/")[2]).id)
    opened.set()
    assert _ended(address).state == "stopped"
    assert "the system is empty again" in _page(browser, address)
    assert not User.objects.exists()
    assert OFFER in _page(browser)


def test_only_a_post_loads_it(browser: Client, keeper: Keeper):
    assert browser.get("/sample").status_code == 405
