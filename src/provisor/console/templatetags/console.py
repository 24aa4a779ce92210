"""Times, states and events as people read them."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from provisor.console import words

register = template.Library()

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@register.simple_tag
def ago(moment: datetime | float | None) -> SafeString | str:
    """Show a moment (a datetime, or Unix milliseconds) as time ago, with the exact one on hover."""
    if not moment:
        return "never"
    exact = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment / 1000, UTC)
    seconds = (timezone.now() - exact).total_seconds()
    iso = exact.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, iso, _span(seconds))


def _span(seconds: float) -> str:
    if seconds < _MINUTE:
        return "just now"
    for limit, unit, name in ((_HOUR, _MINUTE, "min"), (_DAY, _HOUR, "h")):
        if seconds < limit:
            return f"{int(seconds // unit)} {name} ago"
    days = int(seconds // _DAY)
    return "1 day ago" if days == 1 else f"{days} days ago"


@register.filter
def in_words(state: str) -> str:
    """Return the state of an application or a link in words."""
    return words.state(state)


@register.filter
def event_in_words(event: str) -> str:
    """Return the event of a journal entry in words."""
    return words.event(event)
