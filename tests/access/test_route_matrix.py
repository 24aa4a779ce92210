"""Every route, in the name of every caller and in other spellings of its path, against one table (CVE-2025-4210, CVE-2026-32130)."""

import logging
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from provisor.applications.models import Application
from provisor.console.long_work import running
from tests.access import matrix_world
from tests.access.matrix import ADVICE, METHODS, Row, rows
from tests.access.matrix_world import Caller, refused
from tests.access.routes import address_of, disguises, every_route, is_a_route, parameters

ROWS = rows()
CALLERS = (*matrix_world.PEOPLE, *matrix_world.TOKENS)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Thousands of refusals are not logged, and no long work begins."""
    idle = SimpleNamespace(start=lambda: None)
    threads = SimpleNamespace(Thread=lambda **_: idle, Event=threading.Event)
    monkeypatch.setattr(running, "threading", threads)
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def inside(db: None) -> Application:
    """The application that bound callers look after."""
    return matrix_world.application("Slack")


@pytest.fixture
def callers(inside: Application, quiet: None) -> dict[str, Caller]:
    return matrix_world.everybody(inside)


@pytest.fixture
def values(callers: dict[str, Caller], inside: Application) -> dict[str, Any]:
    return matrix_world.values(inside)


@pytest.fixture
def elsewhere(values: dict[str, Any]) -> dict[str, Any]:
    """The same of another application."""
    return matrix_world.values(matrix_world.application("Zeppelin"))


def _address(row: Row, values: dict[str, Any]) -> str:
    return row.at or address_of(row.route, values)


def _asked_by(name: str, row: Row) -> bool:
    """Tokens are for the interfaces alone."""
    return not (row.pages and name in matrix_world.TOKENS)


def _turned_away(answer: Any, name: str, row: Row) -> bool:
    """Refused; or, of an application that is not one's own, told that there is no such thing."""
    return refused(answer) or (name.endswith("outside") and row.is_bound and answer.status_code == 404)


def test_route_matrix_has_a_row_for_every_route_and_none_for_what_is_gone():
    """Whoever adds a route decides who may use it."""
    there = set(every_route())
    assert there == ROWS.keys(), (
        f"without a row: {sorted(there - ROWS.keys())}; gone: {sorted(ROWS.keys() - there)}\n{ADVICE}"
    )


def test_route_matrix_has_a_value_for_every_parameter(values: dict[str, Any]):
    """So that a request reaches what a route is about."""
    without = {route: set(parameters(route)) - values.keys() for route, row in ROWS.items() if not row.at}
    missing = {route: names for route, names in without.items() if names}
    assert not missing, f"{missing}\n{ADVICE}"


def test_route_matrix_names_every_method_that_a_route_takes(
    callers: dict[str, Caller], values: dict[str, Any]
):
    """A method that no row names does not work, for the owner neither."""
    owner, wrong = callers["owner"], []
    for row in ROWS.values():
        for method in (each for each in METHODS if each not in row.methods):
            answer = owner.ask(method, _address(row, values), pages=row.pages)
            if answer.status_code != 405:
                wrong.append(f"{method} {row.route} answers {answer.status_code}")
    assert not wrong, "\n".join(wrong) + ADVICE


@pytest.mark.parametrize("name", CALLERS)
def test_route_matrix_lets_in_exactly_whom_the_table_names(
    callers: dict[str, Caller], values: dict[str, Any], elsewhere: dict[str, Any], name: str
):
    """Each method of each route, for one caller; nothing breaks."""
    wrong, of = [], elsewhere if name.endswith("outside") else values
    for row in (each for each in ROWS.values() if _asked_by(name, each)):
        for method in row.methods:
            answer = callers[name].ask(method, _address(row, of), pages=row.pages)
            if _turned_away(answer, name, row) == row.admits(method, name) or answer.status_code == 500:
                wrong.append(
                    f"{method} {row.route}: {answer.status_code}, in the table {'allow' if row.admits(method, name) else 'deny'}"
                )
    assert not wrong, f"{name}:\n" + "\n".join(wrong) + ADVICE


@pytest.mark.parametrize("name", [one for one in CALLERS if one not in matrix_world.SPENT])
def test_route_matrix_refuses_in_every_spelling_of_a_path(
    callers: dict[str, Caller], values: dict[str, Any], elsewhere: dict[str, Any], name: str
):
    """Who may not use a route reaches it by no other spelling: the answer is a refusal, or that nothing is there.

    A spelling that is no route is the same nothing for everybody: two callers ask for those, the others for the rest.
    """
    wrong, asks_all = [], name in {"anonymous", "help-desk"}
    of = elsewhere if name.endswith("outside") else values
    for row in (each for each in ROWS.values() if _asked_by(name, each)):
        method = next((each for each in row.methods if not row.admits(each, name)), None)
        spelled = disguises(_address(row, of)) if method else {}
        for how, path in spelled.items():
            if not (asks_all or is_a_route(path)):
                continue
            answer = callers[name].ask(method, path, pages=row.pages)
            if not _harmless(answer):
                wrong.append(f"{method} {path} ({how}): {answer.status_code}")
    assert not wrong, f"{name}:\n" + "\n".join(wrong)


def _harmless(answer: Any) -> bool:
    return refused(answer) or answer.status_code in {400, 404, 405, 410}


def test_route_matrix_a_session_opens_no_interface_and_a_token_no_page(
    callers: dict[str, Caller], values: dict[str, Any]
):
    """Each kind of credential counts at its own routes only, so that no cookie is sent along to an interface."""
    owner, wrong = callers["owner"], []
    for row in ROWS.values():
        for method in (each for each in row.methods if not row.admits(each, "anonymous")):
            answer = owner.ask(method, _address(row, values), pages=row.pages, swapped=True)
            if not refused(answer):
                wrong.append(f"{method} {row.route}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "path", ["/static/console/console.css", "/favicon.ico", "/nothing-here", "/static/../settings"]
)
def test_route_matrix_beside_the_routes_there_are_static_files_and_nothing_else(
    callers: dict[str, Caller], path: str
):
    """What no route takes is a file of the packages, the sign-in, or not there."""
    answer = callers["anonymous"].ask("GET", path, pages=True)
    is_file = path.startswith("/static/console/") and answer.status_code == 200
    assert is_file or refused(answer) or answer.status_code == 404
