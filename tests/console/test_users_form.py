"""Adding a user and changing one: the errors beside the field, the reach after it, and two editors."""

import re
from typing import Any

import pytest
from django.test import Client

from provisor.console.users.fields import main_email, write_email
from provisor.directory.attributes import declare_attribute
from provisor.directory.groups import delete_group
from provisor.directory.models import JournalEntry, User
from provisor.directory.queries import find_user, users
from provisor.directory.users import replace_user
from provisor.scim.schemas import ENTERPRISE_SCHEMA
from tests.console.people import BO, HOSTILE, granted, group, person, settle

pytestmark = pytest.mark.django_db
ACME = "urn:example:params:scim:schemas:extension:acme:2.0:User"


def add(browser: Client, **fields: Any) -> Any:
    return browser.post("/users/add", {"user_name": "ada", "active": "on", **fields}, follow=True)


def typed(browser: Client, user: User) -> dict[str, str]:
    """What a browser sends of the form as it was opened."""
    form = browser.get(f"/users/{user.id}/edit").context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: str(value) for name, value in values.items() if value not in (None, "", False)}


def save(browser: Client, user: User, fields: dict[str, str]) -> Any:
    return browser.post(f"/users/{user.id}/edit", fields, follow=True)


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def beside(answer: Any, name: str) -> str:
    """The errors of one field, as the page shows them."""
    found = re.search(
        rf'name="{name}".*?(?=<div class="mb-3|</section>|</form>)', answer.content.decode(), re.DOTALL
    )
    assert found
    return " ".join(found.group().split())


def test_an_added_user_has_what_was_typed_and_joins_the_groups(browser: Client):
    boss, sales = person("boss"), group("Sales")
    answer = add(
        browser, given_name="Ada", family_name="Lovelace", email="ada@example.com", title="Countess",
        department="Numbers", manager="BOSS", phone="+44 1", groups=str(sales.id),
    )  # fmt: skip
    ada = find_user("ada")
    assert ada.resource["name"] == {"givenName": "Ada", "familyName": "Lovelace"}
    assert ada.display_name == "Ada Lovelace"
    assert ada.resource["emails"] == [{"value": "ada@example.com", "type": "work", "primary": True}]
    assert ada.resource["phoneNumbers"] == [{"value": "+44 1", "type": "work"}]
    assert ada.resource[ENTERPRISE_SCHEMA]["department"] == "Numbers"
    assert ada.manager_id == boss.id
    assert sales.memberships.filter(user=ada).exists()
    assert answer.redirect_chain[0][0] == f"/users/{ada.id}"


def test_after_adding_it_says_at_once_what_it_reaches_with_links(browser: Client):
    sales = group("Sales")
    slack = granted("Slack", sales)
    answer = add(
        browser, given_name="Ada", family_name="Lovelace", email="a@example.com", groups=str(sales.id)
    )
    assert "Ada Lovelace was added. Creates 1 account in Slack." in said(answer)
    assert f'href="/apps/{slack.id}"' in said(answer)
    assert "The account is being planned." in said(answer)


def test_a_name_taken_in_another_case_says_whose_it_is_and_keeps_what_was_typed(browser: Client):
    ada = person("ada")
    answer = add(browser, user_name="ADA", title="Countess")
    assert answer.status_code == 422
    assert f'href="/users/{ada.id}"' in said(answer)
    assert "Ada Example" in said(answer)
    assert "belongs to another user (as &quot;ada&quot;" in beside(answer, "user_name")
    assert 'value="Countess"' in said(answer)
    assert users().count() == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("user_name", "", "Every user needs a user name."),
        ("user_name", "x" * 300, "may have 255 characters"),
        ("user_name", "a\u200eb", "invisible character"),
        ("email", "nobody", "must be an e-mail address"),
        ("manager", "ghost", "There is no user “ghost”."),
        ("title", "x" * 5000, "at most 4096 characters"),
    ],
)
def test_wrong_input_is_kept_with_its_reason_beside_the_field(
    browser: Client, name: str, value: str, words: str
):
    answer = add(browser, **{"family_name": "Lovelace", name: value})
    assert answer.status_code == 422
    assert words in beside(answer, name)
    assert 'value="Lovelace"' in said(answer)
    assert "Nothing was saved yet" in said(answer)
    assert users().count() == 0


def test_chosen_groups_survive_an_error_and_a_group_that_went_refuses_the_whole(browser: Client):
    sales = group("Sales")
    answer = add(browser, email="nobody", groups=str(sales.id))
    assert f'value="{sales.id}" checked' in said(answer)
    delete_group(sales.id, actor=BO)
    answer = add(browser, groups=str(sales.id))
    assert answer.status_code == 422
    assert "There is no group" in said(answer)
    assert users().count() == 0


