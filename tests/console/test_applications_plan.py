"""The plan of an application, part by part, and what its brake holds."""

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.access.models import Account
from provisor.access.principals import of_account
from provisor.audit.actor import SYSTEM
from provisor.directory.memberships import remove_members
from provisor.provisioning.brake.decisions import reject_hold
from provisor.provisioning.models import Hold, Link
from provisor.provisioning.preview.plan_part import plan_part
from provisor.provisioning.preview.preview import plan_application
from tests.console.applications import (
    browser_of,  # noqa: F401 - a fixture
    installation,  # noqa: F401 - a fixture
    lab_process,  # noqa: F401 - a fixture
    six_held,
    target,  # noqa: F401 - a fixture
    text_of,
)
from tests.console.conftest import application
from tests.provisioning.installation import Installation
from tests.provisioning.vices import crowd


def page_of_plan(installation: Installation, query: str = "") -> str:  # noqa: F811 - what the fixture gives
    return f"/apps/{installation.application.id}/plan{query}"


def plan(installation: Installation, query: str = "") -> str:  # noqa: F811 - what the fixture gives
    """The address of the plan itself, which the page asks for once it is shown."""
    return page_of_plan(installation, f"?reach=now{query.replace('?', '&')}")


@pytest.fixture
def mixed(installation: Installation) -> Installation:  # noqa: F811 - a fixture
    """Two leave, sixty join, a group is pushed."""
    people = crowd(10)
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:2]], actor=SYSTEM)
    installation.granted("Support", *crowd(60, "joiner"))
    installation.fold()
    return installation


def test_the_plan_shows_what_takes_away_first_with_its_exact_requests(
    browser: Client, mixed: Installation
) -> None:
    page = browser.get(plan(mixed))
    assert [row.act for row in page.context["plan"].rows][:3] == ["deactivate", "deactivate", "create"]
    text = page.content.decode()
    assert "2 deactivate" in text
    assert "61 create" in text
    assert "PATCH /Users/" in text
    assert "Nothing below was sent." in text


