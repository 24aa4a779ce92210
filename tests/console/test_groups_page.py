"""The page of one group: the Users field with its actions, groups inside, rename, delete, journal."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.access.models import Account
from provisor.audit.actor import Actor
from provisor.audit.models import AuditEntry
from provisor.console.groups import reading
from provisor.directory.groups import everyone, update_group
from provisor.directory.memberships import add_members, nest
from provisor.directory.models import Group, Membership
from provisor.directory.queries import groups
from provisor.provisioning.rehearsal import rehearsal_count
from tests.console.granting import grant, group_of, person, provision, signed_in, slack

pytestmark = pytest.mark.django_db


def _members(group: Group) -> set[str]:
    return set(group.memberships.values_list("user__user_name", flat=True))


def _shown(browser: Client, group: Group, query: str = "") -> list[str]:
    context = browser.get(reverse("group", args=[group.id]) + query).context
    return [row.user.user_name for row in context["rows"]]


def _sealed(page: str) -> str:
    return page.split('name="undo" value="')[1].split('"', maxsplit=1)[0]


def _undo(browser: Client, page: str) -> str:
    return browser.post(reverse("undo"), {"undo": _sealed(page)}, follow=True).content.decode()


def test_the_users_field_shows_those_in_the_group_not_in_it_or_all(browser: Client) -> None:
    ada, bo = person("ada"), person("bo")
    inner = group_of("Berlin", [bo])
    group = group_of("Sales", [ada], inside=[inner])
    assert _shown(browser, group) == ["ada"]
    assert _shown(browser, group, "?through=1") == ["ada", "bo"]
    assert _shown(browser, group, "?show=out") == ["bo"]
    assert _shown(browser, group, "?show=all") == ["ada", "bo"]
    assert _shown(browser, group, "?show=all&q=BO") == ["bo"]
    assert _shown(browser, group, "?show=all&q=ada@example.com") == ["ada"]


def test_each_row_says_through_which_group_somebody_belongs_to_it(browser: Client) -> None:
    ada, bo = person("ada"), person("bo")
    group = group_of("Sales", [ada], inside=[group_of("Berlin", [ada, bo])])
    rows = browser.get(reverse("group", args=[group.id]) + "?through=1").context["rows"]
    said = {row.user.user_name: (row.direct, [way.display_name for way in row.ways]) for row in rows}
    assert said == {"ada": (True, ["Berlin"]), "bo": (False, ["Berlin"])}


def test_a_group_too_large_to_be_sorted_shows_the_same_people(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = group_of("Berlin", [person("cleo"), person("dan")])
    group = group_of("Sales", [person("bo"), person("ada")], inside=[inner])
    small = [_shown(browser, group, query) for query in ("", "?through=1", "?q=a")]
    for few in (0, 200):
        monkeypatch.setattr(reading, "_SORTED", 0)
        monkeypatch.setattr(reading, "_FEW", few)
        assert [_shown(browser, group, query) for query in ("", "?through=1", "?q=a")] == small
    assert small[1] == ["ada", "bo", "cleo", "dan"]


def test_a_full_page_of_users_stays_within_the_budget_of_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people = [person(f"user{number:02}") for number in range(55)]
    group = group_of("Sales", people, inside=[group_of("Berlin", people)])
    grant(slack(), group)
    for tab in ("group", "group-inside", "group-policies", "group-applications", "group-journal"):
        with django_assert_max_num_queries(15):
            browser.get(reverse(tab, args=[group.id]) + "?through=1")


def test_removing_shows_its_reach_first_then_removes_and_can_be_undone(browser: Client) -> None:
    people = [person(name) for name in ("ada", "bo", "cleo")]
    group = group_of("Sales", people)
    application = slack()
    grant(application, group)
    provision()
    chosen = {"action": "remove", "user": [str(one.id) for one in people]}
    said = browser.get(reverse("group-members-reach", args=[group.id]), chosen).content.decode()
    assert "Removes 3 people from “Sales”." in said
    assert "Deactivates 3 accounts in Slack" in said
    assert _members(group) == {"ada", "bo", "cleo"}
    said = browser.post(reverse("group-members", args=[group.id]), chosen, follow=True).content.decode()
    assert _members(group) == set()
    assert "3 people were removed from “Sales”. Deactivates 3 accounts in Slack" in said
    assert f'href="{reverse("application", args=[application.id])}">Slack</a>' in said
    assert "3 people were added to “Sales”." in _undo(browser, said)
    assert _members(group) == {"ada", "bo", "cleo"}


def test_undo_takes_back_only_what_the_act_changed(browser: Client) -> None:
    ada, bo = person("ada"), person("bo")
    group = group_of("Sales", [ada])
    chosen = {"action": "add", "user": [str(ada.id), str(bo.id)]}
    address = reverse("group-members-reach", args=[group.id])
    said = browser.get(address, chosen).content.decode()
    assert "Adds 1 person to “Sales”. 1 person is in it already." in said
    said = browser.post(reverse("group-members", args=[group.id]), chosen, follow=True).content.decode()
    assert _members(group) == {"ada", "bo"}
    _undo(browser, said)
    assert _members(group) == {"ada"}


def test_undo_needs_the_permission_of_the_act(browser: Client, owner: Account) -> None:
    ada = person("ada")
    group = group_of("Sales")
    chosen = {"action": "add", "user": str(ada.id)}
    said = browser.post(reverse("group-members", args=[group.id]), chosen, follow=True).content.decode()
    owner.role = "auditor"
    owner.save()
    assert browser.post(reverse("undo"), {"undo": _sealed(said)}).status_code == 403
    assert _members(group) == {"ada"}


def test_who_belongs_only_through_a_group_inside_stays_and_is_told_so(browser: Client) -> None:
    bo = person("bo")
    group = group_of("Sales", inside=[group_of("Berlin", [bo])])
    chosen = {"action": "remove", "user": str(bo.id)}
    said = browser.get(reverse("group-members-reach", args=[group.id]), chosen).content.decode()
    assert "1 person is not directly in it and stays as they are." in said
    browser.post(reverse("group-members", args=[group.id]), chosen)
    assert _shown(browser, group, "?through=1") == ["bo"]


def test_no_action_shows_no_reach_and_applies_nothing(browser: Client) -> None:
    ada = person("ada")
    group = group_of("Sales", [ada])
    address = reverse("group-members-reach", args=[group.id])
    for data in ({"user": str(ada.id)}, {"action": "remove"}, {"action": "explode", "user": str(ada.id)}):
        assert browser.get(address, data).content == b""
        done = browser.post(reverse("group-members", args=[group.id]), data, follow=True)
        assert "Nothing was done" in done.content.decode()
    assert _members(group) == {"ada"}


def test_a_user_is_added_by_name_in_any_case(browser: Client) -> None:
    person("ada")
    group = group_of("Sales")
    said = browser.post(reverse("group-add-member", args=[group.id]), {"user": "ADA"}, follow=True)
    assert _members(group) == {"ada"}
    assert "1 person was added to “Sales”." in said.content.decode()
    again = browser.post(reverse("group-add-member", args=[group.id]), {"user": "ada"}, follow=True)
    assert "1 person is in it already." in again.content.decode()


def test_an_unknown_name_stays_in_the_field_with_the_reason(browser: Client) -> None:
    group = group_of("Sales")
    answer = browser.post(reverse("group-add-member", args=[group.id]), {"user": "<b>nobody"})
    assert answer.status_code == 422
    assert "There is no user" in answer.context["quick"].errors["user"][0]
    assert 'value="&lt;b&gt;nobody"' in answer.content.decode()


def test_names_are_offered_while_somebody_types(browser: Client) -> None:
    person("ada")
    group_of("Sales EMEA")
    assert 'value="ada"' in browser.get(reverse("user-choices"), {"user": "AD"}).content.decode()
    assert 'value="Sales EMEA"' in browser.get(reverse("group-choices"), {"group": "emea"}).content.decode()


def test_everyone_offers_no_acts_and_refuses_them(browser: Client) -> None:
    ada = person("ada")
    said = browser.get(reverse("group", args=[everyone().id])).content.decode()
    assert "Select action" not in said
    assert reverse("rename-group", args=[everyone().id]) not in said
    chosen = {"action": "remove", "user": str(ada.id)}
    answer = browser.post(reverse("group-members", args=[everyone().id]), chosen, follow=True)
    assert "holds every user" in answer.content.decode()
    assert Membership.objects.filter(group=everyone(), user=ada).exists()


def test_a_circle_is_refused_beside_the_field_with_the_groups_that_close_it(browser: Client) -> None:
    berlin = group_of("Berlin")
    emea = group_of("EMEA", inside=[berlin])
    sales = group_of("Sales", inside=[emea])
    said = browser.get(reverse("group-inside-reach", args=[berlin.id]), {"group": "sales"}).content.decode()
    assert "This cannot be done." in said
    answer = browser.post(reverse("group-put-inside", args=[berlin.id]), {"group": "sales"})
    assert '"Sales" > "EMEA" > "Berlin"' in answer.context["form"].errors["group"][0]
    assert answer.context["form"]["group"].value() == "sales"
    assert list(reading.inside(sales)) == [emea]


def test_a_group_is_put_inside_with_its_reach_and_taken_back_by_undo(browser: Client) -> None:
    berlin = group_of("Berlin", [person("ada")])
    sales = group_of("Sales")
    grant(slack(), sales)
    reach = browser.get(reverse("group-inside-reach", args=[sales.id]), {"group": "berlin"})
    assert "Creates 1 account in Slack" in reach.content.decode()
    said = browser.post(reverse("group-put-inside", args=[sales.id]), {"group": "berlin"}, follow=True)
    assert list(reading.inside(sales)) == [berlin]
    _undo(browser, said.content.decode())
    assert list(reading.inside(sales)) == []


def test_a_group_is_taken_out_after_its_reach_was_shown_and_put_back_by_undo(browser: Client) -> None:
    berlin = group_of("Berlin", [person("ada")])
    sales = group_of("Sales", inside=[berlin])
    grant(slack(), sales)
    provision()
    address = reverse("group-take-out", args=[sales.id, berlin.id])
    asked = browser.get(address).content.decode()
    assert f'hx-get="{address}?reach=now" hx-trigger="load"' in asked
    assert "Deactivates" not in asked
    assert "Deactivates 1 account in Slack" in browser.get(address, {"reach": "now"}).content.decode()
    assert list(reading.inside(sales)) == [berlin]
    said = browser.post(address, follow=True).content.decode()
    assert list(reading.inside(sales)) == []
    _undo(browser, said)
    assert list(reading.inside(sales)) == [berlin]


def test_the_second_of_two_editors_is_told_who_came_first_and_may_then_overwrite(browser: Client) -> None:
    group = group_of("Sales")
    address, seen = reverse("rename-group", args=[group.id]), groups().get(id=group.id).version
    update_group(group.id, actor=Actor(kind="account", id="2", label="Bo"), display_name="Selling")
    answer = browser.post(address, {"display_name": "Vertrieb", "edition": seen})
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "Bo changed this at" in said
    assert 'value="Vertrieb"' in said
    assert groups().get(id=group.id).display_name == "Selling"
    browser.post(address, {"display_name": "Vertrieb", "edition": answer.context["form"]["edition"].value()})
    assert groups().get(id=group.id).display_name == "Vertrieb"


def test_a_name_that_is_taken_is_refused_beside_the_field_of_the_rename(browser: Client) -> None:
    group_of("Sales")
    group = group_of("Support")
    version = groups().get(id=group.id).version
    answer = browser.post(
        reverse("rename-group", args=[group.id]), {"display_name": "sALES", "edition": version}
    )
    assert "belongs to the group" in answer.context["form"].errors["display_name"][0]


def test_deleting_a_group_says_the_numbers_and_deletes_only_when_sent(browser: Client) -> None:
    group = group_of("Sales", [person("ada"), person("bo")])
    grant(slack(), group)
    provision()
    address = reverse("delete-group", args=[group.id])
    there = {"HX-Request": "true"}
    assert "<html" not in browser.get(address, headers=there).content.decode()
    said = browser.get(address, {"reach": "now"}, headers=there).content.decode()
    assert "Delete the group, deactivate 2 accounts" in said
    assert "<html" not in said
    assert "<html" in browser.get(address).content.decode()
    assert groups().filter(id=group.id).exists()
    said = browser.post(address, follow=True).content.decode()
    assert "The group “Sales” was deleted. Deactivates 2 accounts in Slack" in said
    assert not groups().filter(id=group.id).exists()


def test_changes_of_a_group_of_very_many_are_counted_and_not_tried(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal_count, "CROWD", 1)
    berlin = group_of("Berlin", [person("ada"), person("bo")])
    sales = group_of("Sales", [person("cleo")], inside=[berlin])
    grant(slack(), sales)
    grant(slack("Zoom"), berlin)
    provision()
    said = browser.get(reverse("delete-group", args=[berlin.id]), {"reach": "now"}).content.decode()
    assert "Reaches up to 2 accounts in Slack and 2 in Zoom, too many to plan one by one." in said
    out = reverse("group-take-out", args=[sales.id, berlin.id])
    assert (
        "Reaches up to 2 accounts in Slack, too many" in browser.get(out, {"reach": "now"}).content.decode()
    )
    refused = browser.get(reverse("delete-group", args=[everyone().id]), {"reach": "now"}).content.decode()
    assert "This cannot be done." in refused
    assert 'id="do"' not in refused


def test_the_tabs_say_which_policies_and_applications_reach_the_group(browser: Client) -> None:
    inner = group_of("Berlin")
    policy = grant(slack(), group_of("Sales", inside=[inner]), second_factor="totp")
    said = browser.get(reverse("group-policies", args=[inner.id])).content.decode()
    assert reverse("policy", args=[policy.id]) in said
    assert "which holds this group" in said
    assert "password and a one-time code" in said
    assert "not pushed" in browser.get(reverse("group-applications", args=[inner.id])).content.decode()


def test_a_group_that_reaches_nothing_offers_to_grant_an_application(browser: Client) -> None:
    group = group_of("Sales")
    for tab in ("group-policies", "group-applications"):
        said = browser.get(reverse(tab, args=[group.id])).content.decode()
        assert f"{reverse('add-policy')}?group={group.id}" in said


def test_the_journal_says_in_sentences_what_happened_and_who_did_it(browser: Client) -> None:
    group = group_of("Sales")
    bo = Actor(kind="account", id="2", label="Bo")
    add_members(group.id, [person("ada").id], actor=bo)
    nest(group.id, group_of("Berlin").id, actor=bo)
    update_group(group.id, actor=bo, display_name="Selling")
    lines = browser.get(reverse("group-journal", args=[group.id])).context["lines"]
    assert [(line.said, line.actor) for line in lines][:3] == [
        ("Renamed from “Sales” to “Selling”.", "Bo"),
        ("The group “Berlin” was put inside.", "Bo"),
        ("1 user was added: ada.", "Bo"),
    ]
    assert lines[-1].said == "Created as “Sales”."


def test_looking_at_a_reach_leaves_no_trace_in_the_audit(browser: Client) -> None:
    ada = person("ada")
    group = group_of("Sales", [ada])
    before = AuditEntry.objects.count()
    chosen = {"action": "remove", "user": str(ada.id)}
    browser.get(reverse("group-members-reach", args=[group.id]), chosen)
    assert AuditEntry.objects.count() == before


def test_a_group_that_is_gone_is_not_found(browser: Client) -> None:
    assert browser.get(reverse("group", args=[uuid4()])).status_code == 404


def test_help_desk_reads_a_group(db: None) -> None:
    group = group_of("Sales", [person("ada")])
    assert "ada" in signed_in("help-desk").get(reverse("group", args=[group.id])).content.decode()
