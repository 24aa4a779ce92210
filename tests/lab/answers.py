"""What the lab target answers with: replies, refusals and the SCIM messages in them."""

from typing import Any, NamedTuple

import orjson

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

SCIM = "application/scim+json"
HTML_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"


class Reply(NamedTuple):
    """An answer before it is put into HTTP."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = SCIM


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of the lab
    """A request that the target refuses (RFC 7644 3.12)."""

    def __init__(self, status: int, detail: str, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type

    def document(self) -> dict[str, Any]:
        """The error message of RFC 7644 3.12, whose status is a string."""
        document = {"schemas": [ERROR], "status": str(self.status), "detail": self.detail}
        if self.scim_type:
            document["scimType"] = self.scim_type
        return document

    def reply(self, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        return Reply(self.status, orjson.dumps(self.document()), headers)


def html(status: int) -> Reply:
    """A web page where SCIM was expected: a sign-in page, or the error page of something in front."""
    return Reply(status, HTML_PAGE, (), "text/html; charset=utf-8")
