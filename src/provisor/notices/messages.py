"""A notice as an e-mail and as the body of a webhook."""

from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from provisor.notices.models import Notice

_LONGEST_TITLE = 200
_FOOT = "You get this because an owner of Provisor chose it under Settings > Notifications."


def subject_of(notice: Notice) -> str:
    """One line, whatever an application is called."""
    return f"[Provisor] {' '.join(notice.title.split())[:_LONGEST_TITLE]}"


def text_of(notice: Notice) -> str:
    """The text of the e-mail."""
    link = link_of(notice)
    parts = [notice.title + ".", notice.sentence, f"At {_moment(notice.at)} UTC.", link, "-- \n" + _FOOT]
    return "\n\n".join(part for part in parts if part) + "\n"


def body_of(notice: Notice) -> bytes:
    """The JSON of a webhook; what it says of people is in `data.detail`."""
    application = (
        {"id": str(notice.application_id), "name": notice.application_name} if notice.application_id else None
    )
    document: dict[str, Any] = {
        "type": f"provisor.{notice.event}.{notice.phase}",
        "timestamp": datetime.fromtimestamp(notice.at / 1_000, UTC).isoformat(),
        "data": {
            "event": notice.event,
            "phase": notice.phase,
            "application": application,
            "title": notice.title,
            "message": notice.sentence,
            "url": link_of(notice),
            "detail": notice.detail,
        },
    }
    return orjson.dumps(document)


def link_of(notice: Notice) -> str:
    """Where a person looks at it; empty while the public address of this Provisor is not set."""
    if not settings.PUBLIC_URL or not notice.application_id:
        return str(settings.PUBLIC_URL)
    try:
        return f"{settings.PUBLIC_URL}{reverse('application', args=[notice.application_id])}"
    except NoReverseMatch:
        return str(settings.PUBLIC_URL)


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
