"""Policies: the list, adding one, changing and deleting it."""

import re
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.applications.applications import update_application
from provisor.applications.models import Policy
from provisor.applications.policies import create_policy, update_policy
from provisor.audit.actor import SYSTEM, Actor
from provisor.console.policies import reading
from provisor.directory.groups import create_group, everyone
from provisor.directory.users import create_user
from provisor.provisioning.rehearsal.rehearsal import rehearse
from tests.console.granting import grant, group_of, person, provision, signed_in, slack

pytestmark = pytest.mark.django_db


def _rows(browser: Client, **query: object) -> list[str]:
    context = browser.get(reverse("policies"), query).context
    return [row.policy.name for row in context["rows"]]


def test_the_list_says_who_gets_what_how_they_sign_in_and_how_their_accounts_stand(browser: Client) -> None:
    ada = person("ada")
    group = group_of("Sales", [ada, person("bo")], inside=[group_of("Berlin", [ada])])
    grant(slack(), group, login_method="passwordless", second_factor="passkey")
    provision()
    answer = browser.get(reverse("policies"))
    row = answer.context["rows"][0]
    assert (row.brings, row.standing.counts, row.sign_in) == (2, {"in_sync": 2}, "nothing but a passkey")
    assert "2 of 2 in sync" in answer.content.decode()


