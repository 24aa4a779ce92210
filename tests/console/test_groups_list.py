"""The list of groups, and creating one."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.directory.groups import everyone
from provisor.directory.models import Group, Membership, Nesting
from provisor.directory.queries import groups
from tests.console.granting import grant, group_of, person, provision, signed_in, slack

pytestmark = pytest.mark.django_db


def _text(browser: Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_list_counts_people_once_and_names_the_applications_reached_through_groups_around(
    browser: Client,
) -> None:
    ada, bo = person("ada"), person("bo")
    berlin = group_of("Berlin", [ada])
    sales = group_of("Sales", [ada, bo], inside=[berlin])
    grant(slack(), sales)
    rows = {row.group.display_name: row for row in browser.get(reverse("groups")).context["rows"]}
    assert (rows["Sales"].size.effective, rows["Sales"].size.direct, rows["Sales"].size.inside) == (2, 2, 1)
    assert rows["Berlin"].reached.applications == ("Slack",)
    assert rows["Everyone"].reached.applications == ()
    assert rows["Everyone"].size.effective == 2


def test_everyone_is_marked_as_built_in_and_cannot_be_selected(browser: Client) -> None:
    person("ada")
    said = _text(browser, reverse("groups"))
    assert "built in" in said
    assert f'value="{everyone().id}"' not in said


def test_the_search_finds_in_any_case_and_offers_to_create_what_it_does_not_find(browser: Client) -> None:
    group_of("Sales EMEA")
    assert "Sales EMEA" in _text(browser, reverse("groups") + "?q=emea")
    said = _text(browser, reverse("groups") + "?q=Marketing%20%26%20Co")
    assert "Sales EMEA" not in said
    assert reverse("create-group") + "?name=Marketing%20%26%20Co" in said


def test_a_search_with_what_no_name_holds_finds_nothing_and_breaks_nothing(browser: Client) -> None:
    group_of("Sales")
    assert "No group is called so" in _text(browser, reverse("groups") + "?q=%00%25_%5C")


def test_an_empty_directory_says_what_to_do_first(browser: Client) -> None:
    said = _text(browser, reverse("groups"))
    assert "No group of your own yet" in said
    assert reverse("create-group") in said


def test_long_lists_go_on_page_by_page_without_losing_or_repeating_a_group(browser: Client) -> None:
    for number in range(60):
        group_of(f"Team {number:02}")
    first = browser.get(reverse("groups")).context
    second = browser.get(reverse("groups"), {"after": first["page"].after}).context
    names = [row.group.display_name for row in [*first["rows"], *second["rows"]]]
    assert names == sorted(groups().values_list("display_name", flat=True), key=str.casefold)


def test_a_full_page_of_nested_granted_groups_stays_within_the_budget_of_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people = [person(f"user{number}") for number in range(5)]
    outer, application = group_of("Outer"), slack()
    grant(application, outer)
    for number in range(55):
        group_of(f"Team {number:02}", people, inside=[group_of(f"Inner {number:02}", people)])
    with django_assert_max_num_queries(15):
        browser.get(reverse("groups"))


def test_a_hostile_name_is_shown_as_text(browser: Client) -> None:
    group = group_of("<script>alert(1)</script>")
    for address in (reverse("groups"), reverse("group", args=[group.id])):
        said = _text(browser, address)
        assert "<script>alert(1)</script>" not in said
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in said


def test_the_export_has_every_group_that_fits_and_no_formula(browser: Client) -> None:
    group_of('=HYPERLINK("http://x")', [person("ada")])
    group_of("Other")
    answer = browser.get(reverse("export-groups"), {"q": "hyper"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]  # streamed
    assert [row["name"] for row in rows] == ['\'=HYPERLINK("http://x")']
    assert rows[0]["members"] == "1"


def test_an_auditor_reads_and_may_change_nothing() -> None:
    group, auditor = group_of("Sales", [person("ada")]), signed_in("auditor")
    assert reverse("create-group") not in _text(auditor, reverse("groups"))
    assert "Select action" not in _text(auditor, reverse("group", args=[group.id]))
    refused = [
        reverse("create-group"), reverse("groups-reach"), reverse("rename-group", args=[group.id]),
        reverse("delete-group", args=[group.id]), reverse("group-members-reach", args=[group.id]),
    ]  # fmt: skip
    assert [auditor.get(address).status_code for address in refused] == [403] * len(refused)
    posted = [reverse("delete-groups"), reverse("group-members", args=[group.id])]
    posted += [reverse("group-add-member", args=[group.id]), reverse("group-put-inside", args=[group.id])]
    assert [auditor.post(address).status_code for address in posted] == [403] * len(posted)
    assert groups().filter(id=group.id).exists()


def test_a_group_is_created_with_its_users_and_groups_inside(browser: Client) -> None:
    ada, berlin = person("ada"), group_of("Berlin")
    answer = browser.post(
        reverse("create-group"), {"display_name": "Sales", "members": "ADA\n\nada", "inside": " berlin "}
    )
    group = Group.objects.get(display_name="Sales")
    assert answer.headers["Location"] == reverse("group", args=[group.id])
    assert list(Membership.objects.filter(group=group).values_list("user_id", flat=True)) == [ada.id]
    assert Nesting.objects.filter(parent=group, child=berlin).exists()


def test_a_name_that_is_taken_in_another_case_is_refused_beside_the_field_and_nothing_typed_is_lost(
    browser: Client,
) -> None:
    person("ada")
    group_of("Sales")
    answer = browser.post(reverse("create-group"), {"display_name": "SALES", "members": "ada"})
    form = answer.context["form"]
    assert answer.status_code == 422
    assert "belongs to the group" in form.errors["display_name"][0]
    assert (form["display_name"].value(), form["members"].value()) == ("SALES", "ada")


def test_an_unknown_user_creates_no_group_and_is_named(browser: Client) -> None:
    answer = browser.post(reverse("create-group"), {"display_name": "Sales", "members": "nobody"})
    assert "nobody" in answer.context["form"].errors["members"][0]
    assert not groups().filter(display_name="Sales").exists()


def test_a_name_of_nothing_or_too_long_is_refused_beside_the_field(browser: Client) -> None:
    for name in ("", "   ", "x" * 300, "a\u202eb"):
        answer = browser.post(reverse("create-group"), {"display_name": name})
        assert "display_name" in answer.context["form"].errors


def test_after_creating_it_goes_back_with_the_group_where_somebody_came_from_and_never_to_another_site(
    browser: Client,
) -> None:
    back = reverse("add-policy") + "?name=Mine"
    answer = browser.post(reverse("create-group"), {"display_name": "One", "next": back})
    one = Group.objects.get(display_name="One")
    assert answer.headers["Location"] == f"{back}&group={one.id}"
    answer = browser.post(reverse("create-group"), {"display_name": "Two", "next": "https://evil.example/"})
    assert answer.headers["Location"] == reverse("group", args=[Group.objects.get(display_name="Two").id])


def test_a_group_can_be_created_and_granted_an_application_at_once(browser: Client) -> None:
    answer = browser.post(reverse("create-group"), {"display_name": "Sales", "grant": "yes"})
    group = Group.objects.get(display_name="Sales")
    assert answer.headers["Location"] == f"{reverse('add-policy')}?group={group.id}"


def test_deleting_groups_shows_its_reach_writes_nothing_before_it_is_applied_and_then_deletes(
    browser: Client,
) -> None:
    sales = group_of("Sales", [person("ada"), person("bo")])
    grant(slack(), sales)
    provision()
    chosen = {"action": "delete", "group": [str(sales.id)]}
    answer = browser.get(reverse("groups-reach"), chosen)
    assert "Deactivates 2 accounts in Slack" in answer.content.decode()
    assert groups().filter(id=sales.id).exists()
    seen = answer.context["reach"].seen
    done = browser.post(reverse("delete-groups"), {**chosen, "seen": seen}, follow=True)
    assert not groups().filter(id=sales.id).exists()
    assert "Deactivates 2 accounts in Slack" in done.content.decode()


def test_deletion_without_having_seen_its_reach_asks_first(browser: Client) -> None:
    sales, finance = group_of("Sales"), group_of("Finance")
    seen = browser.get(reverse("groups-reach"), {"action": "delete", "group": str(sales.id)}).context["reach"]
    both = {"action": "delete", "group": [str(sales.id), str(finance.id)], "seen": seen.seen}
    asked = browser.post(reverse("delete-groups"), both).content.decode()
    assert "Delete 2 groups\n</button>" in asked
    assert f'hx-get="{reverse("groups-reach")}?reach=now" hx-trigger="load"' in asked
    assert "Working out what it reaches" in asked
    assert groups().filter(id__in=[sales.id, finance.id]).count() == 2
    sealed = asked.split('name="seen" value="')[1].split('"', maxsplit=1)[0]
    browser.post(reverse("delete-groups"), {**both, "seen": sealed})
    assert not groups().filter(id__in=[sales.id, finance.id]).exists()


def test_the_question_before_deleting_several_gets_its_reach_as_a_part_or_without_scripts_by_a_button(
    browser: Client,
) -> None:
    sales, finance = group_of("Sales", [person("ada")]), group_of("Finance")
    grant(slack(), sales)
    provision()
    both = {"action": "delete", "group": [str(sales.id), str(finance.id)]}
    part = browser.get(reverse("groups-reach"), {**both, "reach": "now"}).content.decode()
    assert "Deactivates 1 account in Slack" in part
    assert "Delete 2 groups, deactivate 1 account\n</button>" in part
    assert "hx-trigger" not in part
    page = browser.post(reverse("delete-groups"), {**both, "look": "now"}).content.decode()
    assert "Deactivates 1 account in Slack" in page
    assert groups().filter(id=sales.id).exists()


def test_no_selection_or_no_action_deletes_nothing_and_says_so(browser: Client) -> None:
    sales = group_of("Sales")
    for data in ({"group": str(sales.id)}, {"action": "delete"}, {"action": "delete", "group": "x"}):
        said = browser.post(reverse("delete-groups"), data, follow=True).content.decode()
        assert "Nothing was done" in said
    assert groups().filter(id=sales.id).exists()


def test_everyone_is_never_deleted(browser: Client) -> None:
    person("ada")
    chosen = {"action": "delete", "group": str(everyone().id)}
    assert "holds every user" in browser.get(reverse("groups-reach"), chosen).content.decode()
    browser.post(reverse("delete-groups"), {**chosen, "seen": "x"})
    assert groups().filter(is_everyone=True).exists()
