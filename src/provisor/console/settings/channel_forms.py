"""Forms on where notices go: an address, and the events that it hears of."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.notices.events import EVENTS
from provisor.notices.models import Channel

_PREFIX: Final = "event-"
_LONGEST: Final = 2_000


class EventsForm(ConsoleForm):
    """One tick for each event; all are chosen at first."""

    def __init__(self, data: Any = None, *, chosen: list[str] | None = None, **how: Any) -> None:
        super().__init__(data, **how)
        for event in EVENTS.values():
            self.fields[_PREFIX + event.name] = forms.BooleanField(
                label=event.label,
                help_text=event.description,
                required=False,
                initial=chosen is None or event.name in chosen,
                widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
            )

    @property
    def events(self) -> list[str]:
        """What is chosen."""
        return [name for name in EVENTS if self.cleaned_data.get(_PREFIX + name)]


class EmailForm(EventsForm):
    """A new e-mail address."""

    address = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Of a person, or of a list that somebody reads at night, too."),
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )


class WebhookForm(EventsForm):
    """A new webhook. Its path is often a secret: it is stored encrypted, and never shown in full again."""

    url = forms.CharField(
        label=_("Address of the webhook"),
        max_length=_LONGEST,
        help_text=_("Gets a signed POST with JSON. Private networks are refused unless PROVISOR_PRIVATE_TARGETS names them."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "inputmode": "url", "spellcheck": "false"}),
    )  # fmt: skip


class ChannelForm(EditionMixin, EventsForm):
    """What an existing channel hears of."""

    enabled = forms.BooleanField(
        label=_("Notices go there"), required=False, help_text=_("Off keeps it, and sends nothing there.")
    )

    def __init__(self, data: Any, channel: Channel) -> None:
        super().__init__(
            data, chosen=channel.events, initial={"edition": channel.version, "enabled": channel.enabled}
        )
