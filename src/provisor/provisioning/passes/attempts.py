"""One recorded attempt per HTTP exchange: redacted, capped, with its cause (engine.md, section 3)."""

import re
from typing import Any

from provisor.provisioning.keys import Key
from provisor.provisioning.passes.context import Context
from provisor.provisioning.passes.work import DueLink
from provisor.scim.client import Exchange

#: Bytes of a request or an answer that an attempt keeps.
BODY_CAP = 8_192
PATH_CAP = 2_000

CLIENT_ERROR = 400
EXPECTED = "There is nothing at this address ({status}). That is an answer, and no failure."

_PASSWORD = re.compile(r'("password"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)


def attempt_row(context: Context, run: Key | None, exchange: Exchange) -> tuple[Any, ...]:
    """Return the parameters of `INSERT_ATTEMPT` for one exchange."""
    # a stand-in for what has no link has the id 0
    link = exchange.tag if isinstance(exchange.tag, DueLink) and exchange.tag.id else None
    return (
        context.key,
        link.id if link else None,
        run,
        link.local_id if link else None,
        link.entry_id if link else None,
        int(exchange.at * 1_000),
        exchange.act,
        exchange.method,
        exchange.path[:PATH_CAP],
        exchange.status,
        exchange.milliseconds,
        readable(exchange.request_body),
        readable(exchange.response_body),
        exchange.failure.sentence if exchange.failure else _expected(exchange),
    )


def _expected(exchange: Exchange) -> str:
    """An answer that is an error and no failure: what was asked for need not be there."""
    if exchange.status is None or exchange.status < CLIENT_ERROR:
        return ""
    return EXPECTED.format(status=exchange.status)


def readable(body: bytes) -> str:
    """Return a body as text for people: capped, without passwords, without what no database takes."""
    if not body:
        return ""
    text = body[:BODY_CAP].decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    return _PASSWORD.sub(r'\1"…"', text) if "assword" in text else text
