"""One recorded attempt per HTTP exchange: redacted, capped, with its cause (engine.md, section 3)."""

import re
from typing import Any

from provisor.provisioning.context import Context
from provisor.provisioning.keys import Key
from provisor.provisioning.work import DueLink
from provisor.scim.client import Exchange

#: Bytes of a request or an answer that an attempt keeps.
BODY_CAP = 8_192
PATH_CAP = 2_000

_PASSWORD = re.compile(r'("password"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)


def attempt_row(context: Context, run: Key | None, exchange: Exchange) -> tuple[Any, ...]:
    """Return the parameters of `INSERT_ATTEMPT` for one exchange."""
    link = exchange.tag if isinstance(exchange.tag, DueLink) else None
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
        exchange.failure.sentence if exchange.failure else "",
    )


def readable(body: bytes) -> str:
    """Return a body as text for people: capped, without passwords, without what no database takes."""
    if not body:
        return ""
    text = body[:BODY_CAP].decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    return _PASSWORD.sub(r'\1"…"', text) if "assword" in text else text
