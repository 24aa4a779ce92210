"""The tab Drift: the scan and its progress, findings with select, action and Apply, discovery, and the settings."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from provisor.access.accounts import create_account
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.provisioning.models import Finding, Link, Scan
from tests.console.conftest import application, link, user

CHANGE = {"path": "displayName", "sent": "Ada King", "now": "<b>Mallory</b>"}


def at(one: Application, part: str = "") -> str:
    return f"/apps/{one.id}/drift{part}"


def finding(one: Application, name: str, what: str = "unknown", **fields: Any) -> Finding:
    row = {"kind": "user", "remote_id": f"r-{name}", "digest": f"d-{name}", "found_at": 1, "seen_at": 1}
    return Finding.objects.create(application=one, name=name, what=what, **row | fields)


def chosen(act: str, *findings: Finding) -> dict[str, Any]:
    digests = {f"digest-{each.pk}": each.digest for each in findings}
    return {"action": act, "findings": [each.pk for each in findings], **digests}


def page_of(browser: Client, one: Application, query: str = "") -> str:
    return browser.get(at(one, query)).content.decode()


def test_a_scan_is_asked_for_shown_with_its_progress_and_stopped(browser: Client) -> None:
    one = application("Slack")
    assert "Scan now" in page_of(browser, one)
    browser.post(at(one, "/scan"))
    Scan.objects.update(state="running", totals={"users": 420, "pages": 5}, position={"total": 1200})
    page = page_of(browser, one)
    assert 'max="1200" value="420"' in page
    assert "Stop the scan" in page
    browser.post(at(one, "/stop"))
    assert Scan.objects.get().state == "stopped"
    assert "Stopped by" in page_of(browser, one)
    assert "Scan now" in page_of(browser, one)


def test_a_paused_application_says_that_it_is_not_scanned(browser: Client) -> None:
    one = application("Slack", paused=True)
    assert "Scan now" not in page_of(browser, one)
    assert "is paused" in browser.post(at(one, "/scan"), follow=True).content.decode()


def test_what_a_scan_could_not_tell_is_said(browser: Client) -> None:
    one = application("Slack")
    lists = {"user": {"complete": False, "reason": "The application does not list them (501)."}}
    Scan.objects.create(application=one, state="finished", requested_at=1, finished_at=2, lists=lists)
    assert "does not list them (501)" in page_of(browser, one)


def test_findings_are_shown_in_words_and_as_text(browser: Client) -> None:
    """Values of a target are never markup; members have the names of the people here."""
    one = application("Slack")
    ada = user("ada")
    finding(one, "ada", "changed", detail={"changes": [CHANGE]})
    members = {
        "missing": [{"id": "r1", "user": str(ada.id)}], "extra": [{"id": "r9", "user": None}],
        "missing_count": 1, "extra_count": 1, "foreign": False,
    }  # fmt: skip
    finding(one, "Sales", "members", kind="group", detail=members)
    finding(one, "bo", "missing")
    finding(one, "cy", match="email", local_id=ada.id, reason="Only the e-mail address is the same.")
    page = page_of(browser, one)
    assert "&lt;b&gt;Mallory&lt;/b&gt;" in page
    assert "<b>Mallory" not in page
    assert "1 is not in it: ada." in page
    assert "1 is too many: r9." in page
    assert "By e-mail only" in page
    assert "answered with 404" in page


def test_findings_are_filtered_by_what_match_and_state(browser: Client) -> None:
    one = application("Slack")
    finding(one, "changed-one", "changed", detail={"changes": [CHANGE]})
    finding(one, "sure-one", match="sure")
    finding(one, "nobody-one")
    finding(one, "ignored-one", state="ignored")
    names = ("changed-one", "sure-one", "nobody-one", "ignored-one")

    def listed(query: str) -> set[str]:
        page = page_of(browser, one, query)
        return {name for name in names if f">{name}<" in page}

    assert listed("") == {"changed-one", "sure-one", "nobody-one"}
    assert listed("?what=unknown") == {"sure-one", "nobody-one"}
    assert listed("?match=sure") == {"sure-one"}
    assert listed("?match=none") == {"nobody-one"}
    assert listed("?state=ignored") == {"ignored-one"}
    assert listed("?what=nonsense&match=x&state=y") == {"changed-one", "sure-one", "nobody-one"}
    assert "Nothing of that kind" in page_of(browser, one, "?what=members")


def test_the_reach_is_told_before_and_the_act_is_done_as_it_was_shown(browser: Client) -> None:
    """Two of three fit; a row that has changed since it was shown is left, and says so."""
    one = application("Slack")
    ada = user("ada")
    Link.objects.create(application=one, kind="user", local_id=ada.id)
    sure = finding(one, "ada", match="sure", local_id=ada.id)
    changed = finding(one, "bo", "changed", detail={"changes": [CHANGE]})
    reach = browser.get(at(one, "/reach"), chosen("adopt", sure, changed)).content.decode()
    assert "Links 1 of Slack" in reach
    assert "not for 1 of them" in reach
    before = AuditEntry.objects.count()
    page = browser.post(at(one, "/act"), chosen("adopt", sure), follow=True).content.decode()
    assert "1 is linked." in page
    assert Link.objects.get().remote_id == "r-ada"
    assert AuditEntry.objects.count() == before + 1
    stale = chosen("ignore", changed) | {f"digest-{changed.pk}": "older"}
    assert "has changed since" in browser.post(at(one, "/act"), stale, follow=True).content.decode()
    changed.refresh_from_db()
    assert changed.state == "open"


def test_strangers_are_removed_and_protected_ones_are_not(browser: Client) -> None:
    one = application("Slack", brake={"count": 5, "percent": 5})
    stranger, root = finding(one, "stranger"), finding(one, "root", match="protected")
    page = browser.post(at(one, "/act"), chosen("deactivate", stranger, root), follow=True).content.decode()
    assert "1 is being removed in Slack." in page
    assert "exclusions" in page
    assert Finding.objects.get(state="removing") == stranger


def test_nothing_is_done_without_a_row_an_act_or_the_right_application(browser: Client) -> None:
    one, other = application("Slack"), application("Zoom")
    row = finding(other, "ada")
    for data in (chosen("ignore"), chosen("nonsense", row), chosen("ignore", row)):
        assert "Nothing was done" in browser.post(at(one, "/act"), data, follow=True).content.decode()
    assert browser.get(at(one, f"/{row.pk}/adopt")).status_code == 404


def test_all_that_match_are_adopted_after_the_number_was_shown(browser: Client) -> None:
    one = application("Slack")
    for name in ("ada", "bo"):
        person = user(name)
        Link.objects.create(application=one, kind="user", local_id=person.id)
        finding(one, name, match="sure", local_id=person.id, detail={"in_scope": True})
    assert "Adopt all that match" in page_of(browser, one)
    assert "Adopt 2 accounts" in browser.get(at(one, "/adopt")).content.decode()
    assert "2 are linked." in browser.post(at(one, "/adopt"), follow=True).content.decode()
    assert Link.objects.filter(origin="adopted").count() == 2


def test_a_person_says_whose_an_account_is(browser: Client) -> None:
    """By user name; a name that nobody has comes back beside the field, with what was typed."""
    one = application("Slack")
    user("ada")
    row = finding(one, "robert")
    assert "Whose is robert?" in browser.get(at(one, f"/{row.pk}/adopt")).content.decode()
    wrong = browser.post(at(one, f"/{row.pk}/adopt"), {"whose": "nobody"})
    assert wrong.status_code == 422
    assert 'value="nobody"' in wrong.content.decode()
    assert (
        "robert is linked."
        in browser.post(at(one, f"/{row.pk}/adopt"), {"whose": "ada"}, follow=True).content.decode()
    )
    assert Link.objects.get().state == "released"


def test_everything_is_asserted_again_after_the_number_was_shown(browser: Client) -> None:
    one = application("Slack")
    Link.objects.create(
        application=one,
        kind="user",
        local_id=user("ada").id,
        remote_id="r",
        origin="created",
        state="in_sync",
    )
    assert "Read 1 again" in browser.get(at(one, "/reassert")).content.decode()
    assert (
        "1 account or group is read again" in browser.post(at(one, "/reassert"), follow=True).content.decode()
    )
    assert Link.objects.get().state == "due"


def test_the_settings_are_saved_and_another_number_of_hours_is_kept(browser: Client) -> None:
    one = application("Slack", drift={"every": 48})
    assert "Every 48 hours" in page_of(browser, one)
    wanted = {"every": "24", "on_difference": "correct", "on_match": "adopt"}
    assert "are saved" in browser.post(at(one, "/settings"), wanted, follow=True).content.decode()
    one.refresh_from_db()
    assert one.drift == {"every": 24, "on_difference": "correct", "on_match": "adopt"}
    refused = browser.post(at(one, "/settings"), wanted | {"on_match": "all"}, follow=True)
    assert "Nothing was saved" in refused.content.decode()


def test_who_may_only_look_is_offered_no_act(db: None) -> None:
    client = Client(SERVER_NAME="localhost")
    client.force_login(create_account("auditor@example.com", "a long enough phrase", "auditor", SYSTEM))
    one = application("Slack")
    row = finding(one, "stranger")
    page = page_of(client, one)
    assert ">stranger<" in page
    assert "Scan now" not in page
    assert "Select action" not in page
    assert client.post(at(one, "/scan")).status_code == 403
    assert client.post(at(one, "/act"), chosen("delete", row)).status_code == 403
    row.refresh_from_db()
    assert row.state == "open"


@pytest.mark.parametrize("rows", [1, 120])
def test_the_page_takes_no_more_queries_for_more_findings(
    browser: Client, rows: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    one = application("Slack")
    Scan.objects.create(application=one, state="finished", requested_at=1, finished_at=2)
    for number in range(rows):
        finding(one, f"u{number}", match="sure", local_id=user(f"u{number}").id)
    link(one, user("ada").id, "missing", "It vanished there.")
    with django_assert_max_num_queries(15):
        page = page_of(browser, one)
    assert "u0" in page
