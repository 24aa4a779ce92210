"""The mapping editor and the attributes that the application lists itself: offered, judged by, and read again."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from provisor.applications.models import Application, ApplicationSchema
from provisor.applications.schemas import known_schema, record_schema
from provisor.scim.announced_schema import read_announced_schema
from provisor.scim.schemas import GROUP_SCHEMA, USER_SCHEMA
from tests.console.adding import stranger
from tests.console.editing import form_of, made, page, signed_in, with_accounts
from tests.servers import lab

ADDRESS = "application-mapping"
FALLBACK = "attributes of RFC 7643, core and enterprise"
EMAILS = {
    "name": "emails",
    "type": "complex",
    "multiValued": True,
    "subAttributes": [{"name": "value"}, {"name": "type", "canonicalValues": ["work", "private"]}],
}


def lists(application: Application, *users: dict[str, Any], groups: tuple[dict[str, Any], ...] = ()) -> None:
    schemas = [
        {"id": USER_SCHEMA, "attributes": [{"name": "userName"}, *users]},
        {"id": GROUP_SCHEMA, "attributes": list(groups)},
    ]
    record_schema(application, read_announced_schema(schemas, None), origin="Test connection")


def offered(html: str, plural: str = "users") -> str:
    return html.partition(f'<datalist id="{plural}-targets"')[2].partition("</datalist>")[0]


def key_of(values: dict[str, Any], target: str) -> str:
    return next(f"users-{key}" for key in values["users-row"] if values[f"users-{key}-target"] == target)


def advice(html: str, key: str) -> str:
    return html.partition(f'id="{key}-advice"')[2].partition("</div>")[0]


def test_before_anything_was_read_those_of_the_rfc_are_offered_and_it_says_so(browser: Client) -> None:
    html = page(browser, ADDRESS, made())
    assert FALLBACK in html
    assert "Read now" in html
    assert 'value="nickName"' in offered(html)
    assert "warns" not in advice(html, "users-0")


def test_its_own_attributes_are_offered_with_what_they_take_and_those_it_decides_come_last(
    browser: Client,
) -> None:
    application = made()
    lists(
        application,
        {"name": "locked", "mutability": "readOnly"},
        {"name": "badge", "required": True, "canonicalValues": ["red", "blue"]},
        {"name": "password"},
        EMAILS,
    )
    html = page(browser, ADDRESS, application)
    options = offered(html)
    assert FALLBACK not in html
    assert "Read again" in html
    assert "by Test connection" in html
    assert "6 of users" in html.replace("\n", "") or "7 of users" in html
    assert 'value="badge" label="badge: text, required"' in options
    assert "locked: text, read-only: it takes no value" in options
    assert options.index('"badge"') < options.index('"locked"')
    assert "emails[type eq &quot;private&quot;].value" in options
    assert 'value="externalId"' in options
    assert "password" not in options
    assert "nickName" not in options
    assert "It lists none of groups" in html
    assert 'value="displayName"' in offered(html, "groups")


def test_a_rule_that_does_not_fit_gets_a_sentence_and_is_saved_all_the_same(browser: Client) -> None:
    application = made()
    lists(
        application, {"name": "title", "mutability": "readOnly"}, {"name": "badge", "required": True}, EMAILS
    )
    values = form_of(page(browser, ADDRESS, application), "users-row")
    html = page(browser, ADDRESS, application)
    assert "is read-only there" in advice(html, key_of(values, "title"))
    assert "does not list &quot;nickName&quot;" in advice(html, key_of(values, "nickName"))
    assert "warns" not in advice(html, key_of(values, "userName"))
    assert "The application requires &quot;badge&quot; of every user" in html
    values[f"{key_of(values, 'nickName')}-source"] = "displayName"
    assert browser.post(reverse(ADDRESS, args=[application.id]), values).status_code == 302


def test_the_sentences_and_the_values_to_choose_follow_what_is_typed(browser: Client) -> None:
    application = made()
    lists(application, {"name": "badge", "required": True, "canonicalValues": ["red", "blue"]}, EMAILS)
    values = form_of(page(browser, ADDRESS, application, users="1"), "users-row")
    added = values | {"users-n0-target": "badge", "users-n0-kind": "constant", "users-n0-value": "green"}
    html = browser.post(reverse("try-mapping", args=[application.id]), added).content.decode()
    said = advice(html, "users-n0")
    assert "The values of &quot;badge&quot; there are: red, blue." in said
    assert '<datalist id="users-n0-values"><option value="red">' in said
    assert "requires &quot;badge&quot;" not in html


def test_reading_again_keeps_what_was_typed_and_offers_what_was_read(browser: Client) -> None:
    with lab() as server:
        application = made("Lab", base_url=server.base_url, auth={"method": "bearer", "token": server.token})
        values = form_of(page(browser, ADDRESS, application, users="1"), "users-row")
        typed = values | {"users-n0-target": "badge", "users-n0-source": "userName"}
        html = browser.post(reverse("read-attributes", args=[application.id]), typed).content.decode()
        methods = {each["method"] for each in server.requests()}
    assert 'id="known-attributes"' in html
    assert "by somebody on this page" in html
    assert "userName: text, required" in offered(html)
    assert "does not list &quot;badge&quot;" in advice(html, "users-n0")
    assert methods == {"GET"}
    known = known_schema(application)
    assert known is not None
    assert known.schema.groups is not None
    application.refresh_from_db()
    assert application.version == 1


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/html", "<html><script>alert(1)</script></html>"),
        ("application/scim+json", json.dumps({"Resources": [{"id": USER_SCHEMA, "attributes": "<b>"}]})),
        ("application/scim+json", "[" * 5000),
    ],
)
def test_a_reading_that_fails_says_so_and_keeps_what_was_read(
    browser: Client, media_type: str, body: str
) -> None:
    with stranger(200, media_type, body) as base_url:
        application = made("Odd", base_url=base_url, auth={"method": "bearer", "token": "t"})
        lists(application, {"name": "badge"})
        before = known_schema(application)
        html = browser.post(
            reverse("read-attributes", args=[application.id]), {"edition": "1"}
        ).content.decode()
    assert "lists no attributes that can be read" in html
    assert "What was read before is kept." in html
    assert "<script>" not in html
    assert known_schema(application) == before


def test_without_a_credential_it_says_what_is_missing(browser: Client) -> None:
    html = browser.post(reverse("read-attributes", args=[made().id]), {"edition": "1"}).content.decode()
    assert "credential" in html.partition("known-attributes")[2].partition("</p>")[0]


def test_names_and_values_of_the_application_are_shown_as_text(browser: Client) -> None:
    application = made()
    values = ['"><script>alert(1)</script>', "ok"]
    lists(application, {"name": "title", "canonicalValues": values}, {**EMAILS, "subAttributes": [{"name": "value"}, {"name": "type", "canonicalValues": values}]})  # fmt: skip
    html = page(browser, ADDRESS, application)
    assert "<script>alert" not in html
    assert "&quot;&gt;&lt;script&gt;" in html


@pytest.mark.parametrize("role", ["auditor", "help-desk"])
def test_who_only_reads_sees_what_was_read_and_cannot_have_it_read(browser: Client, role: str) -> None:
    application = made()
    lists(application, {"name": "title", "mutability": "readOnly"})
    reader = signed_in(role)
    html = page(reader, ADDRESS, application)
    assert "the attributes that Zoom lists itself" in html
    assert "Read again" not in html
    assert reader.post(reverse("read-attributes", args=[application.id]), {}).status_code == 403


def test_the_page_needs_few_queries_with_a_thousand_attributes_too(
    browser: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    application = with_accounts(5)
    lists(application, *({"name": f"a{n}"} for n in range(1500)))
    assert ApplicationSchema.objects.count() == 1
    browser.get(reverse(ADDRESS, args=[application.id]))
    with django_assert_max_num_queries(15):
        html = page(browser, ADDRESS, application)
    assert "501 more were left out" in html
