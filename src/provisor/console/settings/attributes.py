"""Custom attributes of users and groups: the list, declaring, describing, removing."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.forms import ConsoleForm
from provisor.console.guard import actor_of, requires
from provisor.console.keyset import page_of
from provisor.console.refusals import REFUSALS, place_errors, sentence_of
from provisor.directory import attributes as services
from provisor.directory.models import CustomAttribute

_WRONG = 422
_EXAMPLE = "urn:example:params:scim:schemas:extension:acme:2.0:User"


class AttributeForm(ConsoleForm):
    """A new attribute of an extension schema (RFC 7643, section 6)."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("As mappings call it, such as “badgeNumber”."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "spellcheck": "false"}),
    )
    resource_type = forms.ChoiceField(label=gettext_lazy("Of"), choices=[("User", gettext_lazy("users")), ("Group", gettext_lazy("groups"))])  # fmt: skip
    schema = forms.CharField(
        label=gettext_lazy("Schema"),
        max_length=240,
        help_text=gettext_lazy("A URN of your own; attributes of one schema belong together."),
        widget=forms.TextInput(attrs={"class": "code-field", "autocomplete": "off", "spellcheck": "false"}),
    )
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=CustomAttribute.Type.choices)
    multi_valued = forms.BooleanField(label=gettext_lazy("It may have several values"), required=False)
    description = forms.CharField(label=gettext_lazy("Description"), required=False, max_length=2000)


class DescriptionForm(ConsoleForm):
    """Another description; name and type stay, since users may have values."""

    description = forms.CharField(label=gettext_lazy("Description"), required=False, max_length=2000)


@require_safe
@requires(Permission.READ)
def attribute_list(request: HttpRequest) -> HttpResponse:
    """Every custom attribute, by schema and name."""
    page = page_of(CustomAttribute.objects.all(), request, "schema", "name")
    return render(request, "console/settings/attributes.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def add_attribute(request: HttpRequest) -> HttpResponse:
    """Declare an attribute; its schema is the one that was used last, until another is typed."""
    last = CustomAttribute.objects.order_by("-id").values_list("schema", flat=True).first()
    form = AttributeForm(
        request.POST if request.method == "POST" else None, initial={"schema": last or _EXAMPLE}
    )
    if request.method == "POST" and form.is_valid():
        try:
            attribute = services.declare_attribute(**form.cleaned_data, actor=actor_of(request))
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            notices.done(request, _("The attribute “%(name)s” can be used now.") % {"name": attribute.name})
            return redirect("attributes")
    return render(
        request, "console/settings/add_attribute.html", {"form": form}, status=_WRONG if form.errors else 200
    )


def _found(attribute_id: UUID) -> CustomAttribute:
    attribute = CustomAttribute.objects.filter(pk=attribute_id).first()
    if attribute is None:
        raise Http404
    return attribute


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def describe(request: HttpRequest, attribute_id: UUID) -> HttpResponse:
    """Change the description."""
    attribute = _found(attribute_id)
    form = DescriptionForm(
        request.POST if request.method == "POST" else None, initial={"description": attribute.description}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.describe_attribute(
                attribute_id, form.cleaned_data["description"], actor=actor_of(request)
            )
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            notices.done(request, _("“%(name)s” is described anew.") % {"name": attribute.name})
            return redirect("attributes")
    context = {"form": form, "attribute": attribute}
    return render(
        request, "console/settings/describe_attribute.html", context, status=_WRONG if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def remove(request: HttpRequest, attribute_id: UUID) -> HttpResponse:
    """Ask, and say how many have a value; then remove the declaration."""
    attribute = _found(attribute_id)
    if request.method != "POST":
        holders = services.holders_of(attribute).count()
        return render(
            request, "console/settings/remove_attribute.html", {"attribute": attribute, "holders": holders}
        )
    try:
        services.remove_attribute(attribute_id, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, _("The attribute “%(name)s” was removed.") % {"name": attribute.name})
    return redirect("attributes")