def test_the_page_plans_nothing_while_it_renders_and_asks_for_the_plan_as_a_part(
    browser: Client, mixed: Installation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(15):
        page = browser.get(page_of_plan(mixed, "?act=deactivate"))
    assert "plan" not in page.context
    text = page.content.decode()
    assert "Working out what a pass would send" in text
    asked = html.unescape(re.findall(r'<section[^>]*hx-get="([^"]*)" hx-trigger="load"', text)[0])
    part = browser.get(asked, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "hx-trigger" not in part
    assert part.count("PATCH /Users/") == 2
    links = [html.unescape(one) for one in re.findall(r'href="(\?[^"]*)"', part)]
    assert "?act=create" in links
    assert not any("reach" in one for one in links)


def test_without_scripts_the_plan_is_a_page_whose_links_lead_to_such_pages(
    browser: Client, mixed: Installation
) -> None:
    text = browser.get(plan(mixed)).content.decode()
    assert "<html" in text
    links = [html.unescape(one) for one in re.findall(r'href="(\?[^"]*)"', text)]
    assert {"reach=now" in one for one in links if "act=" in one or "after=" in one} >= {True}
    assert not any("reach" in one for one in links if "export" in one)


@pytest.mark.parametrize("question", ["application-go", "application-mode"])
def test_the_question_before_go_comes_at_once_and_its_button_works_before_the_numbers_are_there(
    browser: Client,
    mixed: Installation,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    question: str,
) -> None:
    address, there = reverse(question, args=[mixed.application.id]), {"HX-Request": "true"}
    with django_assert_max_num_queries(15):
        asked = browser.get(address, headers=there).content.decode()
    assert "2 deactivate" not in asked
    assert re.search(r'<button class="btn btn-primary" id="do">', asked)
    follows = html.unescape(re.findall(r'hx-get="([^"]*reach=now)" hx-trigger="load"', asked)[0])
    part = browser.get(follows, headers=there).content.decode()
    assert "Go: 2 deactivate, 61 create, 60 members to add" in part
    assert "hx-trigger" not in part
    assert 'id="dialog-title"' not in part


def test_planning_sends_nothing_and_writes_nothing(browser: Client, mixed: Installation) -> None:
    before = (mixed.requests(), mixed.states())
    browser.get(plan(mixed))
    assert (mixed.requests(), mixed.states()) == before


def test_the_parts_of_a_plan_together_are_the_whole_plan(mixed: Installation) -> None:
    one = mixed.application.id
    whole = plan_application(one)
    found: list[tuple[str, str]] = []
    part = plan_part(one, rows=7)
    found += [(each["act"], each["local_id"]) for each in part.operations]
    while part.following is not None:
        part = plan_part(one, rows=7, after=part.following)
        found += [(each["act"], each["local_id"]) for each in part.operations]
    assert sorted(found) == sorted((each["act"], each["local_id"]) for each in whole["operations"])
    assert part.until == part.due
    assert part.totals == whole["totals"]
    assert part.complete


def test_a_plan_that_is_too_long_says_of_how_many_its_totals_are(mixed: Installation) -> None:
    part = plan_part(mixed.application.id, counted=10)
    assert not part.complete
    assert part.counted == 10
    assert part.due == 63
    assert part.totals["deactivate"] == 2


def test_the_plan_is_filtered_by_act_and_paged(browser: Client, mixed: Installation) -> None:
    page = browser.get(plan(mixed, "?act=deactivate"))
    assert {row.act for row in page.context["plan"].rows} == {"deactivate"}
    first = browser.get(plan(mixed)).context["plan"]
    assert first.following
    second = browser.get(plan(mixed, f"?after={first.following}")).context["plan"]
    assert {row.name for row in first.rows}.isdisjoint(row.name for row in second.rows)


@pytest.mark.parametrize("after", ["x", "1.x", "-1.5", "99999.1", "1.99999999999999999999999", "٣.٣", "²²."])
def test_an_old_or_broken_link_to_a_part_shows_the_first(
    browser: Client, mixed: Installation, after: str
) -> None:
    assert browser.get(plan(mixed, f"?after={after}")).status_code == 200


def test_the_export_has_each_request_of_the_whole_plan(browser: Client, mixed: Installation) -> None:
    lines = text_of(browser.get(page_of_plan(mixed, "?export=csv"))).splitlines()
    assert sum(",PATCH," in line for line in lines) == 2
    assert sum(",POST," in line for line in lines) == 61


def test_go_repeats_the_numbers(browser: Client, mixed: Installation) -> None:
    address = reverse("application-go", args=[mixed.application.id])
    page = browser.get(address, {"reach": "now"}).content.decode()
    assert "Go: 2 deactivate, 61 create, 60 members to add" in page


def test_a_mapping_that_cannot_be_used_is_said_and_leads_to_the_mapping(browser: Client) -> None:
    one = application("Slack", mappings={"users": [{"target": "nonsense", "constant": 1}]})
    page = browser.get(f"/apps/{one.id}/plan?reach=now").content.decode()
    assert "There is no plan, because the mapping cannot be used" in page
    assert reverse("application-mapping", args=[one.id]) in page


def test_without_a_hold_the_page_says_what_the_brake_is_for(browser: Client) -> None:
    page = browser.get(f"/apps/{application('Slack').id}/holds").content.decode()
    assert "Nothing is held" in page
    assert "The brake stops a removal" in page


def holds_of(installation: Installation) -> str:  # noqa: F811 - what the fixture gives
    return f"/apps/{installation.application.id}/holds"


def test_holds_name_their_cause_and_their_people(browser: Client, installation: Installation) -> None:  # noqa: F811 - a fixture
    people, _group = six_held(installation)
    page = browser.get(holds_of(installation)).content.decode()
    assert "6 accounts would lose access at once" in page
    assert "Group: members removed, Provisor" in page
    for person in people[:6]:
        assert person.user_name in page


def test_choosing_a_decision_says_its_reach(browser: Client, installation: Installation) -> None:  # noqa: F811 - a fixture
    six_held(installation)
    chosen = "&".join(f"holds={one}" for one in Hold.objects.values_list("id", flat=True)[:2])
    page = browser.get(f"{holds_of(installation)}/reach?action=release&{chosen}").content.decode()
    assert "Deactivate the account: 2." in page
    assert Hold.objects.filter(state="held").count() == 6


def test_some_are_released_and_the_others_stay_held(browser: Client, installation: Installation) -> None:  # noqa: F811 - a fixture
    six_held(installation)
    chosen = list(Hold.objects.order_by("id")[:2])
    form = {"action": "release", "holds": [str(one.id) for one in chosen]}
    form |= {f"effect-{one.id}": one.effect for one in chosen}
    page = browser.post(f"{holds_of(installation)}/decide", form, follow=True).content.decode()
    assert "2 held operations are released" in page
    assert _states() == {"released": 2, "held": 4}


def test_a_release_counts_only_for_what_was_shown(browser: Client, installation: Installation) -> None:  # noqa: F811 - a fixture
    six_held(installation)
    one = Hold.objects.order_by("id")[0]
    form = {"action": "release", "holds": [str(one.id)], f"effect-{one.id}": "another"}
    page = browser.post(f"{holds_of(installation)}/decide", form, follow=True).content.decode()
    assert "What would happen has changed since it was shown." in page
    assert _states() == {"held": 6}


def test_all_of_a_cause_are_kept_after_the_number_was_shown(
    browser: Client,
    installation: Installation,  # noqa: F811 - a fixture
) -> None:
    six_held(installation)
    address = f"{holds_of(installation)}/all"
    reason = Hold.objects.values_list("reason", flat=True)[0]
    page = browser.get(address, {"action": "keep", "reason": reason})
    assert "Keeps 6 as they are" in page.content.decode()
    form = {"action": "keep", "reason": reason, "effects": page.context["effects"]}
    browser.post(address, form)
    assert _states() == {"rejected": 6}
    assert Link.objects.filter(state="released").count() == 6


def test_all_are_not_released_when_somebody_decided_one_of_them_meanwhile(
    browser: Client,
    installation: Installation,  # noqa: F811 - a fixture
) -> None:
    six_held(installation)
    address = f"{holds_of(installation)}/all"
    reason = Hold.objects.values_list("reason", flat=True)[0]
    shown = browser.get(address, {"action": "release", "reason": reason}).context["effects"]
    reject_hold(Hold.objects.order_by("id")[0].id, actor=SYSTEM)
    answer = browser.post(address, {"action": "release", "reason": reason, "effects": shown})
    assert answer.status_code == 409
    assert "What would happen has changed since it was shown." in answer.content.decode()
    assert _states() == {"rejected": 1, "held": 5}


@pytest.mark.parametrize(
    ("role", "allowed"), [("application-administrator", False), ("help-desk", False), ("approver", True)]
)
def test_only_owners_and_approvers_decide(
    browser_of: Callable[[str], Client],  # noqa: F811 - a fixture
    installation: Installation,  # noqa: F811 - a fixture
    role: str,
    allowed: bool,
) -> None:
    six_held(installation)
    client = browser_of(role)
    one = Hold.objects.values_list("id", flat=True)[0]
    page = client.get(holds_of(installation)).content.decode()
    assert ("Release all 6" in page) is allowed
    client.post(f"{holds_of(installation)}/decide", {"action": "keep", "holds": [str(one)]})
    assert (_states() != {"held": 6}) is allowed


def test_r10_who_caused_it_sees_who_releases_it(
    browser: Client,
    browser_of: Callable[[str], Client],  # noqa: F811 - a fixture
    installation: Installation,  # noqa: F811 - a fixture
    owner: Account,
) -> None:
    """The owner took the people out: the page names the approver, and the owner's release of all leaves them."""
    approver, people = browser_of("approver"), crowd(20)
    group = installation.granted("Sales", *people, push_group=False)
    installation.run()
    remove_members(group.id, [user.id for user in people[:6]], actor=of_account(owner).actor)
    installation.run()
    page = browser.get(holds_of(installation)).content.decode()
    assert "somebody else has to look at it: approver@" in page
    assert "You made the change" not in approver.get(holds_of(installation)).content.decode()
    assert "These can: approver@" in browser_of("help-desk").get(holds_of(installation)).content.decode()
    address, reason = f"{holds_of(installation)}/all", Hold.objects.values_list("reason", flat=True)[0]
    form = {"action": "release", "reason": reason}
    form["effects"] = browser.get(address, form).context["effects"]
    assert "6 were left: You made the change" in browser.post(address, form, follow=True).content.decode()
    assert _states() == {"held": 6}
    page = approver.post(address, form, follow=True).content.decode()
    assert "6 operations, released by approver@" in page
    assert _states() == {"released": 6}


def test_the_page_of_holds_asks_few_queries(
    browser: Client,
    installation: Installation,  # noqa: F811 - a fixture
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    six_held(installation)
    with django_assert_max_num_queries(15):
        browser.get(holds_of(installation))


def _states() -> dict[str, int]:
    states: dict[str, int] = {}
    for state in Hold.objects.values_list("state", flat=True):
        states[state] = states.get(state, 0) + 1
    return states
