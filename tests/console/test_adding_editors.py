"""Add application, third and fourth step: the editors of the application's own tabs, within the steps."""

from html.parser import HTMLParser

import pytest
from django.test import Client

from provisor.applications.applications import create_application
from provisor.applications.models import Application
from provisor.audit.actor import SYSTEM
from tests.console.adding import step


class _Fields(HTMLParser):
    """What a browser would send of one form, unchanged."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._form, self._inside, self._select, self._area = form, False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == self._form
        if not self._inside or "disabled" in given:
            return
        if tag == "input" and given.get("name"):
            ticked = given.get("type") in {"checkbox", "radio"}
            if not ticked or "checked" in given:
                self._keep(given["name"], given.get("value", "on" if ticked else ""))
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and "selected" in given:
            self._keep(self._select, given.get("value", ""))
        elif tag == "textarea":
            self._area = given.get("name", "")
            self._keep(self._area, "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "textarea":
            self._area = ""

    def _keep(self, name: str, value: str) -> None:
        self.sent.setdefault(name, []).append(value)


@pytest.fixture
def set_up(owner: object) -> Application:
    return create_application(
        name="Target", base_url="https://scim.example.com/v2", mode="observe", profile="slack", actor=SYSTEM
    )


def _sent(browser: Client, application: Application, name: str) -> dict[str, list[str]]:
    answer = browser.get(step(application, name))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'aria-current="step"' in page
    assert step(application, "review") in page
    fields = _Fields(f"{name}-form")
    fields.feed(page)
    return fields.sent


@pytest.mark.parametrize(("name", "following"), [("mapping", "features"), ("features", "review")])
def test_a_step_that_is_saved_as_it_stands_leads_to_the_next_and_changes_nothing(
    browser: Client, set_up: Application, name: str, following: str
) -> None:
    before = (set_up.mappings, set_up.features, set_up.deprovision, set_up.version)
    answer = browser.post(step(set_up, name), _sent(browser, set_up, name))
    assert answer.headers["Location"] == step(set_up, following)
    set_up.refresh_from_db()
    assert (set_up.mappings, set_up.features, set_up.deprovision, set_up.version) == before


def test_a_switch_that_is_changed_in_its_step_is_saved(browser: Client, set_up: Application) -> None:
    sent = _sent(browser, set_up, "features")
    assert sent.pop("users_update") == ["on"]
    browser.post(step(set_up, "features"), sent)
    set_up.refresh_from_db()
    assert set_up.features["users"]["update"] is False


def test_a_wrong_value_keeps_the_step_and_what_was_typed(browser: Client, set_up: Application) -> None:
    sent = _sent(browser, set_up, "features") | {"delete_after_days": ["99999"]}
    answer = browser.post(step(set_up, "features"), sent)
    assert answer.status_code == 422
    assert 'value="99999"' in answer.content.decode()
    assert 'aria-current="step"' in answer.content.decode()


def test_the_mode_is_no_question_of_its_steps_and_nothing_sets_it_there(
    browser: Client, set_up: Application
) -> None:
    sent = _sent(browser, set_up, "features")
    assert "mode" not in sent
    answer = browser.post(step(set_up, "features"), sent | {"mode": ["enforce"]})
    assert answer.headers["Location"] == step(set_up, "review")
    set_up.refresh_from_db()
    assert set_up.mode == "observe"
