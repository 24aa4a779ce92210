"""Activity: runs with what they did, live while they run; the log of all applications; hostile texts as text."""

import time
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from provisor.console.activity import reading
from provisor.provisioning.models import Attempt, Link, Run
from tests.console.conftest import application, link, user

HOSTILE = "</td><script>alert(1)</script>"


def _now() -> int:
    return int(time.time() * 1000)


def _run(of, **fields: object) -> Run:
    values = {
        "state": Run.State.FINISHED,
        "started_at": _now() - 5_000,
        "finished_at": _now() - 2_000,
        **fields,
    }
    return Run.objects.create(application=of, **values)


def _page(browser: Client, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_runs_say_what_they_did_and_how_long_it_took(browser: Client):
    _run(application(), totals={"requests": 12, "create": 7, "update": 3, "failed": 2})
    page = _page(browser, reverse("activity"))
    for shown in ("7 create", "3 update", "3 s", "Slack"):
        assert shown in page
    assert "12 requests" not in page
    assert page.index("7 create") < page.index("3 update")


def test_a_run_under_way_shows_counts_rate_and_time_left(browser: Client):
    slack = application()
    for number in range(30):
        link(slack, user(f"user{number}").id, Link.State.DUE)
    run = _run(
        slack, state=Run.State.RUNNING, started_at=_now() - 10_000, finished_at=None, totals={"requests": 100}
    )
    progress = reading.progress_of(run)
    assert progress is not None
    assert progress.done == 100
    assert progress.remaining >= 30
    assert progress.rate == pytest.approx(10, rel=0.2)
    page = _page(browser, reverse("run", args=[run.id]))
    assert "100 requests sent" in page
    assert "Stop: pause the application" in page


def test_a_run_that_ended_has_no_progress_and_shows_why_it_stopped(browser: Client):
    run = _run(application(), state=Run.State.STOPPED, reason="The application refused the credential (401).")
    page = _page(browser, reverse("run", args=[run.id]))
    assert "The application refused the credential (401)." in page
    assert "Stop: pause the application" not in page


def test_the_filter_narrows_and_an_empty_answer_leads_back(browser: Client):
    slack, zoom = application(), application("Zoom")
    _run(slack)
    assert "No run fits this filter" in _page(browser, f"{reverse('activity')}?application={zoom.id}")
    assert "No run fits this filter" not in _page(browser, f"{reverse('activity')}?application={slack.id}")
    assert "No run fits this filter" not in _page(browser, f"{reverse('activity')}?state=finished")
    assert _page(browser, f"{reverse('activity')}?application=nonsense&state=nonsense")


def test_the_log_shows_attempts_of_every_application_as_text(browser: Client):
    for of in (application(), application(HOSTILE)):
        Attempt.objects.create(
            application=of,
            at=_now(),
            act="create",
            method="POST",
            path="/Users",
            milliseconds=3,
            reason=HOSTILE,
        )
    page = _page(browser, reverse("activity-log"))
    assert "<script>alert" not in page
    assert page.count("POST /Users") == 2


def test_an_attempt_is_found_by_its_number_alone(browser: Client):
    one = Attempt.objects.create(
        application=application(), at=_now(), act="create", method="POST", path="/Users", milliseconds=3
    )
    answer = browser.get(reverse("attempt", args=[one.id]))
    assert answer.status_code == 302
    assert str(one.id) in answer.headers["Location"]
    assert browser.get(reverse("attempt", args=[2**63 + 1])).status_code == 404
    assert browser.get(reverse("run", args=[uuid4()])).status_code == 404


def test_the_pages_need_few_queries(browser: Client, django_assert_max_num_queries):
    for number in range(20):
        _run(application(f"App {number}"))
    for name in ("activity", "activity-log"):
        with django_assert_max_num_queries(15):
            _page(browser, reverse(name))