def test_a_policy_of_many_people_is_counted_when_its_row_is_seen(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = grant(slack(), group_of("Sales", [person("ada")]))
    provision()
    monkeypatch.setattr(reading, "AT_ONCE", 0)
    address = reverse("policy-accounts", args=[policy.id])
    assert f'hx-get="{address}"' in browser.get(reverse("policies")).content.decode()
    assert "1 of 1 in sync" in browser.get(address).content.decode()


def test_the_list_is_found_by_text_application_and_group(browser: Client) -> None:
    sales, support = group_of("Sales"), group_of("Support")
    application, zoom = slack(), slack("Zoom")
    for one in (application, zoom):
        grant(one, sales)
    grant(zoom, support)
    assert _rows(browser, q="SLACK") == ["Slack for Sales"]
    assert _rows(browser, application=zoom.id) == ["Zoom for Sales", "Zoom for Support"]
    assert _rows(browser, group="sales") == ["Slack for Sales", "Zoom for Sales"]
    assert _rows(browser, group=support.id, application=zoom.id) == ["Zoom for Support"]
    assert len(_rows(browser, application="nonsense", group="nobody")) == 3


def test_a_filter_without_a_policy_offers_to_add_that_one(browser: Client) -> None:
    application, sales = slack(), group_of("Sales")
    answer = browser.get(reverse("policies"), {"application": application.id, "group": sales.id})
    said = answer.content.decode()
    assert "No policy grants Slack to Sales." in said
    assert f"{reverse('add-policy')}?application={application.id}&amp;group={sales.id}" in said


def test_an_empty_list_says_what_to_do_first(browser: Client) -> None:
    assert reverse("add-application") in browser.get(reverse("policies")).content.decode()
    slack()
    said = browser.get(reverse("policies")).content.decode()
    assert "No policy yet" in said
    assert reverse("add-policy") in said


def test_every_page_stays_within_the_budget_of_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people = [person(f"user{number:02}") for number in range(52)]
    application = slack()
    for number in range(52):
        policy = grant(application, group_of(f"Team {number:02}", people))
    provision()
    pages = [reverse("policies"), reverse("policy", args=[policy.id])]
    pages += [f"{reverse('add-policy')}?application={application.id}&group={policy.group_id}"]
    for page in pages:
        with django_assert_max_num_queries(15):
            browser.get(page)


def test_hostile_names_are_shown_as_text(browser: Client) -> None:
    group = group_of("<script>alert(1)</script>")
    policy = grant(slack(), group, roles=[])
    for page in (reverse("policies"), reverse("policy", args=[policy.id])):
        said = browser.get(page).content.decode()
        assert "<script>alert(1)" not in said
        assert "&lt;script&gt;alert(1)" in said


def test_application_and_group_are_enough_and_the_policy_is_named_after_them(browser: Client) -> None:
    application, group = slack(), group_of("Sales")
    answer = browser.post(reverse("add-policy"), {"application": application.id, "group": "sales"})
    policy = Policy.objects.get()
    assert answer.headers["Location"] == reverse("policy", args=[policy.id])
    assert (policy.name, policy.group, policy.login_method, policy.second_factor) == (
        "Slack for Sales", group, "password", "none",
    )  # fmt: skip


def test_the_reach_is_said_before_and_after_and_so_is_what_stands_in_the_way(browser: Client) -> None:
    ada = person("ada")
    application = slack(mode="observe")
    group_of("Sales", [ada, person("bo")])
    grant(application, group_of("Berlin", [ada]))
    provision()
    chosen = {"application": str(application.id), "group": "Sales"}
    said = browser.get(reverse("add-policy-reach"), chosen).content.decode()
    assert "Grants Slack to 2 people in “Sales”. 1 person has an account there already" in said
    assert "Creates 1 account in Slack" in said
    assert Policy.objects.count() == 1
    said = browser.post(reverse("add-policy"), chosen, follow=True).content.decode()
    assert "The policy “Slack for Sales” was added. Creates 1 account in Slack" in said
    assert "Slack is only observed" in said
    assert reverse("application-plan", args=[application.id]) in said


def test_a_second_policy_for_the_same_pair_is_refused_with_the_way_to_the_first(browser: Client) -> None:
    application, group = slack(), group_of("Sales")
    first = grant(application, group)
    data = {"application": str(application.id), "group": "SALES", "name": "Mine"}
    answer = browser.post(reverse("add-policy"), data)
    assert answer.status_code == 422
    assert "has a policy for" in answer.context["form"].errors["group"][0]
    assert f'href="{reverse("policy", args=[first.id])}"' in answer.content.decode()
    assert answer.context["form"]["name"].value() == "Mine"
    assert Policy.objects.count() == 1


def test_what_is_wrong_is_said_beside_its_field_and_everything_typed_is_kept(browser: Client) -> None:
    slack()
    data = {
        "application": "", "group": "Nobody", "name": "Mine", "login_method": "magic_link", "second_factor": "totp",
    }  # fmt: skip
    form = browser.post(reverse("add-policy"), data).context["form"]
    assert "There is no group “Nobody”" in form.errors["group"][0]
    assert "goes with a password only" in form.errors["second_factor"][0]
    assert "application" in form.errors
    assert {name: form[name].value() for name in data} == data


def test_the_second_factors_offered_are_those_of_the_login_method(browser: Client) -> None:
    offered = {
        method: [
            value
            for value in ("none", "totp", "passkey", "any")
            if f'value="{value}"'
            in browser.get(reverse("policy-second-factor"), {"login_method": method}).content.decode()
        ]
        for method in ("password", "passwordless", "magic_link")
    }
    assert offered == {
        "password": ["none", "totp", "passkey", "any"],
        "passwordless": ["none", "passkey"],
        "magic_link": ["none"],
    }


def test_roles_are_asked_for_only_where_the_features_have_them_and_it_says_why_not(browser: Client) -> None:
    plain, rich = slack(), slack("Zoom", features={"roles": True})
    said = browser.get(reverse("add-policy"), {"application": plain.id}).content.decode()
    assert "Roles and entitlements are off in the features of Slack" in said
    assert reverse("application-features", args=[plain.id]) in said
    said = browser.get(reverse("add-policy"), {"application": rich.id}).content.decode()
    assert 'name="roles"' in said
    assert "Entitlements are off in the features of Zoom" in said
    group = group_of("Sales")
    data = {"group": "Sales", "roles": "admin\nviewer\n", "entitlements": "never"}
    browser.post(reverse("add-policy"), {"application": rich.id, **data})
    made = Policy.objects.get(group=group)
    assert (made.roles, made.entitlements) == (["admin", "viewer"], [])


def test_a_named_group_is_pushed_as_ticked_and_everyone_only_when_asked_for(browser: Client) -> None:
    person("ada")
    application = slack()
    page = browser.get(reverse("add-policy"), {"application": application.id, "group": everyone().id})
    assert page.context["form"]["push_group"].value() is False
    # What was ticked for another kind of group is not what was asked for now.
    data = {"application": application.id, "group": "Everyone", "push_shown": "named", "push_group": "on"}
    browser.post(reverse("add-policy"), data)
    assert Policy.objects.get().push_group is False
    Policy.objects.all().delete()
    browser.post(reverse("add-policy"), {**data, "push_shown": "everyone"})
    assert Policy.objects.get().push_group is True
    group_of("Sales")
    browser.post(reverse("add-policy"), {**data, "group": "Sales", "push_shown": "named", "push_group": ""})
    assert Policy.objects.get(group__display_name="Sales").push_group is True
    group_of("Support")
    data = {"application": application.id, "group": "Support", "push_shown": "named"}
    browser.post(reverse("add-policy"), data)
    assert Policy.objects.get(group__display_name="Support").push_group is False


def test_application_and_group_of_a_link_are_chosen_already(browser: Client) -> None:
    application, group = slack(), group_of("Sales")
    answer = browser.get(reverse("add-policy"), {"application": application.id, "group": group.id})
    form = answer.context["form"]
    assert (form["application"].value(), form["group"].value()) == (str(application.id), "Sales")
    assert "Left empty, it is called “Slack for Sales”." in answer.content.decode()


def test_afterwards_it_goes_on_where_somebody_came_from_and_never_to_another_site(browser: Client) -> None:
    application = slack()
    group_of("Sales")
    group_of("Support")
    data = {"application": application.id, "group": "Sales", "next": "/apps/setup?x=1"}
    assert browser.post(reverse("add-policy"), data).headers["Location"] == "/apps/setup?x=1"
    data |= {"group": "Support", "next": "//evil.example/"}
    answer = browser.post(reverse("add-policy"), data)
    assert answer.headers["Location"] == reverse("policy", args=[Policy.objects.latest("created_at").id])


def test_a_group_can_be_created_on_the_way_without_losing_what_was_typed(browser: Client) -> None:
    application = slack()
    data = {
        "application": str(application.id), "group": "Sales", "name": "Mine & yours", "login_method": "magic_link",
        "next": "/apps", "create_group": "yes",
    }  # fmt: skip
    address = browser.post(reverse("add-policy"), data).headers["Location"]
    query = parse_qs(urlsplit(address).query)
    assert query["name"] == ["Sales"]
    back = browser.post(address, {"display_name": "Sales", "next": query["next"][0]}).headers["Location"]
    page = browser.get(back).context
    form = page["form"]
    assert [form[name].value() for name in ("application", "group", "name", "login_method")] == [
        str(application.id), "Sales", "Mine & yours", "magic_link",
    ]  # fmt: skip
    assert page["next"] == "/apps"


def test_without_an_application_the_page_leads_to_adding_one(browser: Client) -> None:
    said = browser.get(reverse("add-policy")).content.decode()
    assert "There is no application to grant" in said
    assert reverse("add-application") in said


def _edited(policy: Policy, **changes: object) -> dict[str, object]:
    names = ("name", "login_method", "second_factor")
    return (
        {name: getattr(policy, name) for name in names}
        | {"push_group": "on", "edition": policy.version}
        | changes
    )


def test_a_policy_is_changed_with_its_reach_shown_before(browser: Client) -> None:
    policy = grant(slack(), group_of("Sales", [person("ada")]))
    provision()
    given = _edited(policy, push_group="", name="Chat")
    said = browser.get(reverse("policy-reach", args=[policy.id]), given).content.decode()
    assert "1 group in Slack" in said
    policy.refresh_from_db()
    assert policy.push_group is True
    said = browser.post(reverse("policy", args=[policy.id]), given, follow=True).content.decode()
    policy.refresh_from_db()
    assert (policy.name, policy.push_group) == ("Chat", False)
    assert "The policy “Chat” was saved." in said


def test_saving_what_is_so_already_says_that_nothing_was_changed(browser: Client) -> None:
    policy = grant(slack(), group_of("Sales"))
    answer = browser.post(reverse("policy", args=[policy.id]), _edited(policy), follow=True)
    assert "Nothing was changed" in answer.content.decode()


def test_the_second_of_two_editors_is_told_who_came_first_and_may_then_overwrite(browser: Client) -> None:
    policy = grant(slack(), group_of("Sales"))
    bo = Actor(kind="account", id="2", label="Bo")
    update_policy(policy.id, {"name": "Theirs"}, actor=bo)
    answer = browser.post(reverse("policy", args=[policy.id]), _edited(policy, name="Mine"))
    assert answer.status_code == 409
    assert "Bo changed this at" in answer.content.decode()
    assert answer.context["form"]["name"].value() == "Mine"
    policy.refresh_from_db()
    assert policy.name == "Theirs"
    seen = answer.context["form"]["edition"].value()
    browser.post(reverse("policy", args=[policy.id]), _edited(policy, name="Mine", edition=seen))
    policy.refresh_from_db()
    assert policy.name == "Mine"


def test_roles_stay_while_the_features_have_none(browser: Client) -> None:
    application = slack(features={"roles": True})
    policy = grant(application, group_of("Sales"), roles=["admin"])
    update_application(application.id, {"features": {"roles": False}}, actor=SYSTEM)
    browser.post(reverse("policy", args=[policy.id]), _edited(policy, name="Chat", roles=""))
    policy.refresh_from_db()
    assert (policy.name, policy.roles) == ("Chat", ["admin"])


def test_deleting_says_how_many_stay_because_of_another_policy(browser: Client) -> None:
    ada, bo = person("ada"), person("bo")
    application = slack()
    policy = grant(application, group_of("Sales", [ada, bo]))
    grant(application, group_of("Berlin", [ada]))
    provision()
    address = reverse("delete-policy", args=[policy.id])
    said = browser.get(address, {"reach": "now"}).content.decode()
    assert "1 person keeps it because of another policy." in said
    assert "Delete the policy, deactivate 1 account" in said
    assert Policy.objects.filter(id=policy.id).exists()
    said = browser.post(address, follow=True).content.decode()
    assert "The policy “Slack for Sales” was deleted. Deactivates 1 account in Slack" in said
    assert not Policy.objects.filter(id=policy.id).exists()


@pytest.mark.parametrize("what", ["delete-policy", "delete-group"])
def test_a_question_is_shown_at_once_and_its_reach_and_numbers_follow_as_a_part(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries, what: str
) -> None:
    policy = grant(slack(), group_of("Sales", [person("ada")]))
    provision()
    address = reverse(what, args=[policy.id if what == "delete-policy" else policy.group_id])
    with django_assert_max_num_queries(15):
        said = browser.get(address).content.decode()
    assert f'hx-get="{address}?reach=now" hx-trigger="load"' in said
    assert f'href="{address}?reach=now"' in said  # without scripts
    assert "Deactivates" not in said
    assert re.search(r'id="do">.*Delete the (policy|group)\s*</button>', said)
    part = browser.get(f"{address}?reach=now", headers={"HX-Request": "true"}).content.decode()
    assert "Deactivates 1 account in Slack" in part
    assert re.search(r"Delete the (policy|group), deactivate 1 account\s*</button>", part)
    assert "<form" not in part
    assert "hx-trigger" not in part
    assert "<html" in browser.get(f"{address}?reach=now").content.decode()
    assert "was deleted. Deactivates 1 account" in browser.post(address, follow=True).content.decode()


def test_the_reach_of_a_policy_for_very_many_is_counted_and_asks_no_more_than_for_few(
    browser: Client, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(rehearse, "__kwdefaults__", {**rehearse.__kwdefaults__, "limit": 2})
    application, group = slack(), group_of("Sales", [person(name) for name in ("ada", "bo", "cleo")])
    provision()
    chosen = {"application": application.id, "group": group.id}
    with django_assert_max_num_queries(45):
        said = browser.get(reverse("add-policy-reach"), chosen).content.decode()
    assert "Reaches up to 3 accounts in Slack, too many to plan one by one." in said


def test_the_accounts_of_a_policy_for_everyone_are_those_in_scope(browser: Client) -> None:
    person("ada")
    policy = grant(slack(), everyone())
    provision()
    assert "1 of 1 in sync" in browser.get(reverse("policy-accounts", args=[policy.id])).content.decode()


def test_the_page_lists_the_people_it_brings_with_their_accounts(browser: Client) -> None:
    application = slack()
    group = group_of("Sales", [person("ada")], inside=[group_of("Berlin", [person("bo")])])
    policy = grant(application, group)
    provision()
    bo = person("cleo")
    answer = browser.get(reverse("policy", args=[policy.id]))
    people = {one.user.user_name: one.link.state for one in answer.context["people"]}
    assert people == {"ada": "in_sync", "bo": "in_sync"}
    assert bo.user_name not in people
    found = browser.get(reverse("policy", args=[policy.id]), {"q": "b"}).context["people"]
    assert [one.user.user_name for one in found] == ["bo"]


def test_who_may_only_read_sees_the_settings_as_words_and_may_change_nothing() -> None:
    policy = grant(slack(), group_of("Sales"), second_factor="totp")
    auditor = signed_in("auditor")
    said = auditor.get(reverse("policy", args=[policy.id])).content.decode()
    assert "password and a one-time code" in said
    assert 'id="policy-form"' not in said
    assert auditor.post(reverse("policy", args=[policy.id]), _edited(policy, name="Mine")).status_code == 403
    refused = [reverse("add-policy"), reverse("add-policy-reach"), reverse("policy-reach", args=[policy.id])]
    refused.append(reverse("delete-policy", args=[policy.id]))
    assert [auditor.get(address).status_code for address in refused] == [403] * 4


def test_a_policy_that_is_gone_is_not_found(browser: Client) -> None:
    assert browser.get(reverse("policy", args=[uuid4()])).status_code == 404


def test_a_filter_is_tried_on_somebody_before_it_is_saved(browser: Client) -> None:
    """In, out, fails, cannot be saved, nobody of that name: each is a sentence, with the values that it looked at."""
    create_user({"userName": "ada", "userType": "Employee"}, actor=SYSTEM)
    create_user({"userName": "bob"}, actor=SYSTEM)

    def tried(scope: str, name: str) -> str:
        return browser.get(reverse("try-filter"), {"scope": scope, "try_on": name}).content.decode()

    assert "It lets ada in." in tried('user.userType == "Employee"', "ada")
    assert "Employee" in tried('user.userType == "Employee"', "ada")
    assert "It keeps ada out." in tried('user.userType == "Guest"', "ada")
    assert "It fails for bob" in tried('user.userType == "Guest"', "bob")
    assert "nonsense" in tried("user.nonsense == 1", "ada")
    assert "nobody" in tried("true", "nobody")
    assert "It " not in tried("", "ada")


def test_a_filter_is_saved_refused_at_its_field_and_shown(browser: Client) -> None:
    """A wrong one keeps what was typed; the saved one stands in the form and on the page of a reader."""
    group = create_group("Sales", actor=SYSTEM)
    policy = create_policy(name="P", application=slack().id, group=group.id, actor=SYSTEM)
    form = {"name": "P", "login_method": "password", "second_factor": "none", "edition": policy.version}
    wrong = browser.post(reverse("policy", args=[policy.id]), form | {"scope": "user.nonsense == 1"})
    assert wrong.status_code == 422
    assert "user.nonsense == 1" in wrong.content.decode()
    saved = browser.post(reverse("policy", args=[policy.id]), form | {"scope": "user.active"}, follow=True)
    assert saved.status_code == 200
    policy.refresh_from_db()
    assert policy.scope == "user.active"
    assert "The filter decides for each of them" in saved.content.decode()
    assert "user.active" in browser.get(reverse("policy", args=[policy.id])).content.decode()
