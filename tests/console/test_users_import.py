"""Importing from CSV: the preview, the work, all or nothing, and what is said of a file that cannot be read."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.console.long_work import running
from provisor.console.models import Work
from provisor.console.users.importing import doing, files, preview
from provisor.console.users.importing.views import import_groups
from provisor.directory.models import Group
from provisor.directory.queries import find_user, users
from tests.console.people import HOSTILE, granted, group, person

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = "userName,displayName,email,groups\nada,Ada Lovelace,ada@example.com,Sales\nbo,Bo,bo@example.com,\n"


def upload(browser: Client, text: str | bytes, name: str = "people.csv") -> Any:
    data = text.encode() if isinstance(text, str) else text
    return browser.post("/users/import", {"file": SimpleUploadedFile(name, data)}, follow=True)


def decide(browser: Client, answer: Any, act: str = "import", **fields: str) -> Any:
    return browser.post(
        "/users/import", {"act": act, "file": answer.context["upload"].id, **fields}, follow=True
    )


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def ended() -> Work:
    work = Work.objects.latest("started_at")
    end = time.monotonic() + 20
    while running.progress_of(work.id) is not None:
        assert time.monotonic() < end
        time.sleep(0.01)
    work.refresh_from_db()
    return work


def kept() -> list[str]:
    directory = Path(settings.DATA_DIR) / "uploads"
    return sorted(one.name for one in directory.iterdir()) if directory.exists() else []


@pytest.fixture(autouse=True)
def no_uploads() -> None:
    for name in kept():
        (Path(settings.DATA_DIR) / "uploads" / name).unlink()


def test_the_preview_counts_names_lines_and_says_the_reach_and_nothing_is_written(browser: Client):
    granted("Slack", group("Sales"))
    person("bo", displayName="Boris")
    answer = upload(browser, PEOPLE + "cy,Cy,nobody,\n")
    text = said(answer)
    assert "<dt>New</dt><dd>1</dd>" in text
    assert "<dt>Changed</dt><dd>1</dd>" in text
    assert "1 line is refused" in text
    assert "must be an e-mail address" in text
    assert "Creates 1 account in Slack." in text
    assert "Import 2 users</button>" in text
    assert "joins 1 group" in text
    assert users().count() == 1


def test_the_import_is_a_work_and_the_file_is_gone_after_it(browser: Client):
    group("Sales")
    answer = upload(browser, PEOPLE + "cy,Cy,nobody,\n")
    assert len(kept()) == 2
    decide(browser, answer)
    work = ended()
    assert work.state == "finished"
    assert work.result["sentence"] == ("2 new, 0 changed, 0 deleted, 0 were so already; 1 line was refused.")
    page = said(browser.get(f"/long-work/{work.id}"))
    assert "Importing people.csv" in page
    assert "must be an e-mail address" in page
    assert find_user("ada").memberships.count() == 2
    assert [one for one in kept() if one.endswith(".csv")] == []
    assert "is not here any more" in said(decide(browser, answer))


def test_all_or_nothing_writes_nothing_when_a_line_is_refused(browser: Client):
    answer = upload(browser, "userName,email\nada,ada@example.com\nbo,nobody\n")
    decide(browser, answer, all_or_nothing="yes")
    assert ended().result["sentence"] == (
        "Nothing was imported: 1 line was refused, and you asked for all or nothing."
    )
    assert users().count() == 0


def test_a_stopped_all_or_nothing_import_takes_back_what_it_had_written(
    browser: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("provisor.directory.csv_apply._RUN", 10)
    lines = "".join(f"user{number}\n" for number in range(50))
    answer = upload(browser, f"userName\n{lines}")
    real = running.Progress.__call__

    def stop_halfway(self: running.Progress, done: int, total: int) -> None:
        if done >= 20:
            self.stop_asked.set()
        real(self, done, total)

    monkeypatch.setattr(running.Progress, "__call__", stop_halfway)
    decide(browser, answer, all_or_nothing="yes")
    work = ended()
    assert (work.state, work.done, work.total) == ("stopped", 20, 50)
    assert users().count() == 0
    page = said(browser.get(f"/long-work/{work.id}"))
    assert "Stopped after 20 of 50. Nothing was written." in page
    assert "Start it again" in page
    assert "Import 50 users" in said(browser.get(work.order["again"], follow=True))


def test_after_an_import_that_broke_off_the_preview_is_of_what_is_left(
    browser: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("provisor.directory.csv_apply._RUN", 10)
    answer = upload(browser, "userName\n" + "".join(f"user{number}\n" for number in range(50)))
    real = running.Progress.__call__

    def stop_halfway(self: running.Progress, done: int, total: int) -> None:
        if done >= 20:
            self.stop_asked.set()
        real(self, done, total)

    with monkeypatch.context() as patch:
        patch.setattr(running.Progress, "__call__", stop_halfway)
        decide(browser, answer)
        work = ended()
    assert work.state == "stopped"
    assert users().count() == 20
    again = browser.get(work.order["again"], follow=True)
    assert "Import 30 users" in said(again)
    decide(browser, again)
    assert ended().state == "finished"
    assert users().count() == 50


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("userName\n\xe9milie\n".encode("latin-1"), "not UTF-8"),
        ("userName\nada\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "workbook"),
        (b"", "The file is empty."),
        (b"name,email\nAda,ada@example.com\n", "There is no column"),
        (b"userName,emial\nada,a@example.com\n", "did you mean"),
        (b"userName,password\nada,secret\n", "keeps no passwords"),
        (b"userName,login\nada,ada\n", "Two columns mean"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_beside_the_field_and_not_kept(
    browser: Client, data: bytes, words: str
):
    answer = upload(browser, data)
    assert answer.status_code == 422
    assert words in said(answer).split('name="file"')[1]
    assert kept() == []


def test_no_file_at_all_is_told_too(browser: Client):
    assert "Choose a file first." in said(browser.post("/users/import", {}))


def test_a_file_above_the_limit_is_refused_with_both_numbers(
    browser: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("provisor.console.users.importing.flow.LARGEST_FILE", 10)
    assert "64 MiB is the most. Cut it into several files." in said(upload(browser, "userName\nada\nbo\n"))
    assert kept() == []


def test_one_name_twice_in_another_case_is_refused_with_both_lines(browser: Client):
    text = said(upload(browser, "userName\nada\nADA\n"))
    assert "<dt>New</dt><dd>1</dd>" in text
    assert "is in line 2 already (as &quot;ada&quot;)" in text


def test_a_file_that_changes_nothing_offers_no_import(browser: Client):
    person("ada")
    text = said(upload(browser, "userName\nada\n"))
    assert "there is nothing to import" in text
    assert 'value="import"' not in text
    assert "there is nothing to import" in said(upload(browser, "userName\n"))


def test_a_discarded_file_is_deleted(browser: Client):
    answer = upload(browser, PEOPLE)
    assert "Nothing was imported." in said(decide(browser, answer, "discard"))
    assert kept() == []


def test_a_long_file_is_read_by_a_work_and_shows_its_preview_after(
    browser: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(doing, "AT_ONCE", 10)
    monkeypatch.setattr(preview, "REHEARSED", 1)
    answer = upload(browser, "userName\nada\nbo\n")
    done = ended()
    assert done.state == "finished", done.message
    text = said(browser.get(f"/users/import?file={answer.context['upload'].id}"))
    assert "Import 2 users" in text
    assert "2 lines change something, and up to 1 are rehearsed" in text


def test_a_long_file_that_cannot_be_read_says_so_where_it_is_read(
    browser: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(doing, "AT_ONCE", 10)
    answer = upload(browser, "userName,emial\nada,ada@example.com\n")
    assert ended().state == "failed"
    text = said(browser.get(f"/users/import?file={answer.context['upload'].id}"))
    assert "did you mean" in text
    assert "Start it again" in text


def test_an_upload_is_for_who_brought_it(browser: Client, owner: Account):
    answer = upload(browser, PEOPLE)
    account = create_account("bo@example.com", "a long enough phrase", "application-administrator", SYSTEM)
    other = Client(SERVER_NAME="localhost")
    other.force_login(account)
    assert "is not here any more" in said(decide(other, answer))
    identifier = answer.context["upload"].id
    assert files.found(identifier, account=owner.id, kind="users") is not None
    assert files.found(identifier, account=owner.id, kind="groups") is None
    assert files.found("../../secret", account=owner.id, kind="users") is None


def test_a_file_that_nobody_came_back_to_goes_after_a_day(browser: Client, monkeypatch: pytest.MonkeyPatch):
    upload(browser, PEOPLE)
    monkeypatch.setattr(files, "KEPT", -1)
    upload(browser, PEOPLE, "later.csv")
    assert len(kept()) == 2


def test_hostile_cells_stay_text(browser: Client):
    text = said(
        upload(
            browser,
            f'userName,displayName,email\n"{HOSTILE}","{HOSTILE}",\nada,,"{HOSTILE}"\n',
            f"{HOSTILE}.csv",
        )
    )
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


def test_groups_are_imported_the_same_way(owner: Account):
    person("ada")
    factory = RequestFactory()
    request = factory.post(
        "/groups/import", {"file": SimpleUploadedFile("g.csv", b"displayName,members\nSales,ada\n")}
    )
    request.user = owner
    answer = import_groups(request)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"{reverse('import-groups')}?file=")
    identifier = answer.headers["Location"].rpartition("=")[2]
    request = factory.post("/groups/import", {"act": "import", "file": identifier})
    request.user = owner
    import_groups(request)
    done = ended()
    assert done.state == "finished", done.message
    assert Group.objects.get(display_name="Sales").memberships.count() == 1
