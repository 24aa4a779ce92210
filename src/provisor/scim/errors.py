"""What can go wrong: `ScimError` answers a client of ours, `ScimFailure` is how an application failed us.

The tree of failures, outward::

    ScimFailure
    ├── NotSent            nothing left this process: name unknown, connection refused, TLS    retryable
    │   └── AddressRefused the address is one that Provisor never connects to                  permanent
    ├── OutcomeUnknown     sent, but no complete answer: time-out, reset, truncated body       retryable
    ├── Refused            a complete answer with a status of 300 or more                      by its status
    └── Unreadable         an answer that is no SCIM: HTML, bad JSON, too large, too deep      permanent
"""

from typing import Any, Final

from provisor.scim.schemas import ERROR_SCHEMA

#: Statuses after which the same request may succeed later, unchanged.
RETRYABLE_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class ScimError(Exception):
    """The answer to a client of our own SCIM interface whose request cannot be done (RFC 7644, 3.12)."""

    def __init__(self, status: int, scim_type: str = "", detail: str = "") -> None:
        super().__init__(status, scim_type, detail)
        self.status = status
        self.scim_type = scim_type
        self.detail = detail

    def __str__(self) -> str:
        kind = f" {self.scim_type}" if self.scim_type else ""
        return f"{self.status}{kind}: {self.detail}"

    def body(self) -> dict[str, Any]:
        """The JSON of the answer. The status is a string, as RFC 7644, 3.12 demands."""
        body: dict[str, Any] = {"schemas": [ERROR_SCHEMA], "status": str(self.status)}
        if self.scim_type:
            body["scimType"] = self.scim_type
        if self.detail:
            body["detail"] = self.detail
        return body


class ScimFailure(Exception):  # noqa: N818 - a failure of the application, named by the design
    """One exchange with an application failed.

    `sentence` tells a person what happened; `status` is None when no status line arrived; `scim_type` and
    `detail` are the application's own words; `retry_after` is in seconds; `retryable` says whether the same
    request may succeed later, unchanged.
    """

    retryable = False

    def __init__(
        self,
        sentence: str,
        *,
        status: int | None = None,
        scim_type: str = "",
        detail: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status
        self.scim_type = scim_type
        self.detail = detail
        self.retry_after = retry_after


class NotSent(ScimFailure):
    """Nothing left this process, so nothing happened there."""

    retryable = True


class AddressRefused(NotSent):
    """The address lies in a network that Provisor does not connect to; another try would be refused too."""

    retryable = False


class OutcomeUnknown(ScimFailure):
    """The request was sent, and no complete answer came: it may have been done or not."""

    retryable = True


class Refused(ScimFailure):
    """The application answered with a status of 300 or more."""

    def __init__(
        self,
        sentence: str,
        *,
        status: int,
        scim_type: str = "",
        detail: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence, status=status, scim_type=scim_type, detail=detail, retry_after=retry_after)
        self.retryable = status in RETRYABLE_STATUSES


class Unreadable(ScimFailure):
    """The answer is no SCIM. With a 2xx `status` to a write, the outcome of the write is unknown."""
