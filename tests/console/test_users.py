"""The list of users: filters, pages, export, and acts on many with their reach."""

import csv
import io
import time
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from provisor.access.accounts import create_account
from provisor.access.models import Account
from provisor.audit.actor import SYSTEM
from provisor.console.long_work import running
from provisor.console.models import Work
from provisor.console.users import filters, review
from provisor.console.users.acts import BY_NAME, DEACTIVATE
from provisor.directory.csv_import import import_users
from provisor.directory.models import Membership, User
from provisor.directory.queries import users
from provisor.directory.users import set_active
from provisor.provisioning.models import Link
from tests.console.people import BO, HOSTILE, granted, group, person, settle

pytestmark = pytest.mark.django_db


def page(browser: Client, **filters: str) -> str:
    answer = browser.get(f"/users?{urlencode(filters)}")
    assert answer.status_code == 200
    return answer.content.decode()


def reach(browser: Client, *chosen: User, **fields: str) -> str:
    answer = browser.post("/users/reach?reach=now", {"user": [str(one.id) for one in chosen], **fields})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def act(browser: Client, *chosen: User, **fields: str) -> str:
    """Do it, and return the page that follows."""
    answer = browser.post(
        "/users/act",
        {"user": [str(one.id) for one in chosen], "next": "/users", "confirmed": "yes", **fields},
        follow=True,
    )
    return answer.content.decode()


def reader(role: str = "auditor") -> Client:
    account = create_account(f"{role}@example.com", "a long enough phrase", role, SYSTEM)
    client = Client(SERVER_NAME="localhost")
    client.force_login(account)
    return client


def test_an_empty_directory_says_what_to_do_first(browser: Client):
    shown = page(browser)
    assert "Nobody is in the directory yet" in shown
    assert 'href="/users/add"' in shown
    assert 'href="/users/import"' in shown


def test_a_row_says_groups_without_everyone_and_accounts_and_what_needs_somebody(browser: Client):
    ada = person("ada")
    sales = group("Sales", ada)
    settle(granted("Slack", sales), granted("Zoom", sales))
    Link.objects.filter(application__name="Zoom").update(state="failed")
    row = page(browser).split("<tbody>")[1].split("</tbody>")[0]
    assert '<td class="n" data-label="Groups">1</td>' in row
    assert "1 failed" in row
    assert "· 2" in row


@pytest.mark.parametrize("text", ["ad", "ADA", "Ada Ex", "ada@EXAMPLE"])
def test_search_finds_the_beginning_of_each_name_in_any_case(browser: Client, text: str):
    person("ada")
    person("bo")
    shown = page(browser, q=text)
    assert "Ada Example" in shown
    assert "Bo Example" not in shown


def test_filters_narrow_by_status_group_at_any_depth_and_state_in_an_application(browser: Client):
    from provisor.directory.memberships import nest

    ada, bo, cy = person("ada"), person("bo"), person("cy")
    inner, outer = group("Sales EMEA", ada), group("Sales", bo)
    nest(outer.id, inner.id, actor=BO)
    set_active(cy.id, active=False, actor=BO)
    slack = granted("Slack", inner)
    settle(slack)
    assert "Ada Example" in page(browser, group="sales")
    assert "Cy Example" not in page(browser, group="sales")
    assert "Bo Example" not in page(browser, group="Sales EMEA")
    assert "Cy Example" in page(browser, status="inactive")
    assert "Ada Example" not in page(browser, status="inactive")
    assert "Ada Example" in page(browser, application=str(slack.id), state="in_sync")
    assert "Nobody fits" in page(browser, application=str(slack.id), state="failed")
    assert "There is no group named “Selas”" in page(browser, group="Selas")


@pytest.mark.parametrize("name", ["q", "status", "group", "application", "state", "after", "before"])
def test_a_filter_that_makes_no_sense_is_no_error(browser: Client, name: str):
    person("ada")
    page(browser, **{name: "\0\ud83d".encode(errors="replace").decode() + HOSTILE * 20})


def test_pages_go_through_everybody_once_and_back(browser: Client):
    for number in range(120):
        person(f"user{number:03}")
    seen: list[str] = []
    address = "/users"
    while address:
        answer = browser.get(address)
        seen += [row.user.user_name for row in answer.context["rows"]]
        after = answer.context["page"].after
        address = f"/users?after={after}" if after else ""
    assert seen == [f"user{number:03}" for number in range(120)]


