"""Times, states, icons and small charts as people read them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.access import factors, provider
from provisor.console import words

register = template.Library()

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: Order and name of the parts of the bar of an application.
_PARTS: Final = ("in_sync", "due", "waiting", "held", "failed", "conflict", "missing", "released", "excluded")
#: Characters that a name may have before its middle is cut out.
_LONG: Final = 48
#: In this order: most browsers claim to be several.
_BROWSERS: Final = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS: Final = (("iPhone", "iOS"), ("iPad", "iPadOS"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip


@register.simple_tag
def ago(moment: datetime | float | None) -> SafeString | str:
    """Show a moment (a datetime, or Unix milliseconds) as time ago, with the exact one on hover.

    The page's script writes the exact one in the viewer's zone.
    """
    if not moment:
        return _("never")
    exact = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment / 1000, UTC)
    seconds = (timezone.now() - exact).total_seconds()
    iso = exact.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, iso, _span(seconds))


@register.simple_tag
def exact(moment: datetime | float | None) -> SafeString | str:
    """Show a moment exactly: in UTC here, in the viewer's zone once the page's script has run."""
    if not moment:
        return "—"
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment / 1000, UTC)
    iso = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return format_html(
        '<time datetime="{}" data-exact>{}</time>', iso, at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    )


@register.simple_tag(takes_context=True)
def passkeys_work(context: Mapping[str, Any]) -> bool:
    """Whether browsers allow passkeys at this address."""
    return factors.passkeys_work(context["request"])


@register.simple_tag
def sign_in_provider() -> dict[str, str] | None:
    """The external provider that is offered at the sign-in: `id` and `name`."""
    found = provider.offered()
    return {"id": provider.provider_id(found), "name": found.name} if found else None


@register.simple_tag
def mail_works() -> bool:
    """Whether e-mail can leave; without it nothing is offered that needs it."""
    return bool(settings.EMAIL_IS_SET)


@register.filter
def browser_name(agent: str) -> str:
    """Browser and system as people call them, from what the browser says of itself; the rest is left out."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    known = " · ".join(filter(None, (browser, system)))
    return known or agent[:_LONG] or _("Unknown browser")


@register.filter
def methods_named(methods: str) -> str:
    """The methods of a session in words."""
    return ", ".join(str(words.METHODS.get(one, one)) for one in methods.split(",") if one) or "—"


def _span(seconds: float) -> str:
    if seconds < _MINUTE:
        return _("just now")
    if seconds < _HOUR:
        return _("%(count)d min ago") % {"count": int(seconds // _MINUTE)}
    if seconds < _DAY:
        return _("%(count)d h ago") % {"count": int(seconds // _HOUR)}
    days = int(seconds // _DAY)
    return ngettext("%(count)d day ago", "%(count)d days ago", days) % {"count": days}


@register.filter
def in_words(state: str) -> str:
    """Return the state of an application or a link in words."""
    return words.state(state)


@register.filter
def operation(name: str, count: int) -> str:
    """Return one total of a run in words, with its number."""
    return words.operation(name, count)


@register.filter
def event_in_words(event: str) -> str:
    """Return the event of a journal entry, or the act of an audit entry, in words."""
    return words.event(event)


@register.simple_tag
def state(name: str) -> SafeString:
    """The pill of a state: its sign, its word and its colour; the word alone says everything."""
    return format_html('<span class="state" data-state="{}">{}</span>', name, words.state(name))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite (`assets/icons.txt`). Without a label it is decoration, and silent."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"></use></svg>', spoken, static("vendor/icons.svg"), name
    )


@register.filter
def cut(text: str, length: int = _LONG) -> SafeString | str:
    """Cut a long name in its middle; the whole is on hover and for screen readers."""
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return format_html('<span title="{}">{}…{}</span>', text, text[:half], text[-half:])


@register.simple_tag
def bar(counts: Mapping[str, Any], label: str = "") -> SafeString:
    """One bar of the counts of links by state, as SVG, since a style attribute is against the CSP."""
    shown = [(name, int(counts.get(name) or 0)) for name in _PARTS]
    total = sum(count for _name, count in shown)
    if not total:
        return format_html('<span class="bar-none">{}</span>', _("no accounts yet"))
    text = ", ".join(f"{count} {words.state(name)}" for name, count in shown if count)
    return format_html(
        '<svg class="states-bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}"><title>{}</title>{}</svg>',
        f"{label}: {text}" if label else text,
        text,
        format_html_join(
            "", '<rect data-state="{}" x="{}" y="0" width="{}" height="6"/>', _rectangles(shown, total)
        ),
    )


def _rectangles(shown: Sequence[tuple[str, int]], total: int) -> list[tuple[str, str, str]]:
    """Each part at its place; one that is not empty is wide enough to be seen."""
    wide = [(name, max(100 * count / total, 1.5)) for name, count in shown if count]
    scale = 100 / sum(width for _name, width in wide)
    place, drawn = 0.0, []
    for name, width in wide:
        drawn.append((name, f"{place:.2f}", f"{width * scale:.2f}"))
        place += width * scale
    return drawn


@register.simple_tag
def sparkline(values: Sequence[float], label: str) -> SafeString:
    """A small line of values over time, oldest first; `label` says it in words."""
    top = max([*values, 1])
    step = 100 / max(len(values) - 1, 1)
    points = " ".join(f"{place * step:.1f},{22 - 20 * value / top:.1f}" for place, value in enumerate(values))
    return format_html(
        '<svg class="sparkline" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label="{}"><title>{}</title><polyline points="{}"/></svg>',
        label,
        label,
        points,
    )


@register.simple_tag
def progress(done: int, total: int, label: str) -> SafeString:
    """A bar that fills; of unknown length while `total` is 0."""
    if not total:
        return format_html('<progress class="progress-line" aria-label="{}"></progress>', label)
    return format_html(
        '<progress class="progress-line" max="{}" value="{}" aria-label="{}"></progress>',
        total,
        min(done, total),
        label,
    )
