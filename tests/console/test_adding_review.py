"""Add application, last step: what will happen, and the act that starts it."""

import html
import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from provisor.applications.applications import create_application, pause, update_application
from provisor.applications.models import Application
from provisor.applications.policies import create_policy
from provisor.audit.actor import SYSTEM
from provisor.directory.groups import create_group
from provisor.directory.memberships import add_members, nest
from provisor.provisioning.clock import now
from provisor.provisioning.fold.fold import fold
from provisor.provisioning.models import Link
from tests.console.adding import person, step


@pytest.fixture
def set_up(owner: object) -> Application:
    return create_application(
        name="Target",
        base_url="https://scim.example.com/v2",
        auth={"method": "bearer", "token": "t"},
        mode="observe",
        actor=SYSTEM,
    )


def _grant(application: Application, *names: str) -> None:
    group = create_group("Sales", actor=SYSTEM)
    add_members(group.id, [person(name).id for name in names], actor=SYSTEM)
    create_policy(name="Sales", application=application, group=group.id, actor=SYSTEM)


def _plan(browser: Client, application: Application) -> str:
    answer = browser.get(step(application, "plan"))
    assert answer.status_code == 200
    return answer.content.decode()


def _seen(page: str) -> dict[str, str]:
    fields = re.findall(r'name="(edition|seen)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields}


def test_without_a_policy_it_says_so_and_offers_one_that_comes_back(
    browser: Client, set_up: Application
) -> None:
    page = _plan(browser, set_up)
    assert "Nothing yet: no policy brings anyone here." in page
    assert f"/policies/add?application={set_up.pk}&amp;next=/apps/{set_up.pk}/set-up/review" in page
    assert "Start now: nothing is due yet" in page


def test_the_button_repeats_the_numbers_of_the_plan(browser: Client, set_up: Application) -> None:
    _grant(set_up, "ada", "grace")
    page = _plan(browser, set_up)
    assert "Start: create 2 accounts, create 1 group and add 2 members" in page
    assert "ada" in page
    assert not Link.objects.exists(), "a plan writes nothing"


def test_a_plan_of_more_than_one_page_is_counted_whole(
    browser: Client, set_up: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provisor.console.adding import reviewing

    _grant(set_up, "ada", "grace", "edsger")
    real = reviewing.plan_application
    monkeypatch.setattr(reviewing, "plan_application", lambda key: real(key, limit=2))
    assert "Start: create 4 accounts and groups and add 3 members" in _plan(browser, set_up)


def test_so_many_that_planning_takes_long_are_counted_and_said_to_be_at_most(
    browser: Client, set_up: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from provisor.console.adding import reviewing

    monkeypatch.setattr(reviewing, "MANY", 2)
    _grant(set_up, "ada", "grace")
    fold(now())
    page = _plan(browser, set_up)
    assert "create 2 accounts at most, create 1 group at most and add 2 members at most" in page
    assert "counted and not planned" in page
    browser.post(step(set_up, "review"), {"do": "start", **_seen(page)})
    set_up.refresh_from_db()
    assert set_up.mode == "enforce"


def test_the_review_asks_for_the_plan_and_shows_it_without_scripts_too(
    browser: Client, set_up: Application
) -> None:
    page = browser.get(step(set_up, "review")).content.decode()
    assert f'hx-get="{step(set_up, "plan")}"' in page
    assert "Nothing yet: no policy" in browser.get(step(set_up, "review"), {"plan": "now"}).content.decode()


def test_starting_lets_it_send_and_says_what_comes_next(browser: Client, set_up: Application) -> None:
    page = _plan(browser, set_up)
    answer = browser.post(step(set_up, "review"), {"do": "start", **_seen(page)}, follow=True)
    set_up.refresh_from_db()
    assert set_up.mode == "enforce"
    assert "Target is set up" in answer.content.decode()
    assert f"/policies/add?application={set_up.pk}" in answer.content.decode()


def test_what_comes_next_is_what_is_missing(browser: Client, set_up: Application) -> None:
    def says() -> str:
        return browser.get(step(set_up, "done")).content.decode()

    assert "next=/apps/" in says()
    assert "/users/add" not in says()
    group = create_group("Sales", actor=SYSTEM)
    create_policy(name="Sales", application=set_up, group=group.id, actor=SYSTEM)
    assert "/users/add" in says()
    assert "nobody is in its group yet" in says()
    inner = create_group("Sales EMEA", actor=SYSTEM)
    nest(group.id, inner.id, actor=SYSTEM)
    add_members(inner.id, [person("ada").id], actor=SYSTEM)
    assert "1 policy brings people here." in says()


def test_observing_sends_nothing_and_can_be_gone_on_with(browser: Client, set_up: Application) -> None:
    answer = browser.post(step(set_up, "review"), {"do": "observe"}, follow=True)
    set_up.refresh_from_db()
    assert set_up.mode == "observe"
    assert "It only observes" in answer.content.decode()


def test_a_plan_that_changed_since_it_was_seen_is_not_started(browser: Client, set_up: Application) -> None:
    seen = _seen(_plan(browser, set_up))
    _grant(set_up, "ada")
    answer = browser.post(step(set_up, "review"), {"do": "start", **seen}, follow=True)
    set_up.refresh_from_db()
    assert set_up.mode == "observe"
    assert "Nothing was started" in answer.content.decode()


@pytest.mark.parametrize("edition", ["", "x", "1" * 40, "-1", "²"])
def test_a_start_that_holds_nonsense_starts_nothing(
    browser: Client, set_up: Application, edition: str
) -> None:
    seen = _seen(_plan(browser, set_up)) | {"edition": edition}
    assert browser.post(step(set_up, "review"), {"do": "start", **seen}).status_code == 302
    assert browser.post(step(set_up, "review"), {"do": "start", "seen": edition}).status_code == 302
    set_up.refresh_from_db()
    assert set_up.mode == "observe"


def test_a_start_over_the_change_of_another_is_refused_with_their_name(
    browser: Client, set_up: Application
) -> None:
    seen = _seen(_plan(browser, set_up))
    update_application(set_up.pk, {"name": "Renamed"}, actor=SYSTEM)
    answer = browser.post(step(set_up, "review"), {"do": "start", **seen}, follow=True)
    assert "Provisor changed" in answer.content.decode()
    set_up.refresh_from_db()
    assert set_up.mode == "observe"


def test_starting_resumes_what_the_change_of_the_address_paused(browser: Client, set_up: Application) -> None:
    pause(set_up.pk, actor=SYSTEM, reason="Somebody looked at it.")
    assert "Somebody looked at it." in browser.get(step(set_up, "review")).content.decode()
    seen = _seen(_plan(browser, set_up))
    browser.post(step(set_up, "review"), {"do": "start", **seen})
    set_up.refresh_from_db()
    assert (set_up.mode, set_up.paused) == ("enforce", False)


def test_without_credentials_it_cannot_be_started(browser: Client, owner: object) -> None:
    bare = create_application(name="Bare", base_url="https://b.example.com", mode="observe", actor=SYSTEM)
    page = _plan(browser, bare)
    assert 'value="start"' not in page
    assert "cannot be started yet" in page
    browser.post(step(bare, "review"), {"do": "start", **_seen(page)})
    bare.refresh_from_db()
    assert bare.mode == "observe"


def test_names_of_people_are_shown_as_text(browser: Client, set_up: Application) -> None:
    _grant(set_up, "<script>alert(1)</script>")
    page = _plan(browser, set_up)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_pages_ask_few_questions(
    browser: Client, set_up: Application, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(10):
        browser.get(step(set_up, "review"))
    with django_assert_max_num_queries(10):
        browser.get(step(set_up, "done"))