def test_the_list_asks_few_questions_however_many_users(browser: Client, django_assert_max_num_queries):
    everybody = [person(f"user{number}") for number in range(60)]
    settle(granted("Slack", group("Sales", *everybody)))
    with django_assert_max_num_queries(15):
        page(browser)


def test_names_of_strangers_are_shown_as_text(browser: Client):
    person("ada", displayName=HOSTILE)
    shown = page(browser)
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown


def test_the_export_holds_the_filtered_list_and_no_formula(browser: Client):
    person("ada", displayName="=HYPERLINK(1)")
    person("bo")
    answer = browser.get("/users?q=a&format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["userName"] for row in rows] == ["ada"]
    assert rows[0]["displayName"] == "'=HYPERLINK(1)"


def test_the_reach_names_the_applications_and_the_button_the_number(browser: Client):
    ada, bo = person("ada"), person("bo")
    settle(granted("Slack", group("Sales", ada, bo)), granted("Zoom", group("Office", ada)))
    shown = reach(browser, ada, bo, action="deactivate")
    assert "Deactivates 2 accounts in Slack and 1 in Zoom." in shown
    assert "Deactivate 2 users</button>" in shown
    assert users().filter(active=True).count() == 2


def test_deactivating_says_what_it_reaches_and_is_taken_back_by_undo(browser: Client):
    ada, bo = person("ada"), person("bo")
    settle(granted("Slack", group("Sales", ada, bo)))
    after = act(browser, ada, bo, action="deactivate", seen="2")
    assert "2 users were deactivated." in after
    assert "Deactivates 2 accounts in Slack." in after
    assert users().filter(active=True).count() == 0
    seal = after.split('name="undo" value="')[1].split('"')[0]
    undone = browser.post("/undo", {"undo": seal, "next": "/users"}, follow=True).content.decode()
    assert "2 users were activated." in undone
    assert users().filter(active=True).count() == 2


def test_undo_touches_only_those_whom_the_act_changed(browser: Client):
    ada, bo = person("ada"), person("bo")
    set_active(bo.id, active=False, actor=BO)
    assert "1 of the chosen users is so already." in reach(browser, ada, bo, action="deactivate")
    after = act(browser, ada, bo, action="deactivate")
    browser.post("/undo", {"undo": after.split('name="undo" value="')[1].split('"')[0]})
    assert list(users().filter(active=True)) == [ada]


def test_adding_to_a_group_says_the_reach_and_undo_takes_out_only_who_came_in(browser: Client):
    ada, bo = person("ada"), person("bo")
    sales = group("Sales", ada)
    settle(granted("Slack", sales))
    assert "Creates 1 account in Slack." in reach(browser, ada, bo, action="add-to-group", to_group="sales")
    after = act(browser, ada, bo, action="add-to-group", to_group="sales")
    assert "1 user was added to the group." in after
    browser.post("/undo", {"undo": after.split('name="undo" value="')[1].split('"')[0]})
    assert list(Membership.objects.filter(group=sales).values_list("user_id", flat=True)) == [ada.id]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"action": "add-to-group", "to_group": "Selas"}, "There is no group named “Selas”"),
        ({"action": "add-to-group"}, "Type the name of the group."),
        ({"action": "add-to-group", "to_group": "Everyone"}, "This changes nothing"),
        ({"action": "remove-from-group", "to_group": "everyone"}, "cannot be edited by hand"),
        ({"action": "activate"}, "This changes nothing: the chosen user is so already."),
    ],
)
def test_what_cannot_be_done_is_said_before_and_changes_nothing(
    browser: Client, fields: dict[str, str], words: str
):
    ada = person("ada")
    group("Sales")
    assert words in reach(browser, ada, **fields)
    memberships = Membership.objects.count()
    assert words in act(browser, ada, **fields)
    assert Membership.objects.count() == memberships


def test_nothing_happens_without_a_choice(browser: Client):
    person("ada")
    assert "Nobody is chosen." in reach(browser, action="delete")
    assert "Choose what to do first." in act(browser)


