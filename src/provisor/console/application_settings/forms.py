"""The forms of an application's settings: one for each card, each saved by itself."""

from abc import ABCMeta, abstractmethod
from typing import Any, ClassVar

from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.applications.models import Application
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.scim.dialect import Dialect


class _AbstractForm(DeclarativeFieldsMetaclass, ABCMeta):
    """A form of which parts must be filled in: Django's metaclass and that of abstract classes together."""


class PartForm(EditionMixin, ConsoleForm, metaclass=_AbstractForm):
    """One card. `part` is its name, also in the ids of its fields."""

    part: ClassVar[str]
    #: Places of a refusal whose fields have other names.
    places: ClassVar[dict[str, str]] = {}

    def __init__(self, data: Any, application: Application, *, known: Dialect) -> None:
        super().__init__(data, auto_id=f"{self.part}-%s", initial=self.of(application))
        self.initial["edition"] = application.version
        self.say(application, known)

    @abstractmethod
    def of(self, application: Application) -> dict[str, Any]:
        """What the fields hold at first."""

    def say(self, application: Application, known: Dialect) -> None:
        """Complete labels and placeholders with what is known of the application."""

    @property
    @abstractmethod
    def changes(self) -> dict[str, Any]:
        """What the service is asked to change."""


class BasicsForm(PartForm):
    part = "basics"
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("As people see it on the pages and in their portal."),
    )

    launch_url = forms.CharField(
        label=gettext_lazy("Launch address"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Where My apps opens it, such as https://acme.example.com. Empty: it cannot be opened from there."
        ),
    )

    def of(self, application: Application) -> dict[str, Any]:
        return {"name": application.name, "launch_url": application.launch_url}

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("name", "launch_url")}


class AddressForm(PartForm):
    part = "address"
    base_url = forms.CharField(
        label=gettext_lazy("SCIM base URL"),
        max_length=2000,
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
    )
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    def of(self, application: Application) -> dict[str, Any]:
        return {"base_url": application.base_url}

    @property
    def changes(self) -> dict[str, Any]:
        return {"base_url": self.cleaned_data["base_url"]}


class LimitsForm(PartForm):
    part = "limits"
    places: ClassVar[dict[str, str]] = {
        f"limits/{name}": name for name in ("rate", "concurrency", "members_per_request", "bulk")
    }
    rate = forms.FloatField(
        label=gettext_lazy("Requests per second"),
        required=False,
        help_text=gettext_lazy(
            "Over everything, 0.001 to 10,000. Empty leaves it to the profile and to what was learned."
        ),
    )
    concurrency = forms.IntegerField(
        label=gettext_lazy("Requests at a time"), required=False, help_text=gettext_lazy("1 to 256.")
    )
    members_per_request = forms.IntegerField(
        label=gettext_lazy("Members in one request"),
        required=False,
        help_text=gettext_lazy("1 to 100,000. A larger change of a group is sent in so many parts."),
    )

    bulk = forms.ChoiceField(
        label=gettext_lazy("Many writes in one request"),
        choices=[
            ("auto", gettext_lazy("Where the application takes it and the backlog is large")),
            ("off", gettext_lazy("Never")),
        ],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text=gettext_lazy("Bulk requests. Whoever leaves never waits for one."),
    )

    def of(self, application: Application) -> dict[str, Any]:
        figures = {
            name: application.limits.get(name) for name in ("rate", "concurrency", "members_per_request")
        }
        return {**figures, "bulk": application.limits.get("bulk") or "auto"}

    def say(self, application: Application, known: Dialect) -> None:  # noqa: ARG002 - as PartForm
        figures = {
            "rate": f"{known.rate_per_second:g}" if known.rate_per_second else _("learned while it works"),
            "concurrency": str(known.concurrency),
            "members_per_request": f"{known.members_per_request:,}",
        }
        for name, figure in figures.items():
            self.fields[name].widget.attrs["placeholder"] = figure

    @property
    def changes(self) -> dict[str, Any]:
        return {
            "limits": {
                **{name: self.cleaned_data[name] for name in ("rate", "concurrency", "members_per_request")},
                "bulk": self.cleaned_data["bulk"] or "auto",
            }
        }


class BrakeForm(PartForm):
    part = "brake"
    places: ClassVar[dict[str, str]] = {"brake/count": "count", "brake/percent": "percent"}
    count = forms.IntegerField(
        label=gettext_lazy("Accounts"),
        min_value=0,
        help_text=gettext_lazy("So many removals in 24 hours always go through."),
    )
    percent = forms.FloatField(
        label=gettext_lazy("Percent of the live accounts"),
        min_value=0,
        max_value=100,
        help_text=gettext_lazy("The larger of the two counts."),
    )

    def of(self, application: Application) -> dict[str, Any]:
        return {"count": application.brake.get("count"), "percent": application.brake.get("percent")}

    @property
    def changes(self) -> dict[str, Any]:
        return {"brake": {"count": self.cleaned_data["count"], "percent": self.cleaned_data["percent"]}}


class ExclusionsForm(PartForm):
    part = "exclusions"
    exclusions = forms.CharField(
        label=gettext_lazy("Protected accounts"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "code-field", "spellcheck": "false"}),
        help_text=gettext_lazy('One on each line: a user name, an id, or a SCIM filter such as userName sw "svc-". Nothing is ever sent for them.'),
    )  # fmt: skip
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    def of(self, application: Application) -> dict[str, Any]:
        return {"exclusions": "\n".join(application.exclusions)}

    @property
    def changes(self) -> dict[str, Any]:
        lines = (line.strip() for line in self.cleaned_data["exclusions"].splitlines())
        return {"exclusions": [line for line in lines if line]}


PARTS: dict[str, type[PartForm]] = {
    form.part: form for form in (BasicsForm, AddressForm, LimitsForm, BrakeForm, ExclusionsForm)
}
