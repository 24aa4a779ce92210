"""The list of applications, the head that all their pages share, the overview, policies, drift and log."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.applications.applications import create_application, pause
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.audit.models import AuditEntry
from provisor.directory.models import Pending
from provisor.provisioning.clock import now
from provisor.provisioning.models import Attempt, Health, Run
from tests.console.applications import browser_of, text_of  # noqa: F401 - a fixture
from tests.console.conftest import application, link, user

TABS = ("", "/accounts", "/groups", "/policies", "/plan", "/holds", "/drift", "/log")


def at(one: Application, tab: str = "") -> str:
    return f"/apps/{one.id}{tab}"


def attempt(one: Application, **fields: object) -> Attempt:
    values = {
        "at": now(), "act": "create", "method": "POST", "path": "/Users", "status": 201, "milliseconds": 4.2, **fields,
    }  # fmt: skip
    return Attempt.objects.create(application=one, **values)


def test_without_an_application_the_list_says_what_to_do_first(browser: Client) -> None:
    page = browser.get("/apps").content.decode()
    assert "No application yet" in page
    assert reverse("add-application") in page


def test_the_list_shows_state_mode_and_counts_and_is_searched_in_any_case(browser: Client) -> None:
    slack = application("Slack", paused=True)
    application("Zoom", mode="observe")
    link(slack, user("ada").id, "failed")
    page = browser.get("/apps").content.decode()
    assert "1 failed" in page
    assert 'data-state="paused"' in page
    assert 'data-state="observe"' in page
    found = browser.get("/apps?q=SLA").content.decode()
    assert "Slack" in found
    assert "Zoom" not in found


def test_a_search_without_a_hit_leads_back_and_keeps_what_was_typed(browser: Client) -> None:
    application("Slack")
    page = browser.get("/apps?q=Nothing+like+it").content.decode()
    assert "No application is called like" in page
    assert 'value="Nothing like it"' in page


def test_names_of_applications_are_text(browser: Client) -> None:
    one = application('<script>alert("x")</script>')
    for address in ("/apps", *(at(one, tab) for tab in TABS)):
        assert "<script>alert" not in browser.get(address).content.decode(), address


@pytest.mark.parametrize("tab", TABS)
def test_each_page_needs_few_queries_however_many_rows_there_are(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries, tab: str
) -> None:
    one = application("Slack")
    for number in range(20):
        person = user(f"user{number}")
        attempt(one, link_id=link(one, person.id, "failed", "Refused.").id, local_id=person.id)
    Pending.objects.all().delete()
    # a plan asks what a pass would ask, and puts up the tables of the fold first
    with django_assert_max_num_queries(15):
        assert browser.get(at(one, tab)).status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_an_application_that_is_deleted_or_never_was_has_no_pages(browser: Client, tab: str) -> None:
    one = application("Slack")
    Application.objects.update(deleted_at=one.created_at)
    assert browser.get(at(one, tab)).status_code == 404


def test_the_head_says_the_state_its_reason_and_since_when(browser: Client) -> None:
    one = application("Slack")
    Health.objects.create(
        application=one, state="refused", reason="It refused the token (401).", since=1_700_000_000_000
    )
    page = browser.get(at(one)).content.decode()
    assert "It refused the token (401)." in page
    assert "2023-11-14T22:13:20" in page


def test_a_paused_application_says_why_since_when_and_is_resumed_from_there(browser: Client) -> None:
    one = application("Slack")
    pause(one.id, actor=SYSTEM, reason="The vendor moves house.")
    page = browser.get(at(one, "/log")).content.decode()
    assert "The vendor moves house." in page
    assert "since" in page
    assert reverse("application-resume", args=[one.id]) in page
    assert reverse("application-sync", args=[one.id]) not in page


def test_pausing_is_one_click_and_returns_to_where_the_person_was(browser: Client) -> None:
    one = application("Slack")
    came_from = f"http://localhost{at(one, '/log')}?status=4"
    answer = browser.post(at(one, "/pause"), headers={"referer": came_from})
    assert answer.headers["Location"] == came_from
    one.refresh_from_db()
    assert one.paused
    assert AuditEntry.objects.filter(act="application.paused").count() == 1


def test_pausing_can_be_undone_from_its_notice_but_not_without_credentials(browser: Client) -> None:
    one = application("Slack")
    browser.post(at(one, "/pause"))
    page = browser.get(at(one)).content.decode()
    seal = page.split('name="undo" value="')[1].split('"')[0]
    after = browser.post(reverse("undo"), {"undo": seal}, follow=True).content.decode()
    assert "has no credentials" in after
    one.refresh_from_db()
    assert one.paused


def test_a_reason_that_is_too_long_comes_back_with_its_error(browser: Client) -> None:
    one = application("Slack")
    answer = browser.post(at(one, "/pause"), {"reason": "because " * 60})
    assert answer.status_code == 422
    assert "because because" in answer.content.decode()
    one.refresh_from_db()
    assert not one.paused


def test_say_go_shows_the_numbers_and_then_enforces(browser: Client) -> None:
    one = create_application(
        name="Slack", base_url="https://slack.example/scim/v2", mode="observe", actor=SYSTEM
    )
    page = browser.get(at(one, "/mode?to=enforce"), headers={"hx-request": "true"}).content.decode()
    assert "<html" not in page
    assert "Enforce from now on" in page
    page = browser.get(at(one, "/mode?to=enforce&reach=now"), headers={"hx-request": "true"}).content.decode()
    assert "Nothing is to be done now" in page
    browser.post(at(one, "/mode"), {"to": "enforce", "edition": one.version})
    one.refresh_from_db()
    assert one.mode == "enforce"


def test_the_second_of_two_who_change_the_mode_is_told_and_nothing_is_overwritten(browser: Client) -> None:
    one = application("Slack", mode="observe")
    Application.objects.update(version=7)
    answer = browser.post(at(one, "/mode"), {"to": "enforce", "edition": "1"})
    assert answer.status_code == 409
    assert "was changed by somebody else" in answer.content.decode()
    assert 'name="edition" value="7"' in answer.content.decode()
    one.refresh_from_db()
    assert one.mode == "observe"


def test_sync_now_asks_for_a_run(browser: Client) -> None:
    one = application("Slack")
    browser.post(at(one, "/sync"))
    assert Run.objects.get(application=one).state == "requested"


@pytest.mark.parametrize(
    ("role", "path", "allowed"),
    [
        ("auditor", "/pause", False),
        ("auditor", "/sync", False),
        ("auditor", "/mode", False),
        ("auditor", "/provision", False),
        ("help-desk", "/pause", False),
        ("help-desk", "/sync", False),
        ("help-desk", "/provision", True),
        ("help-desk", "/mode", False),
        ("application-administrator", "/pause", True),
        ("application-administrator", "/holds/decide", False),
        ("approver", "/holds/decide", True),
        ("approver", "/sync", False),
    ],
)
def test_a_role_does_only_what_it_may(
    browser_of: Callable[[str], Client],  # noqa: F811 - a fixture
    role: str,
    path: str,
    allowed: bool,
) -> None:
    one = application("Slack")
    answer = browser_of(role).post(at(one, path))
    assert (answer.status_code != 403) is allowed


def test_a_page_offers_nobody_what_the_role_may_not_do(browser_of: Callable[[str], Client]) -> None:  # noqa: F811 - a fixture
    one = application("Slack")
    link(one, user("ada").id, "failed", "Refused.")
    auditor = browser_of("auditor")
    for tab in TABS:
        page = auditor.get(at(one, tab)).content.decode()
        assert reverse("application-pause", args=[one.id]) not in page
        assert reverse("application-sync", args=[one.id]) not in page


def test_the_overview_counts_by_state_and_groups_failures_by_their_reason(browser: Client) -> None:
    one = application("Slack")
    for number in range(3):
        link(one, user(f"ada{number}").id, "failed", "The name is taken there.")
    link(one, user("bo").id, "in_sync")
    page = browser.get(at(one)).content.decode()
    assert "3 accounts" in page
    assert "state=failed&amp;reason=The%20name%20is%20taken%20there." in page
    assert "state=in_sync" in page


def test_the_overview_shows_what_is_left_of_the_current_work_and_how_to_stop_it(browser: Client) -> None:
    one = application("Slack")
    for number in range(3):
        link(one, user(f"ada{number}").id, "due")
    link(one, user("bo").id, "in_sync")
    Run.objects.create(application=one, started_at=now() - 10_000)
    page = browser.get(at(one)).content.decode()
    assert "Current work" in page
    assert 'max="4" value="1"' in page
    assert "Stop: pause the application" in page


def test_a_quiet_application_shows_no_current_work(browser: Client) -> None:
    one = application("Slack")
    link(one, user("bo").id, "in_sync")
    assert "Current work" not in browser.get(at(one)).content.decode()


def test_an_application_without_a_policy_leads_to_the_first(browser: Client) -> None:
    one = application("Slack")
    for tab in ("", "/policies", "/accounts"):
        assert (
            f"{reverse('add-policy')}?application={one.id}" in browser.get(at(one, tab)).content.decode()
        ), tab


def test_drift_says_that_there_was_no_scan_and_lists_what_is_known(browser: Client) -> None:
    one = application("Slack")
    assert "never scanned" in browser.get(at(one, "/drift")).content.decode()
    link(one, user("ada").id, "missing", "It vanished there.")
    page = browser.get(at(one, "/drift")).content.decode()
    assert "It vanished there." in page
    assert "Adopt" in page


def test_the_log_is_searched_by_path_reason_person_answer_and_act(browser: Client) -> None:
    one = application("Slack")
    ada = user("ada")
    attempt(one, path="/Users/7", method="PATCH", act="update", local_id=ada.id)
    attempt(one, path="/Users/8", status=409, reason="The name is taken.", act="create")
    attempt(one, path="/Users/9", status=None, reason="No answer within 30 s.", act="delete")

    def listed(query: str) -> set[str]:
        page = browser.get(at(one, f"/log?{query}")).content.decode()
        return {path for path in ("/Users/7", "/Users/8", "/Users/9") if path in page}

    assert listed("") == {"/Users/7", "/Users/8", "/Users/9"}
    assert listed("q=USERS/7") == {"/Users/7"}
    assert listed("q=is+taken") == {"/Users/8"}
    assert listed("who=ada") == {"/Users/7"}
    assert listed("status=4") == {"/Users/8"}
    assert listed("status=none") == {"/Users/9"}
    assert listed("status=failed") == {"/Users/8", "/Users/9"}
    assert listed("act=update") == {"/Users/7"}
    assert listed("span=hour&status=2") == {"/Users/7"}


def test_a_filter_that_cannot_be_is_named_and_left_out(browser: Client) -> None:
    one = application("Slack")
    attempt(one)
    page = browser.get(at(one, "/log?status=999")).content.decode()
    assert "999 is not one of the available choices" in page
    assert "/Users" in page


def test_an_attempt_shows_a_hostile_answer_as_text_and_the_log_exports_no_formula(browser: Client) -> None:
    one = application("Slack")
    hostile = attempt(one, response="<script>alert(1)</script>", reason="=cmd|' /C calc'!A1", status=400)
    page = browser.get(reverse("application-attempt", args=[one.id, hostile.id])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    lines = text_of(browser.get(at(one, "/log?export=csv")))
    assert "'=cmd|" in lines


def test_an_attempt_of_another_application_is_not_shown_here(browser: Client) -> None:
    one, other = application("Slack"), application("Zoom")
    assert browser.get(reverse("application-attempt", args=[one.id, attempt(other).id])).status_code == 404


@pytest.mark.parametrize("tab", ["/accounts", "/groups", "/log", "/holds", "/drift", "/policies", "/plan"])
@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "state=%00&reason=%00",
        "after=WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDBd",
        "before=%FF",
        "who=%00&span=x",
    ],
)
def test_no_address_makes_a_page_fail(browser: Client, tab: str, query: str) -> None:
    one = application("Slack")
    link(one, user("ada").id, "failed")
    assert browser.get(at(one, f"{tab}?{query}")).status_code == 200