def test_deleting_asks_with_the_number_and_says_that_there_is_no_way_back(browser: Client):
    ada, bo = person("ada"), person("bo")
    asked = act(browser, ada, bo, action="delete", seen="2", confirmed="")
    assert "Delete 2 users?" in asked
    assert "This cannot be undone" in asked
    assert users().count() == 2
    done = act(browser, ada, bo, action="delete", confirmed="yes", seen="2")
    assert "2 users were deleted." in done
    assert 'name="undo"' not in done
    assert users().count() == 0


def test_without_scripts_an_act_shows_its_reach_before_it_is_done(browser: Client):
    ada = person("ada")
    settle(granted("Slack", group("Sales", ada)))
    asked = act(browser, ada, action="deactivate", confirmed="")
    assert "Deactivate 1 user?" in asked
    assert '<noscript><p><button class="btn" name="look" value="now">' in asked
    looked = act(browser, ada, action="deactivate", confirmed="yes", seen="1", look="now")
    assert "Deactivates 1 account in Slack." in looked
    assert users().get().active


def test_the_button_and_the_question_come_at_once_and_what_they_reach_follows(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
):
    ada, bo = person("ada"), person("bo")
    settle(granted("Slack", group("Sales", ada, bo)))
    chosen, there = {"user": [str(ada.id), str(bo.id)]}, {"HX-Request": "true"}
    with django_assert_max_num_queries(15):
        first = browser.post("/users/reach", {**chosen, "action": "deactivate"}).content.decode()
    assert 'hx-post="/users/reach?reach=now" hx-trigger="load"' in first
    assert "Deactivates" not in first
    assert "Deactivate 2 users</button>" in first
    with django_assert_max_num_queries(15):
        asked = browser.post("/users/act", {**chosen, "action": "delete"}, headers=there).content.decode()
    assert 'hx-post="/users/act?reach=now" hx-trigger="load"' in asked
    assert "Deletes" not in asked
    assert "Delete 2 users</button>" in asked
    part = browser.post(
        "/users/act?reach=now", {**chosen, "action": "delete", "confirmed": "yes"}, headers=there
    ).content.decode()
    assert "2 accounts in Slack" in part
    assert "hx-trigger" not in part
    assert "<form" not in part
    assert users().count() == 2


@pytest.mark.parametrize("action", ["deactivate", "delete", "add-to-group", "remove-from-group"])
def test_everybody_who_fits_is_counted_and_not_listed(
    browser: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    action: str,
):
    monkeypatch.setitem(BY_NAME, action, replace(BY_NAME[action], rehearsed=1))
    everybody = [person(f"user{number}") for number in range(7)]
    set_active(everybody[0].id, active=False, actor=BO)
    settle(granted("Slack", group("Sales", *everybody)))
    group("Readers", everybody[1], everybody[2])
    touched = {"deactivate": 6, "delete": 7, "add-to-group": 5, "remove-from-group": 2}[action]
    order = {"all": "yes", "filter": "q=user", "action": action, "to_group": "Readers"}
    with django_assert_max_num_queries(15):
        first = browser.post("/users/reach", order).content.decode()
    assert f'name="seen" value="{touched}"' in first
    with django_assert_max_num_queries(15):
        assert f'name="seen" value="{touched}"' in browser.get("/users/act", order).content.decode()
    shown = browser.post("/users/reach?reach=now", order).content.decode()
    assert f"They have accounts: {min(touched, 6) if action != 'add-to-group' else 4} in Slack." in shown


