"""One page with every part that the pages are made of, so that a look at it is a look at them all."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.console.forms import ConsoleForm
from provisor.console.guard import requires
from provisor.provisioning.models import Link

_LONG = "A name that is far too long for its column, as some directories have them, and longer still"


class _Sample(ConsoleForm):
    name = forms.CharField(label="Name", help_text="As people know it.", max_length=40)
    address = forms.URLField(label="SCIM base URL", initial="ftp://example.com", assume_scheme="https")
    method = forms.ChoiceField(
        label="Login method", choices=[("password", "password"), ("magic_link", "magic link")]
    )
    push = forms.BooleanField(
        label="Push the group", help_text="The group itself is made there.", required=False
    )
    note = forms.CharField(label="Expression", widget=forms.Textarea(attrs={"rows": 2}), required=False)


@require_safe
@requires(Permission.READ)
def samples(request: HttpRequest) -> HttpResponse:
    """Parts with made-up values; nothing here is read from the directory."""
    form = _Sample({"name": "", "address": "ftp://example.com", "method": "password"})
    context = {
        "form": form,
        "states": [
            *Link.State.values,
            "well",
            "paused",
            "refused",
            "misbehaving",
            "unreachable",
            "throttled",
        ],
        "counts": {"in_sync": 940, "due": 32, "held": 14, "failed": 3, "conflict": 1, "waiting": 10},
        "values": [0, 3, 12, 40, 38, 22, 9, 0, 0, 2, 60, 61],
        "long": _LONG,
        "now": timezone.now(),
        "label": _("Requests per minute"),
    }
    return render(request, "console/shell/samples.html", context)
