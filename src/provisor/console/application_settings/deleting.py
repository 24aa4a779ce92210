"""Delete an application: what stays and what goes, in numbers, and its name typed to confirm."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from provisor.access.permissions import Permission
from provisor.applications.applications import delete_application
from provisor.applications.models import Application
from provisor.applications.own_targets import is_open
from provisor.console import notices
from provisor.console.application_settings.page import REFUSED, gone_to
from provisor.console.application_settings.reading import belongings
from provisor.console.applications.frame import frame
from provisor.console.forms import ConsoleForm, EditionMixin
from provisor.console.guard import actor_of, requires
from provisor.console.refusals import REFUSALS, is_conflict, sentence_of
from provisor.directory.names import fold


class DeleteForm(EditionMixin, ConsoleForm):
    """The name of the application, typed."""

    name = forms.CharField(
        label=gettext_lazy("Type the name of the application to confirm"),
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Any, application: Application) -> None:
        super().__init__(data, initial={"edition": application.version})
        self._name = application.name

    def clean_name(self) -> str:
        """Refuse another name; upper and lower case make no difference."""
        name = str(self.cleaned_data["name"])
        if fold(name) != fold(self._name):
            raise forms.ValidationError(
                _("The application is called “%(name)s”. Nothing was deleted."), params={"name": self._name}
            )
        return name


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_APPLICATIONS)
def delete(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Ask, then delete. Its accounts stay as they are over there."""
    context = frame(request, application_id, "settings")
    application: Application = context["application"]
    form = DeleteForm(request.POST if request.method == "POST" else None, application)
    if request.method == "POST" and form.is_valid():
        own = is_open(application.id, application.base_url)
        try:
            delete_application(application.id, actor=actor_of(request), version=form.cleaned_data["edition"])
        except REFUSALS as refusal:
            if is_conflict(refusal):
                form.data = {
                    **{key: request.POST[key] for key in request.POST},
                    "edition": str(application.version),
                }
            form.add_error(None, sentence_of(refusal))
        else:
            said = (
                _("%(name)s was deleted, and its test target with it.")
                if own
                else _("%(name)s was deleted here. Its accounts stay as they are there.")
            )
            notices.done(request, said % {"name": application.name})
            return gone_to(request, reverse("apps"))
    own = is_open(application.id, application.base_url)
    context |= {"form": form, "belongings": belongings(application), "own_target": own}
    status = REFUSED if form.errors else 200
    return render(request, "console/application_settings/delete.html", context, status=status)
