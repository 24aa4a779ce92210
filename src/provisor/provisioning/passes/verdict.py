"""What a failure means for one link: retry, wait for a person, look again (R13). Pure."""

from dataclasses import dataclass

from provisor.scim.errors import NotSent, OutcomeUnknown, Refused, ScimFailure, Unreadable

UNAUTHORISED = 401
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
PRECONDITION_FAILED = 412
THROTTLED = 429
SERVER_ERROR = 500
UNAVAILABLE = 503
#: Answers that speak of a verb, not of an object.
UNSUPPORTED = frozenset({405, 501})


class HaltedError(Exception):
    """The pass has ended; the request that was about to leave does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a link goes on after a failure."""

    #: `due` (tried again later), `failed` (waits for a change or a person) or `conflict`.
    state: str
    reason: str
    #: The write may have taken effect all the same.
    unknown: bool = False
    #: It says something about the whole application, not about this link.
    application: bool = False


def is_throttled(failure: ScimFailure) -> bool:
    """Whether the application refuses for the sake of its load: with 429, or with 503 and a time to come back."""
    busy = failure.status == UNAVAILABLE and failure.retry_after is not None
    return failure.status == THROTTLED or busy


def judge(failure: ScimFailure, what: str, *, forbidden: bool = False) -> Verdict:
    """Judge a failure of a write; `what` says in words what was tried ("Creating the account").

    `forbidden`: even a control read is refused, so that a 403 says nothing about this object.
    """
    if forbidden and failure.status == FORBIDDEN:
        return Verdict(state="due", reason=f"{what}: {failure.sentence}", application=True)
    match failure:
        case NotSent():
            state = "due" if failure.retryable else "failed"
            return Verdict(state=state, reason=f"{what}: {failure.sentence}", application=True)
        case OutcomeUnknown():
            again = "It is read back or sent again."
            return Verdict(state="due", reason=f"{what}: {failure.sentence} {again}", unknown=True)
        case Unreadable():
            return _judge_unreadable(failure, what)
        case Refused():
            return _judge_refusal(failure, what)
        case _:
            return Verdict(state="due", reason=f"{what}: {failure.sentence}")


def _judge_unreadable(failure: Unreadable, what: str) -> Verdict:
    succeeded = failure.status is not None and 200 <= failure.status < 300  # noqa: PLR2004 - the class of success
    return Verdict(
        state="due", reason=f"{what}: {failure.sentence}", unknown=succeeded, application=not succeeded
    )


def _judge_refusal(failure: Refused, what: str) -> Verdict:
    reason = f"{what}: {failure.sentence}"
    if failure.status in (UNAUTHORISED, THROTTLED):
        return Verdict(state="due", reason=reason, application=True)
    if failure.status == CONFLICT:
        return Verdict(state="conflict", reason=f"{reason} Find out who holds the value there, then retry.")
    if failure.retryable or failure.status == PRECONDITION_FAILED:
        # a server that fails may have done the work before it failed
        return Verdict(
            state="due", reason=reason, unknown=failure.status is not None and failure.status >= SERVER_ERROR
        )
    return Verdict(
        state="failed",
        reason=f"{reason} Nothing more is sent until the user, the mapping or a person changes it.",
    )
