"""What an administrator says of an application, against its profile and its own word."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access.permissions import Permission
from provisor.applications.capabilities import dialect_of, overrule_fact, restore_fact
from provisor.console import notices
from provisor.console.application_settings.page import REFUSED, gone_to
from provisor.console.application_settings.reading import in_words
from provisor.console.applications.frame import frame
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.console.guard import actor_of, requires
from provisor.console.refusals import REFUSALS, is_conflict, place_errors, sentence_of
from provisor.scim.capabilities import FACTS
from provisor.scim.dialect import FactDefinition, FactKind


class FactForm(EditionMixin, ConsoleForm):
    """The value of one fact, and the reason that is shown beside it from now on."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=1000,
        help_text=gettext_lazy(
            "Shown beside it, for whoever wonders later: what was seen, or who at the vendor said so."
        ),
    )

    def __init__(self, data: Any, definition: FactDefinition, *, value: Any = None, edition: int = 0) -> None:
        self._definition = definition
        super().__init__(data, initial={"value": _typed(definition, value), "edition": edition})
        self.fields["value"] = _field(definition)
        self.order_fields(["value", "reason"])

    @property
    def value(self) -> Any:
        """The value as the service takes it; what cannot be read stays a text, which the service refuses."""
        return _read(self._definition, str(self.cleaned_data["value"]))


def _field(definition: FactDefinition) -> forms.Field:
    label = _("Value")
    if definition.kind is FactKind.BOOL:
        choices = [("true", _("yes")), ("false", _("no"))]
    elif definition.choices:
        choices = [(each, each) for each in definition.choices]
    else:
        hints = {
            FactKind.LIST: _("A JSON list."),
            FactKind.INT: _("A whole number."),
            FactKind.FLOAT: _("A number."),
        }
        widget = forms.TextInput(attrs={"class": "form-control code-field", "spellcheck": "false"})
        return forms.CharField(
            label=label,
            max_length=4000,
            required=definition.kind is not FactKind.STR,
            widget=widget,
            help_text=hints.get(definition.kind, ""),
        )
    return forms.ChoiceField(
        label=label, choices=choices, widget=forms.Select(attrs={"class": "form-select"})
    )


def _typed(definition: FactDefinition, value: Any) -> str:
    if definition.kind is FactKind.STR:
        return str(value)
    if isinstance(value, tuple):
        items = [
            {"match": each.match, "per_second": each.per_second, "burst": each.burst}
            if hasattr(each, "match")
            else each
            for each in value
        ]
        return json.dumps(items)
    return json.dumps(value)


def _read(definition: FactDefinition, text: str) -> Any:
    if definition.kind is FactKind.STR:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def fact(request: HttpRequest, application_id: UUID, name: str) -> HttpResponse:
    """Ask for the value of a fact, and keep it."""
    definition = FACTS.get(name)
    if definition is None:
        raise Http404
    context = frame(request, application_id, "settings") | {"definition": definition}
    application = context["application"]
    value = getattr(dialect_of(application), name)
    context["now"] = in_words(value)
    if request.method != "POST":
        form = FactForm(None, definition, value=value, edition=application.version)
        return render(request, "console/application_settings/fact.html", context | {"form": form})
    form = FactForm(request.POST, definition)
    if form.is_valid():
        try:
            overrule_fact(
                application.id, name, form.value, reason=form.cleaned_data["reason"],
                actor=actor_of(request), version=form.cleaned_data["edition"],
            )  # fmt: skip
        except REFUSALS as refusal:
            if is_conflict(refusal):
                form.data = {
                    **{key: request.POST[key] for key in request.POST},
                    "edition": str(application.version),
                }
            place_errors(form, refusal, {f"facts/{name}": "value"})
        else:
            notices.done(
                request,
                _("%(name)s goes by what you said from now on: %(fact)s %(value)s.")
                % {"name": application.name, "fact": name, "value": in_words(form.value)},
            )
            return gone_to(request, _facts(application_id))
    return render(request, "console/application_settings/fact.html", context | {"form": form}, status=REFUSED)


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def restore(request: HttpRequest, application_id: UUID, name: str) -> HttpResponse:
    """Take back what an administrator has said."""
    try:
        restore_fact(application_id, name, actor=actor_of(request))
        notices.done(
            request,
            _("What was said of %(fact)s was taken back: the profile and what was learned count again.")
            % {"fact": name},
        )
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    return redirect(_facts(application_id))


def _facts(application_id: UUID) -> str:
    return f"{reverse('application-settings', args=[application_id])}#facts"