def test_custom_attributes_are_in_the_form_with_their_types(browser: Client):
    for name, kind, several in (
        ("badge", "integer", False), ("remote", "boolean", False), ("tags", "string", True), ("since", "dateTime", False),
    ):  # fmt: skip
        declare_attribute(ACME, name, type=kind, multi_valued=several, actor=BO)
    names = {str(field.label): field.html_name for field in browser.get("/users/add").context["form"]}
    fields = {
        names["badge"]: "42", names["remote"]: "false", names["tags"]: "one\n two \n\n",
        names["since"]: "2026-11-23T10:00:00Z",
    }  # fmt: skip
    assert add(browser, **{**fields, names["badge"]: "many"}).status_code == 422
    assert "must be a date and time" in said(add(browser, **{**fields, names["since"]: "yesterday"}))
    add(browser, **fields)
    ada = find_user("ada")
    assert ada.resource[ACME] == {
        "badge": 42, "remote": False, "tags": ["one", "two"], "since": "2026-11-23T10:00:00Z",
    }  # fmt: skip
    assert save(browser, ada, typed(browser, ada)).status_code == 200
    assert find_user("ada").version == ada.version


def test_a_form_saved_as_it_was_opened_changes_nothing(browser: Client):
    ada = person(
        "ada",
        phoneNumbers=[{"value": "1", "type": "fax"}, {"value": "2", "type": "work"}],
        emails=[{"value": "home@example.com", "type": "home"}, {"value": "ada@example.com"}],
        roles=[{"value": "admin"}],
    )
    answer = save(browser, ada, typed(browser, ada))
    assert "Nothing was different" in said(answer)
    assert find_user("ada").resource == ada.resource


def test_a_change_says_what_it_reaches_and_keeps_what_the_form_does_not_show(browser: Client):
    ada = person("ada", roles=[{"value": "admin"}])
    settle(granted("Slack", group("Sales", ada)))
    answer = save(browser, ada, {**typed(browser, ada), "family_name": "King"})
    assert "Ada Example was changed. Updates 1 account in Slack." in said(answer)
    changed = find_user("ada")
    assert changed.resource["name"]["familyName"] == "King"
    assert changed.resource["roles"] == [{"value": "admin"}]


def test_clearing_a_field_clears_the_attribute(browser: Client):
    ada = person("ada", title="Countess")
    fields = typed(browser, ada)
    del fields["title"], fields["email"]
    save(browser, ada, fields)
    assert "title" not in find_user("ada").resource
    assert "emails" not in find_user("ada").resource


def test_of_two_editors_the_second_is_told_who_changed_what_and_loses_nothing(browser: Client):
    ada = person("ada")
    fields = {**typed(browser, ada), "title": "Countess", "nick_name": "Addie"}
    replace_user(ada.id, {**ada.resource, "title": "Analyst"}, actor=BO)
    answer = save(browser, ada, fields)
    assert answer.status_code == 409
    assert "bo@example.com changed this meanwhile" in said(answer)
    assert "title. What you typed is kept" in said(answer)
    assert "Title: “Analyst”" in said(answer)
    assert 'value="Countess"' in said(answer)
    assert find_user("ada").resource["title"] == "Analyst"
    again = {**fields, "edition": str(answer.context["form"]["edition"].value())}
    assert save(browser, ada, again).status_code == 200
    assert find_user("ada").resource["title"] == "Countess"
    assert JournalEntry.objects.filter(subject_id=ada.id, event="user.updated").count() == 2


def test_hostile_values_stay_text_in_the_form(browser: Client):
    ada = person("ada", title=HOSTILE)
    shown = said(browser.get(f"/users/{ada.id}/edit"))
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown


def test_who_is_not_there_cannot_be_changed(browser: Client):
    ada = person("ada")
    User.objects.filter(id=ada.id).delete()
    assert browser.get(f"/users/{ada.id}/edit").status_code == 404


def test_the_form_asks_few_questions(browser: Client, django_assert_max_num_queries):
    ada = person("ada")
    with django_assert_max_num_queries(15):
        browser.get(f"/users/{ada.id}/edit")
    with django_assert_max_num_queries(15):
        browser.get("/users/add")


@pytest.mark.parametrize(
    ("emails", "main"),
    [
        ([{"value": "a", "type": "home"}, {"value": "b", "type": "work"}], "b"),
        ([{"value": "a", "type": "home", "primary": True}, {"value": "b", "type": "work"}], "a"),
        ([{"value": "a"}, {"value": "b"}], "a"),
    ],
)
def test_the_form_edits_the_address_that_the_list_shows(emails: list[dict[str, Any]], main: str):
    document = {"emails": emails}
    found = main_email(document)
    assert found is not None
    assert found["value"] == main
    write_email(document, "new")
    assert main not in {one["value"] for one in document["emails"]}
    assert len(document["emails"]) == 2
    write_email(document, "")
    assert len(document["emails"]) == 1
