"""One user's page: groups and the way into them, applications, acts, and the timeline over everything."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from provisor.access.accounts import create_account
from provisor.access.models import Account, Opening
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from provisor.console.users.timeline import read_timeline
from provisor.directory.memberships import nest, remove_members
from provisor.directory.models import JournalEntry, User
from provisor.directory.users import delete_user, replace_user, set_active
from provisor.provisioning.models import AccessInterval, Attempt, Link
from tests.console.people import BO, HOSTILE, granted, group, person, settle

pytestmark = pytest.mark.django_db


def shown(browser: Client, user: User, query: str = "") -> str:
    answer = browser.get(f"/users/{user.id}{query}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def attempt(of: Link, user: User, at: int, **fields: object) -> Attempt:
    values = {
        "act": "update",
        "method": "PATCH",
        "path": "/Users/1",
        "status": 200,
        "milliseconds": 84.0,
        **fields,
    }
    return Attempt.objects.create(
        application_id=of.application_id, link_id=of.id, local_id=user.id, at=at, **values
    )


def milliseconds(ago: float = 0) -> int:
    return int((timezone.now() - timedelta(seconds=ago)).timestamp() * 1000)


def test_groups_say_through_which_group_and_whether_by_hand(browser: Client):
    ada = person("ada")
    inner, outer = group("Sales EMEA", ada), group("Sales")
    nest(outer.id, inner.id, actor=BO)
    page = shown(browser, ada)
    assert (
        f'<a href="/groups/{outer.id}">Sales</a><span class="faint">through <a href="/groups/{inner.id}">Sales EMEA</a>'
        in page
    )
    assert "Remove from Sales EMEA" in page
    assert "Remove from Sales&quot;" not in page
    assert "Remove from Everyone" not in page


def test_a_group_that_holds_somebody_both_ways_is_listed_once(browser: Client):
    ada = person("ada")
    inner, outer = group("Sales EMEA", ada), group("Sales", ada)
    nest(outer.id, inner.id, actor=BO)
    groups = shown(browser, ada).split('class="groups-of-user"')[1].split("</ul>")[0]
    assert groups.count(f'href="/groups/{outer.id}"') == 1
    assert "through" not in groups


def test_applications_show_state_account_group_and_lead_on(browser: Client):
    ada = person("ada")
    slack = granted("Slack", group("Sales", ada))
    settle(slack)
    link = Link.objects.get(application=slack)
    page = shown(browser, ada)
    assert f'hx-get="/apps/{slack.id}/links/{link.id}" hx-target="#side-body"' in page
    assert str(link.remote_id) in page
    assert f'href="/why?user={ada.id}&amp;application={slack.id}"' in page
    assert f'href="/apps/{slack.id}/provision?user={ada.id}"' in page
    assert "in sync" in page


def test_who_is_nowhere_is_told_how_to_get_somewhere(browser: Client):
    ada = person("ada")
    assert "No policy grants an application to a group of this user." in shown(browser, ada)
    assert "Why not?" in shown(browser, ada)
    set_active(ada.id, active=False, actor=BO)
    assert "An inactive user is brought into no application." in shown(browser, ada)


def test_each_act_opens_with_its_reach(browser: Client):
    ada = person("ada")
    sales = group("Sales", ada)
    settle(granted("Slack", sales))
    for query, words, button in (
        ("action=deactivate", "Deactivates 1 account in Slack.", "Deactivate 1 user</button>"),
        ("action=delete", "Deletes 1 account in Slack.", "Delete 1 user</button>"),
        (
            "action=remove-from-group&to_group=Sales",
            "Deactivates 1 account in Slack.",
            "Remove 1 user</button>",
        ),
    ):
        address, there = f"/users/act?{query}&user={ada.id}", {"HX-Request": "true"}
        asked = " ".join(browser.get(address, headers=there).content.decode().split())
        assert words not in asked
        assert button in asked
        assert "<html" not in asked
        part = " ".join(browser.get(f"{address}&reach=now", headers=there).content.decode().split())
        assert words in part
        assert button in part
        assert "<form" not in part
        whole = browser.get(address).content.decode()
        assert "<html" in whole
        assert "<h1>" in whole


def test_the_timeline_merges_directory_attempts_and_access_newest_first(browser: Client):
    ada = person("ada")
    sales = group("Sales", ada)
    slack = granted("Slack", sales)
    settle(slack)
    link = Link.objects.get(application=slack)
    sent = attempt(link, ada, milliseconds(-10), status=409, reason="The user name is taken there.")
    AccessInterval.objects.create(
        application=slack, user_id=ada.id, remote_id="U07", from_at=milliseconds(-5), from_cause="assigned",
        to_at=milliseconds(-20), to_cause="unassigned",
    )  # fmt: skip
    replace_user(ada.id, {**ada.resource, "title": "Countess"}, actor=BO)
    page = shown(browser, ada).split('id="user-timeline"')[1]
    expected = [
        "the account U07 is no longer live",
        "PATCH /Users/1: answered 409, 84 ms. The user name is taken there.",
        "the account U07 is live",
        "Changed by bo@example.com: title",
        "Added to the group Sales by bo@example.com",
        "Added to the directory by bo@example.com",
    ]
    places = [page.index(words) for words in expected]
    assert places == sorted(places)
    assert f'href="{reverse("attempt", args=[sent.id])}"' in page


def test_the_group_that_somebody_left_is_in_the_timeline_when_it_caused_an_attempt(browser: Client):
    ada = person("ada")
    sales = group("Sales", ada)
    slack = granted("Slack", sales)
    settle(slack)
    remove_members(sales.id, [ada.id], actor=BO)
    cause = JournalEntry.objects.get(event="group.members_removed")
    attempt(Link.objects.get(application=slack), ada, milliseconds(), entry_id=cause.id)
    assert "Removed from the group Sales by bo@example.com" in shown(browser, ada)


@pytest.mark.parametrize("rows", [1, 7])
def test_older_goes_through_everything_once_whatever_happened_at_the_same_moment(db: None, rows: int):
    ada = person("ada")
    sales = group("Sales", ada)
    slack = granted("Slack", sales)
    settle(slack)
    link, moment = Link.objects.get(application=slack), milliseconds()
    for number in range(40):
        attempt(link, ada, moment - number // 8)
        AccessInterval.objects.create(
            application=slack, user_id=ada.id, remote_id=f"U{number}", from_at=moment - number // 8,
            from_cause="assigned", to_at=moment - number // 9, to_cause="unassigned",
        )  # fmt: skip
    JournalEntry.objects.filter(subject_id__in=[ada.id, sales.id]).update(
        at=timezone.datetime.fromtimestamp(moment / 1000 - 0.0015, tz=timezone.get_fixed_timezone(0))
    )
    seen, mark = [], ""
    while True:
        page = read_timeline(ada.id, [sales.id], mark, rows=rows)
        seen += [event.place for event in page.events]
        mark = page.older
        if not mark:
            break
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 40 * 3 + 2


@pytest.mark.parametrize("mark", ["", "x", "1-2", "1-2-3-4", "9" * 40 + "-0-1", "-1-0-1"])
def test_a_mark_that_cannot_be_read_shows_the_newest(browser: Client, mark: str):
    ada = person("ada")
    assert "Added to the directory" in shown(browser, ada, f"?before={mark}")


def test_hostile_names_and_answers_stay_text(browser: Client):
    ada = person("ada", displayName=HOSTILE, title=HOSTILE)
    sales = group(HOSTILE, ada)
    slack = granted("Slack", sales)
    settle(slack)
    Link.objects.update(remote_id=HOSTILE, reason=HOSTILE)
    attempt(Link.objects.get(application=slack), ada, milliseconds(), reason=HOSTILE, path=HOSTILE)
    page = shown(browser, ada)
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") >= 5


def test_a_deleted_user_is_still_there_to_read_and_no_more(browser: Client):
    ada = person("ada")
    delete_user(ada.id, actor=BO)
    page = shown(browser, ada)
    assert "deleted" in page
    assert "Deleted by bo@example.com" in page
    assert "Edit</a>" not in page
    assert browser.get(f"/users/{uuid4()}").status_code == 404


def test_who_may_only_read_sees_everything_and_no_act(owner: Account):
    ada = person("ada")
    group("Sales", ada)
    account = create_account("auditor@example.com", "a long enough phrase", "auditor", SYSTEM)
    auditor = Client(SERVER_NAME="localhost")
    auditor.force_login(account)
    page = shown(auditor, ada)
    assert "Sales" in page
    for act in ("Deactivate…", "Delete…", "Remove…", "Add…", "Edit</a>", "Provision now"):
        assert act not in page
    assert auditor.get(f"/users/act?action=delete&user={ada.id}").status_code == 403


def test_the_page_asks_few_questions_however_much_there_is(browser: Client, django_assert_max_num_queries):
    ada = person("ada")
    outer = group("Company")
    for number in range(12):
        inner = group(f"Group {number}", ada)
        nest(outer.id, inner.id, actor=BO)
        settle(granted(f"App {number}", inner))
    for link in Link.objects.filter(local_id=ada.id):
        for number in range(5):
            attempt(link, ada, milliseconds(number))
    User.objects.filter(pk=ada.pk).update(manager=person("mona"))
    create_account("ada@example.com", "a long enough phrase", "auditor", SYSTEM, directory_user=ada)
    for application in Application.objects.all():
        Opening.objects.create(user=ada, application_id=application.pk, at=timezone.now())
    with django_assert_max_num_queries(15):
        shown(browser, ada)