def test_more_people_than_a_rehearsal_takes_are_counted(browser: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(BY_NAME, "deactivate", replace(DEACTIVATE, rehearsed=1))
    ada, bo = person("ada"), person("bo")
    settle(granted("Slack", group("Sales", ada, bo)))
    shown = reach(browser, ada, bo, action="deactivate")
    assert "They have accounts: 2 in Slack." in shown
    assert "in the background" not in shown


def test_very_many_of_a_group_or_an_application_are_listed_as_few_are(
    browser: Client, monkeypatch: pytest.MonkeyPatch
):
    ada, bo = person("ada"), person("bo")
    slack = granted("Slack", group("Sales", bo))
    settle(slack)
    queries = [{"group": "Sales"}, {"application": str(slack.id)}, {"application": str(slack.id), "q": "b"}]
    few = [[row.user for row in browser.get("/users", each).context["rows"]] for each in queries]
    monkeypatch.setattr(filters, "_FEW", 0)
    monkeypatch.setattr(filters, "_MANY", 0)
    assert [[row.user for row in browser.get("/users", each).context["rows"]] for each in queries] == few
    assert few == [[bo]] * 3
    assert ada not in few[0]


def test_a_group_typed_for_another_act_is_no_matter_of_this_one(browser: Client):
    ada = person("ada")
    assert "Selas" not in act(browser, ada, action="delete", to_group="Selas", confirmed="")


def test_the_export_can_be_imported_again_and_changes_nothing(browser: Client):
    ada = person("ada", title="Countess")
    content = b"".join(browser.get("/users?format=csv").streaming_content)
    report = import_users(content, actor=BO, dry_run=True)
    assert (report.unchanged, report.refused) == (1, [])
    assert users().get().version == ada.version


def test_a_deletion_is_asked_in_the_dialog_too(browser: Client):
    ada = person("ada")
    answer = browser.post(
        "/users/act", {"user": str(ada.id), "action": "delete"}, headers={"HX-Request": "true"}
    )
    assert 'id="dialog-title">Delete 1 user?' in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_who_looked_at_another_number_is_asked_to_look_again(browser: Client):
    ada, bo = person("ada"), person("bo")
    after = act(browser, ada, bo, action="deactivate", seen="1")
    assert "nothing was done" in after
    assert users().filter(active=True).count() == 2


def test_everybody_who_fits_is_reached_beyond_the_page(browser: Client):
    for number in range(60):
        person(f"user{number:02}")
    person("zoe")
    shown = reach(browser, action="deactivate", all="yes", filter="q=user")
    assert "Deactivate 60 users</button>" in shown
    act(browser, action="deactivate", all="yes", filter="q=user", seen="60")
    assert list(users().filter(active=True).values_list("user_name", flat=True)) == ["zoe"]


@pytest.mark.django_db(transaction=True)
def test_an_act_on_very_many_is_a_work_that_says_its_number(browser: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(review, "AT_ONCE", 3)
    everybody = [person(f"user{number}") for number in range(5)]
    settle(granted("Slack", group("Sales", *everybody)))
    shown = reach(browser, action="deactivate", all="yes", filter="")
    assert "They have accounts: 5 in Slack." in shown
    assert "in the background" in shown
    act(browser, action="deactivate", all="yes", filter="", seen="5")
    work = Work.objects.get()
    end = time.monotonic() + 20
    while running.progress_of(work.id) is not None:
        assert time.monotonic() < end
        time.sleep(0.01)
    work.refresh_from_db()
    assert (work.state, work.done, work.title) == ("finished", 5, "Deactivate 5 users")
    assert work.result["sentence"] == "5 users were deactivated."
    assert users().filter(active=True).count() == 0


def test_who_may_only_read_sees_the_list_and_no_act(owner: Account):
    ada = person("ada")
    auditor = reader()
    shown = page(auditor)
    assert "Ada Example" in shown
    assert "Select action" not in shown
    assert 'href="/users/add"' not in shown
    for answer in (
        auditor.post("/users/act", {"user": str(ada.id), "action": "delete", "confirmed": "yes"}),
        auditor.post("/users/reach", {"user": str(ada.id), "action": "delete"}),
        auditor.get("/users/add"),
        auditor.get("/users/import"),
        auditor.get(f"/users/{ada.id}/edit"),
    ):
        assert answer.status_code == 403
    assert users().count() == 1


def test_an_undo_is_not_for_who_lost_the_right_meanwhile(browser: Client, owner: Account):
    ada = person("ada")
    after = act(browser, ada, action="deactivate")
    seal = after.split('name="undo" value="')[1].split('"')[0]
    Account.objects.filter(id=owner.id).update(role="auditor")
    assert browser.post("/undo", {"undo": seal}).status_code == 403
    assert not users().get(id=ada.id).active


def test_fields_that_take_a_name_offer_a_few(browser: Client):
    person("ada")
    sales = group("Sales EMEA")
    assert "ada" in browser.get("/users/choose/person?manager=ad").content.decode()
    assert "Sales EMEA" in browser.get("/users/choose/group?to_group=emea").content.decode()
    boxes = browser.get(f"/users/choose/groups?find=nothing&groups={sales.id}").content.decode()
    assert "checked" in boxes
    assert "Everyone" not in browser.get("/users/choose/groups").content.decode()
