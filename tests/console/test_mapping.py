"""The mapping editor: what it shows, what it refuses and where, and that nothing typed is lost."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.applications.applications import update_application
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.directory.groups import create_group
from provisor.directory.models import CustomAttribute
from tests.console.editing import account_of, form_of, made, page, person, signed_in, with_accounts

BO = Actor(kind="account", id="bo", label="bo@example.com")
ADDRESS = "application-mapping"


def shown(browser: Client, application: Application, **query: str) -> dict[str, Any]:
    return form_of(page(browser, ADDRESS, application, **query), "users-row")


def save(browser: Client, application: Application, values: dict[str, Any]) -> Any:
    return browser.post(reverse(ADDRESS, args=[application.id]), values)


def key_of(values: dict[str, Any], target: str, plural: str = "users") -> str:
    """The beginning of the names of the fields of the rule with this target."""
    return next(
        f"{plural}-{key}" for key in values[f"{plural}-row"] if values[f"{plural}-{key}-target"] == target
    )


def rule(application: Application, target: str, plural: str = "users") -> dict[str, Any] | None:
    application.refresh_from_db()
    return next((one for one in application.mappings[plural] if one["target"] == target), None)


def test_what_is_shown_and_saved_without_a_change_changes_nothing(browser: Client) -> None:
    application = made()
    before = (application.mappings, application.matching, application.version)
    assert save(browser, application, shown(browser, application)).status_code == 302
    application.refresh_from_db()
    assert (application.mappings, application.matching, application.version) == before


def test_the_six_required_attributes_are_marked_and_cannot_be_removed(browser: Client) -> None:
    application = made()
    html = page(browser, ADDRESS, application)
    assert html.count(">required<") == 6 + 1  # displayName of groups
    values = shown(browser, application)
    values[f"{key_of(values, 'active')}-gone"] = "yes"
    save(browser, application, values)
    assert rule(application, "active") is not None


def test_a_row_is_changed_added_and_removed(browser: Client) -> None:
    application = made()
    values = shown(browser, application, users="1")
    values |= {
        "users-n0-target": "profileUrl",
        "users-n0-kind": "constant",
        "users-n0-value": "https://people.example",
    }
    title = key_of(values, "title")
    values |= {
        f"{title}-kind": "expression",
        f"{title}-expression": '"Dr. " + text["title"]',
        f"{title}-apply": "create",
    }
    values[f"{key_of(values, 'nickName')}-gone"] = "yes"
    assert save(browser, application, values).status_code == 302
    added, changed = rule(application, "profileUrl"), rule(application, "title")
    assert added is not None
    assert (added["kind"], added["value"]) == ("constant", "https://people.example")
    assert changed is not None
    assert (changed["kind"], changed["source"], changed["apply"]) == (
        "expression",
        '"Dr. " + text["title"]',
        "create",
    )
    assert rule(application, "nickName") is None


def test_the_constant_of_a_switch_is_no_text(browser: Client) -> None:
    application = made()
    values = shown(browser, application)
    active = key_of(values, "active")
    values |= {f"{active}-kind": "constant", f"{active}-value": "true"}
    save(browser, application, values)
    stored = rule(application, "active")
    assert stored is not None
    assert stored["value"] is True
    assert shown(browser, application)[f"{active}-value"] == "true"


def test_a_bad_expression_comes_back_at_its_row_with_place_reason_and_hint(browser: Client) -> None:
    application = made()
    values = shown(browser, application)
    title = key_of(values, "title")
    values |= {
        f"{title}-kind": "expression",
        f"{title}-expression": "user.titel + <b>",
        "users-subject": "ada",
    }
    values[f"{key_of(values, 'locale')}-source"] = "lokale"
    answer = save(browser, application, values)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert f'data-field="{title}-expression"' in html
    assert "Line 1, column" in html
    assert "There is no attribute &quot;lokale&quot;" in html
    assert "Did you mean &quot;locale&quot;?" in html
    again = form_of(html, "users-row")
    assert again[f"{title}-expression"] == "user.titel + <b>"
    assert again["users-subject"] == "ada"
    assert "user.titel + &lt;b&gt;" in html
    assert "titel + <b>" not in html
    application.refresh_from_db()
    assert application.version == 1


def test_two_rules_for_one_attribute_are_refused_at_the_second(browser: Client) -> None:
    application = made()
    values = shown(browser, application, users="1")
    values |= {"users-n0-target": "TITLE", "users-n0-source": "nickName"}
    html = save(browser, application, values).content.decode()
    assert 'data-field="users-n0-target"' in html
    assert "already written by the rule users[" in html


def test_typing_is_checked_and_previewed_without_being_saved(browser: Client) -> None:
    application = made()
    person("ada", title="Countess")
    values = shown(browser, application, users="1")
    title = key_of(values, "title")
    values |= {
        f"{title}-kind": "expression",
        f"{title}-expression": '"The " + text["title"]',
        "users-n0-target": "profileUrl",
    }
    html = browser.post(reverse("try-mapping", args=[application.id]), values).content.decode()
    assert "The Countess" in html
    assert 'data-field="users-n0' not in html, (
        "a row that is still being typed is not blamed for what is empty"
    )
    values[f"{title}-expression"] = "user.title +"
    html = browser.post(reverse("try-mapping", args=[application.id]), values).content.decode()
    assert "ends too early" in html
    assert "1 rule with an error is left out" in html
    application.refresh_from_db()
    assert application.version == 1


def test_the_preview_shows_whoever_is_chosen_and_says_what_cannot_be_rendered(browser: Client) -> None:
    application = made()
    person("ada")
    person("bob")
    values = shown(browser, application) | {"users-subject": "BOB"}
    title = key_of(values, "title")
    values |= {f"{title}-kind": "expression", f"{title}-expression": "user.title"}
    html = browser.post(reverse("try-mapping", args=[application.id]), values).content.decode()
    assert "Bob King" in html
    assert "There is no &quot;title&quot; here." in html
    offered = browser.post(
        reverse("try-mapping", args=[application.id]), values | {"users-subject": "a"}
    ).content.decode()
    assert 'data-subject="users" value="ada"' in offered
    nobody = browser.post(
        reverse("try-mapping", args=[application.id]), values | {"users-subject": "zed"}
    ).content.decode()
    assert "Nobody has a user name that begins so." in nobody


def test_a_reference_says_for_whom_it_waits(browser: Client) -> None:
    application = made()
    boss = person("boss")
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    person("ada", **{enterprise: {"manager": {"value": str(boss.id)}}})
    html = page(browser, ADDRESS, application, **{"users-subject": "ada"})
    assert "follows as soon as boss has an account there" in html
    account_of(application, boss)
    assert "r-boss" in page(browser, ADDRESS, application, **{"users-subject": "ada"})


def test_an_empty_directory_says_what_to_do_first(browser: Client) -> None:
    html = page(browser, ADDRESS, made())
    assert "There is nobody in the directory yet." in html
    assert reverse("add-user") in html


def test_custom_attributes_are_offered_as_sources(browser: Client) -> None:
    CustomAttribute.objects.create(schema="urn:example:acme:2.0:User", name="badge")
    assert '<option value="urn:example:acme:2.0:User:badge">' in page(browser, ADDRESS, made())


def test_what_would_change_shows_the_accounts_before_and_after(browser: Client) -> None:
    application = with_accounts(2)
    values = shown(browser, application)
    values[f"{key_of(values, 'displayName')}-source"] = "userName"
    html = browser.post(reverse("mapping-reach", args=[application.id]), values).content.decode()
    assert "Updates 2 accounts in Zoom." in html
    assert "P0 King" in html
    assert "<code>displayName</code>" in html
    application.refresh_from_db()
    assert application.version == 1


def test_a_large_change_is_saved_only_after_its_number_was_seen(browser: Client) -> None:
    application = with_accounts(26)
    values = shown(browser, application)
    values[f"{key_of(values, 'displayName')}-source"] = "userName"
    asked = save(browser, application, values)
    html = asked.content.decode()
    assert asked.status_code == 422
    assert "Updates 26 accounts in Zoom." in html
    assert "Save and change 26 accounts and groups" in html
    seal = html.partition('name="confirmed" value="')[2].partition('"')[0]
    wrong = save(browser, application, values | {"confirmed": "0" * 16})
    assert wrong.status_code == 422, "a confirmation counts for the effect that was shown"
    assert save(browser, application, form_of(html, "users-row") | {"confirmed": seal}).status_code == 302
    changed = rule(application, "displayName")
    assert changed is not None
    assert changed["source"] == "userName"


def test_the_second_editor_is_told_and_overwrites_only_knowingly(browser: Client) -> None:
    application = made()
    values = shown(browser, application)
    update_application(application.id, {"name": "Zoom EU"}, actor=BO)
    values[f"{key_of(values, 'title')}-source"] = "nickName"
    answer = save(browser, application, values)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "bo@example.com changed this application meanwhile" in html
    again = form_of(html, "users-row")
    assert again[f"{key_of(values, 'title')}-source"] == "nickName"
    assert save(browser, application, again).status_code == 302
    changed = rule(application, "title")
    assert changed is not None
    assert changed["source"] == "nickName"


def test_matching_is_an_ordered_list_and_warns_of_addresses(browser: Client) -> None:
    application = made()
    values = shown(browser, application)
    values["users-matching"] = ["externalId", "", "userName"]
    assert save(browser, application, values).status_code == 302
    application.refresh_from_db()
    assert application.matching["users"] == ["externalId", "userName"]
    values = shown(browser, application)
    values["users-matching"] = ["userName", "nosuch"]
    refused = save(browser, application, values).content.decode()
    assert "&quot;nosuch&quot; is not mapped" in refused
    assert 'aria-describedby="users-matching-1-error"' in refused
    update_application(application.id, {"matching": {"users": ['emails[type eq "work"].value']}}, actor=BO)
    html = page(browser, ADDRESS, application)
    assert 'class="form-hint warns"' in html
    assert "never links an account by itself" in html


def test_a_group_is_previewed_and_saved_in_the_same_form(browser: Client) -> None:
    application = made()
    create_group("Sales", actor=BO)
    values = shown(browser, application)
    name = key_of(values, "displayName", "groups")
    values |= {
        f"{name}-kind": "expression",
        f"{name}-expression": '"team-" + group.displayName',
        "groups-subject": "sales",
    }
    assert (
        "team-Sales" in browser.post(reverse("try-mapping", args=[application.id]), values).content.decode()
    )
    assert save(browser, application, values).status_code == 302
    changed = rule(application, "displayName", "groups")
    assert changed is not None
    assert changed["source"] == '"team-" + group.displayName'


@pytest.mark.parametrize("role", ["auditor", "help-desk", "approver"])
def test_who_only_reads_sees_the_rules_and_changes_nothing(browser: Client, role: str) -> None:
    application, values = made(), {}
    values = shown(browser, application)
    reader = signed_in(role)
    html = page(reader, ADDRESS, application)
    assert "Save mapping" not in html
    assert '<fieldset class="mapping-rules" disabled>' in html
    for name in (ADDRESS, "try-mapping", "mapping-reach"):
        assert reader.post(reverse(name, args=[application.id]), values).status_code == 403


def test_nothing_there_is_a_404(browser: Client) -> None:
    missing = reverse(ADDRESS, args=["00000000-0000-0000-0000-000000000000"])
    assert browser.get(missing).status_code == 404


def test_rubbish_in_the_form_is_no_error_of_the_server(browser: Client) -> None:
    application = made()
    rubbish = {
        "users-row": ["x", "1", "99999"],
        "users-1-kind": "magic",
        "users-1-target": "a\x00b",
        "edition": "-",
        "kind": "x",
    }
    for name in (ADDRESS, "try-mapping", "mapping-reach"):
        answer = browser.post(reverse(name, args=[application.id]), rubbish | {"users-subject": "\x00"})
        assert answer.status_code in {200, 422}
    assert browser.get(reverse(ADDRESS, args=[application.id]), {"users": "9" * 30}).status_code == 200


def test_the_page_needs_few_queries(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    application = with_accounts(30)
    browser.get(reverse(ADDRESS, args=[application.id]))
    with django_assert_max_num_queries(15):
        page(browser, ADDRESS, application)
