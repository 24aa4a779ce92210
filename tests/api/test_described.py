"""What both interfaces answer is what they describe, whoever asks and whatever is sent: never a 5xx, never another shape."""

import copy
import logging
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.failures import FailureGroup

from tests.access import matrix_world
from tests.access.matrix_world import Caller
from tests.api.descriptions import described

#: Requests for each operation; every caller sends some of them.
EXAMPLES: Final = 14
CALLERS: Final = (
    "owner", "application-administrator", "approver", "help-desk", "auditor", "inside", "read-only", "scim-only", "anonymous",
)  # fmt: skip
#: Answered with 501 as SCIM asks for.
_NOT_OFFERED: Final = 501


@pytest.fixture
def quiet() -> Iterator[None]:
    """No log of refusals; and requests leave the test's connection open, as those of Django's own client do."""
    logging.disable(logging.CRITICAL)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    logging.disable(logging.NOTSET)


@pytest.fixture
def world(db: None, quiet: None) -> tuple[dict[str, Caller], dict[str, Any]]:
    own = matrix_world.application("Slack")
    return matrix_world.everybody(own), matrix_world.values(own)


def test_the_management_interface_answers_as_it_describes(world: tuple[dict[str, Caller], dict[str, Any]]):
    """Every operation: random and real ids, bodies and queries that fit the description and such that do not."""
    _prove(described("management"), world)


def test_the_scim_interface_answers_as_it_describes(world: tuple[dict[str, Caller], dict[str, Any]]):
    """The same of users, groups, searches and what SCIM says of itself."""
    _prove(described("scim"), world)


def _prove(description: dict[str, Any], world: tuple[dict[str, Caller], dict[str, Any]]) -> None:
    callers, values = world
    schema = schemathesis.openapi.from_dict(copy.deepcopy(description))
    schema.app = get_wsgi_application()
    wrong: list[str] = []
    for found in schema.get_all_operations():
        wrong += _wrong(found.ok(), callers, values)
    assert not wrong, "\n\n".join(wrong)


def _wrong(operation: Any, callers: dict[str, Caller], values: dict[str, Any]) -> list[str]:
    seen: dict[str, str] = {}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), caller=st.sampled_from(CALLERS), real=st.booleans())
    def ask(case: Any, caller: str, real: bool) -> None:
        if real:
            case.path_parameters = {
                name: str(values.get(name, given)) for name, given in (case.path_parameters or {}).items()
            }
        problem = _asked(case, callers[caller])
        if problem:
            seen.setdefault(problem.splitlines()[0], f"{operation.label} by {caller}: {problem}")

    ask()
    return list(seen.values())


def _asked(case: Any, caller: Caller) -> str:
    """Send it and undo it; what is wrong with the answer, in words, or nothing."""
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {"Authorization": ""}
    with transaction.atomic():
        answer = case.call(headers=headers)
        transaction.set_rollback(True)
    if answer.status_code >= 500 and answer.status_code != _NOT_OFFERED:
        return f"{answer.status_code} {answer.text[:300]}\n{case.as_curl_command()}"
    try:
        case.validate_response(
            answer,
            checks=[
                schemathesis.checks.status_code_conformance,
                schemathesis.checks.content_type_conformance,
                schemathesis.checks.response_schema_conformance,
            ],
        )
    except FailureGroup as group:
        return (
            f"{answer.status_code}: "
            + "; ".join(str(each)[:400] for each in group.exceptions)
            + f"\n{case.as_curl_command()}"
        )
    return ""
