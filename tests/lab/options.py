"""The switches of the lab target: the dialect it speaks, its limits, its latency and its faults."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self, get_args, get_origin, get_type_hints


class Filtering(StrEnum):
    """What a `filter` parameter does."""

    WORKS = "works"  # RFC 7644 3.4.2.2
    ABSENT = "absent"  # 501, as RFC 7644 3.12 has it
    REFUSED = "refused"  # 400 invalidFilter
    IGNORED = "ignored"  # 200, and everything is returned


class MemberRemoval(StrEnum):
    """Which PATCH form takes a member out of a group."""

    ANY = "any"  # a filter in the path and a list of values, both
    FILTER = "filter"  # RFC form only, a list of values is 400
    VALUE = "value"  # Entra's list of values only, a filter in the path is 400
    EVERYONE = "everyone"  # a list of values is overlooked, so that the bare path removes all members


class MembersRead(StrEnum):
    """How a group shows its members."""

    ALL = "all"  # as they are
    ABSENT = "absent"  # no `members` in any answer
    EMPTY = "empty"  # an empty list in every answer, as AWS IAM Identity Center returns it


class PatchApplied(StrEnum):
    """Which PATCH operations change anything; the others are answered with success all the same."""

    ALL = "all"  # every operation
    NONE = "none"  # no operation
    PATHS = "paths"  # only operations with a path
    PATHLESS = "pathless"  # only operations without a path


class AnswerBody(StrEnum):
    """What follows a write that succeeded."""

    BODY = "body"  # the resource, with 200 or 201
    NO_CONTENT = "no_content"  # 204
    EMPTY = "empty"  # 200 or 201 without a body


class Discovery(StrEnum):
    """Where the service provider configuration is found."""

    PRESENT = "present"  # /ServiceProviderConfig
    ABSENT = "absent"  # nowhere: 404
    PLURAL = "plural"  # only /ServiceProviderConfigs, as in SCIM 1.1
    HTML = "html"  # a web page with 200 instead


class Duplicates(StrEnum):
    """What happens to a second resource with the same unique name."""

    CONFLICT = "conflict"  # 409 uniqueness
    BAD_REQUEST = "bad_request"  # 400, as FusionAuth answers
    ALLOWED = "allowed"  # it is created


class BulkReferences(StrEnum):
    """What becomes of a member that is named by the bulkId of its creation (RFC 7644 3.7.2)."""

    RESOLVED = "resolved"  # it is the new account
    LITERAL = "literal"  # the name itself is taken for an id, and refused where members must exist
    DROPPED = "dropped"  # it is left out
    MISTAKEN = "mistaken"  # it is the account that was made before it


class RetryAfter(StrEnum):
    """How a 429 tells when to come back."""

    SECONDS = "seconds"  # a number of whole seconds
    DATE = "date"  # an HTTP date
    NONE = "none"  # not at all


class FaultKind(StrEnum):
    """How an exchange goes wrong."""

    RESET = "reset"  # the connection is reset
    STALL = "stall"  # no answer ever comes
    DRIP = "drip"  # the answer, byte by byte, for minutes
    TRUNCATE = "truncate"  # half of the body, then the connection is closed
    STATUS = "status"  # an error answer with the status of the fault
    HTML = "html"  # a web page with the status of the fault (200 if none is given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault strikes the matching requests number `nth` to `nth + count - 1`, each with `probability`.

    `handled` says whether the request took effect before: a reset with `handled` is a reply that was
    lost after the commit. A truncated and a dripping answer are always handled. `count` 0 means without end. An empty
    `method` matches every method; `path` is a regular expression searched in the path below the base.
    """

    kind: FaultKind
    handled: bool = False
    status: int = 0
    retry_after: int | None = None
    method: str = ""
    path: str = ""
    nth: int = 1
    count: int = 1
    probability: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A token bucket. `match` is `all`, `read`, `write`, `POST`, `POST /Users` or `* /Groups`."""

    match: str
    per_second: float
    burst: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LabOptions:
    """Everything about the lab target that can be set; the defaults make a good RFC 7644 server."""

    token: str = "tok"
    seed: int = 0
    # verbs and resource types
    patch: bool = True
    put: bool = True
    delete: bool = True
    groups: bool = True
    bulk: bool = False
    bulk_operations: int = 1000
    bulk_payload: int = 10 * 1024 * 1024
    bulk_refused: int = 0
    bulk_drops_results: int = 0
    bulk_lies: bool = False
    bulk_reverses: bool = False
    bulk_renames: bool = False
    bulk_fails_on_errors: int = 0
    bulk_references: BulkReferences = BulkReferences.RESOLVED
    # discovery
    discovery: Discovery = Discovery.PRESENT
    # finding and listing
    filter: Filtering = Filtering.WORKS
    filter_case_exact: bool = False
    page_size: int = 100
    page_cap: int = 1000
    cursor: bool = False
    start_index_ignored: bool = False
    total_is_page_size: bool = False
    # uniqueness and ids
    duplicates: Duplicates = Duplicates.CONFLICT
    group_names_unique: bool = True
    refused_names: tuple[str, ...] = ()  # 400 for whoever is to have one of them
    id_is_user_name: bool = False
    # PATCH
    patch_applied: PatchApplied = PatchApplied.ALL
    pathless_patch: bool = True
    replace_creates: bool = False
    # members
    members_per_request: int = 0
    member_removal: MemberRemoval = MemberRemoval.ANY
    members_read: MembersRead = MembersRead.ALL
    members_on_create: bool = True
    members_must_exist: bool = True
    absent_member_refused: bool = False
    # what becomes of values
    drops: tuple[str, ...] = ()
    lower_case_user_name: bool = False
    string_booleans: bool = False
    active_false_deletes: bool = False
    # answers
    post_answer: AnswerBody = AnswerBody.BODY
    put_answer: AnswerBody = AnswerBody.BODY
    patch_answer: AnswerBody = AnswerBody.NO_CONTENT
    etag: bool = True
    relative_location: bool = False
    constant_answer: bool = False
    content_type: str = ""
    # limits, latency, faults
    limits: tuple[Limit, ...] = ()
    retry_after: RetryAfter = RetryAfter.SECONDS
    latency_ms: float = 0.0
    faults: tuple[Fault, ...] = ()
    # bodies and content types stay in the request log, so that it can be replayed
    keep_requests: bool = False

    def changed(self, values: Mapping[str, Any]) -> Self:
        """These options with some set anew from JSON values.

        Raises ValueError for an unknown name and for a value outside an enumeration.
        """
        return replace(self, **_read(LabOptions, values))

    def as_json(self) -> dict[str, Any]:
        """The options as `changed` reads them."""
        return asdict(self)


def read_options(values: Mapping[str, Any]) -> LabOptions:
    """The default options with some set from JSON values; raises ValueError as `LabOptions.changed` does."""
    return LabOptions().changed(values)


def _read(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    unknown = sorted(set(values) - names)
    if unknown:
        raise ValueError(
            f'"{unknown[0]}" is no option of {kind.__name__}. Known are {", ".join(sorted(names))}.'
        )
    hints = get_type_hints(kind)
    return {name: _value(hints[name], value) for name, value in values.items()}


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in value)
    if hint in (Fault, Limit):
        return value if isinstance(value, hint) else hint(**_read(hint, value))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value
