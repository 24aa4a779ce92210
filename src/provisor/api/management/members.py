"""The members of a request's body that a service takes."""

from collections.abc import Collection, Mapping
from typing import Any

from provisor.api.management.problems import Fault, Problem


def settable(body: Mapping[str, Any], shown_only: Collection[str]) -> dict[str, Any]:
    """The body without what is only ever shown. Raises `Problem` 422 for "actor", which the token says."""
    if "actor" in body:
        fault = Fault(pointer="/actor", reason='There is no "actor" here.', hint="The token says who acts.")
        raise Problem(422, "invalid", f"{fault.reason} {fault.hint}", [fault])
    return {name: value for name, value in body.items() if name not in shown_only}
