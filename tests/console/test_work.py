"""Long work: its progress, its end in each way, and who may look at it and stop it."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.console.long_work import running
from provisor.console.long_work.reading import span, standing
from provisor.console.long_work.results import MOST_ROWS, result
from provisor.console.models import Work
from provisor.directory.refusal import DirectoryRefusal

pytestmark = pytest.mark.django_db(transaction=True)
_PATIENCE = 20.0


class Gate:
    """Lets a work wait at a place of the test's choosing."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def wait(self) -> None:
        self.reached.set()
        assert self.open.wait(_PATIENCE)


@pytest.fixture
def gate() -> Iterator[Gate]:
    one = Gate()
    yield one
    one.open.set()


def _started(account: Account, function: running.Function, title: str = "Counting", **order: Any) -> Work:
    return running.start("test", title, account, order, function)


def _ended(work: Work) -> Work:
    _await(lambda: running.progress_of(work.id) is None)
    work.refresh_from_db()
    return work


def _await(condition: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def test_a_work_that_ends_leaves_its_result_and_its_counts(owner: Account):
    def count(progress: running.Progress) -> dict[str, Any]:
        for number in range(1, 4):
            progress(number, 3)
        return result("Three were counted.", links=[("Users", "/users")])

    work = _ended(_started(owner, count))
    assert (work.state, work.done, work.total) == ("finished", 3, 3)
    assert work.result["sentence"] == "Three were counted."
    assert work.ended_at is not None


def test_the_page_shows_progress_while_it_runs_and_the_result_after(
    browser: Client, owner: Account, gate: Gate
):
    def count(progress: running.Progress) -> dict[str, Any]:
        progress(420, 1200)
        gate.wait()
        return result(
            "Done.",
            links=[("To the users", "/users")],
            header=["Line"],
            rows=[["<b>4</b>"]],
            caption="Left out",
        )

    work = _started(owner, count)
    gate.reached.wait(_PATIENCE)
    page = browser.get(f"/long-work/{work.id}").content.decode()
    assert "420 of 1,200" in page
    assert 'max="1200" value="420"' in page
    assert "Stop" in page
    assert 'data-live-topics="work"' in page
    gate.open.set()
    _ended(work)
    page = browser.get(f"/long-work/{work.id}").content.decode()
    assert "Done." in page
    assert "To the users" in page
    assert "&lt;b&gt;4&lt;/b&gt;" in page
    assert "<b>4" not in page
    assert 'data-live-topics="work"' not in page.split('id="work"')[1]


def test_a_person_stops_it_at_its_next_step(browser: Client, owner: Account, gate: Gate):
    def count(progress: running.Progress) -> dict[str, Any]:
        progress(1, 3)
        gate.wait()
        progress(2, 3)
        raise AssertionError("it went on")

    work = _started(owner, count, stopped="What was done stays.", again="/users/import?file=1")
    gate.reached.wait(_PATIENCE)
    assert browser.post(f"/long-work/{work.id}/stop").headers["Location"] == f"/long-work/{work.id}"
    assert "Stopping at the next step" in browser.get(f"/long-work/{work.id}").content.decode()
    gate.open.set()
    assert _ended(work).state == "stopped"
    page = browser.get(f"/long-work/{work.id}").content.decode()
    assert "Stopped after 2 of 3. What was done stays." in " ".join(page.split())
    assert 'href="/users/import?file=1"' in page


def test_stopping_inside_a_transaction_takes_everything_back(browser: Client, owner: Account, gate: Gate):
    def rename(progress: running.Progress) -> dict[str, Any]:
        with transaction.atomic():
            Account.objects.filter(id=owner.id).update(name="Renamed")
            gate.wait()
            progress(1, 2)
        return result("Renamed.")

    work = _started(owner, rename)
    gate.reached.wait(_PATIENCE)
    running.stop(work.id)
    gate.open.set()
    assert _ended(work).state == "stopped"
    owner.refresh_from_db()
    assert owner.name == ""


def test_a_refusal_is_told_and_a_fault_is_not_shown_to_the_person(browser: Client, owner: Account):
    def refuse(_progress: running.Progress) -> dict[str, Any]:
        raise DirectoryRefusal("file", "The file is empty.")

    def break_down(_progress: running.Progress) -> dict[str, Any]:
        raise RuntimeError("secret detail")

    refused = _ended(_started(owner, refuse))
    assert (refused.state, refused.message) == ("failed", "The file is empty.")
    broken = _ended(_started(owner, break_down))
    assert broken.state == "failed"
    assert "secret detail" not in browser.get(f"/long-work/{broken.id}").content.decode()
    assert "log of the service" in broken.message


def test_what_another_process_left_running_is_over(browser: Client, owner: Account):
    work = Work.objects.create(
        kind="test", title="Importing people.csv", account=owner, process=uuid4().hex,
        done=3000, total=10_000, started_at=timezone.now(), order={"again": "/users/import?file=1"},
    )  # fmt: skip
    page = browser.get(f"/long-work/{work.id}").content.decode()
    assert "The service was restarted; 3,000 of 10,000 were done. Start it again." in page
    assert "/users/import?file=1" in page
    work.refresh_from_db()
    assert work.state == "failed"


def test_progress_inside_a_transaction_is_seen_although_nothing_is_written_there(owner: Account, gate: Gate):
    written: list[int] = []

    def count(progress: running.Progress) -> dict[str, Any]:
        with transaction.atomic():
            progress(5, 9)
            written.append(Work.objects.get(id=progress.work_id).done)
            gate.wait()
        return result("Done.")

    work = _started(owner, count)
    gate.reached.wait(_PATIENCE)
    seen = standing(work.id)
    assert seen is not None
    assert (seen.done, seen.total) == (5, 9)
    assert written == [0]
    gate.open.set()
    _ended(work)


def test_the_end_is_written_although_the_database_was_locked(owner: Account, monkeypatch: pytest.MonkeyPatch):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite locks the whole database")
    from django.db import OperationalError

    real, refusals = Work.objects.filter, iter([OperationalError("database is locked")] * 2)

    def locked(**wanted: Any) -> Any:
        if threading.current_thread().name.startswith("work-"):
            for error in refusals:
                raise error
        return real(**wanted)

    monkeypatch.setattr(running, "_PAUSE", 0.01)
    monkeypatch.setattr(Work.objects, "filter", locked)
    work = _ended(_started(owner, lambda _progress: result("Done.")))
    assert work.state == "finished"


def test_works_that_ended_over_30_days_ago_are_deleted_when_a_new_one_starts(owner: Account):
    def row(days: int) -> Work:
        started = timezone.now() - timedelta(days=days)
        return Work.objects.create(
            kind="test", title="Old", account=owner, process="x", state="finished", started_at=started
        )

    gone, kept = row(31), row(29)
    _ended(_started(owner, lambda _progress: result("Done.")))
    assert not Work.objects.filter(id=gone.id).exists()
    assert Work.objects.filter(id=kept.id).exists()


def test_who_neither_started_it_nor_manages_the_directory_sees_no_work(owner: Account):
    account = create_account("auditor@example.com", "a long enough phrase", "auditor", SYSTEM)
    other = Client(SERVER_NAME="localhost")
    other.force_login(account)
    work = _ended(_started(owner, lambda _progress: result("Ada was imported.")))
    assert other.get(f"/long-work/{work.id}").status_code == 403
    assert other.post(f"/long-work/{work.id}/stop").status_code == 403
    own = _ended(_started(account, lambda _progress: result("Ada was read.")))
    assert other.get(f"/long-work/{own.id}").status_code == 200
    assert other.get(f"/long-work/{uuid4()}").status_code == 404


def test_the_page_asks_few_questions(browser: Client, owner: Account, django_assert_max_num_queries):
    work = _ended(_started(owner, lambda _progress: result("Done.")))
    with django_assert_max_num_queries(8):
        browser.get(f"/long-work/{work.id}")


def test_a_result_keeps_the_first_rows_and_says_how_many_there_were():
    kept = result("Done.", rows=[[number] for number in range(MOST_ROWS + 5)])
    assert len(kept["rows"]) == MOST_ROWS
    assert kept["row_count"] == MOST_ROWS + 5


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.1, "1 second"), (12.4, "13 seconds"), (61, "2 minutes"), (3601, "2 hours")]
)
def test_time_left_is_never_promised_too_short(seconds: float, words: str):
    assert span(seconds) == words
