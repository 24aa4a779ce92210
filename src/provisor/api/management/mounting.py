"""How an operation becomes part of the interface: its id, its permission and its answers in one call."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from django.http.response import HttpResponseBase
from ninja import Router

from provisor.api.management.caller import BearerToken
from provisor.api.management.permissions import PERMISSIONS
from provisor.api.management.problems import MEDIA_TYPE, missing
from provisor.api.management.shapes import ProblemDocument

View = Callable[..., HttpResponseBase]

#: Where each operation finds the description of its problems.
_PROBLEM: Final = {"$ref": "#/components/responses/Problem"}
#: What the description says there, once for all operations.
PROBLEMS: Final = {
    "Problem": {
        "description": "A problem, as RFC 9457 writes it.",
        "content": {MEDIA_TYPE: {"schema": ProblemDocument.model_json_schema()}},
    }
}


#: Statuses of problems that each operation may answer with (a query may name what is not there); then those of changes.
_ALWAYS: Final = (400, 401, 403, 404, 409, 422)
_OF_CHANGES: Final = (412, 413, 415)
#: Whoever decides about a hold says what was shown.
_OF_HOLDS: Final = (428,)
#: A test of a connection may be asked for too often.
_OF_TESTS: Final = (429,)


def _statuses(method: str, path: str) -> list[int]:
    if method == "GET":
        return [*_ALWAYS]
    more = (*(_OF_HOLDS if "/holds" in path else ()), *(_OF_TESTS if path.endswith("/test") else ()))
    return [*_ALWAYS, *_OF_CHANGES, *more]


def operation(
    router: Router,
    method: str,
    path: str,
    *,
    gives: Any = None,
    media_types: Sequence[str] = (),
    status: int = 200,
    shown: bool = True,
    name: str = "",
) -> Callable[[View], View]:
    """Mount a view. Its name is the operation id, which never changes; the permission is looked up by it.

    `gives` is the shape of the answer; `media_types` are those of an answer that is text and has no shape. `shown=False` mounts a second address of an operation, unlisted.
    """

    def mount(view: View) -> View:
        operation_id = name or view.__name__
        router.add_api_operation(
            path,
            [method],
            view,
            auth=BearerToken(PERMISSIONS[operation_id]),
            response={status: gives},
            operation_id=operation_id,
            summary=(view.__doc__ or operation_id).strip().split("\n")[0].rstrip("."),
            include_in_schema=shown,
            openapi_extra={
                "responses": dict.fromkeys(_statuses(method, path), _PROBLEM) | _texts(status, media_types)
            },
        )
        return view

    return mount


def _texts(status: int, media_types: Sequence[str]) -> dict[Any, Any]:
    content = {each: {"schema": {"type": "string"}} for each in media_types}
    return {status: {"description": "Text, line by line.", "content": content}} if content else {}


def read_uuid(noun: str, given: str) -> UUID:
    """The id in an address. Raises `Problem` 404: what is no id is the id of nothing."""
    try:
        return UUID(given)
    except ValueError:
        raise missing(noun, given) from None
