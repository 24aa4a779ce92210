"""The tab Sign-in: single sign-on switched on, changed, given another secret and switched off; and who signed in."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access.models import Opening
from provisor.access.permissions import Permission
from provisor.applications import single_sign_on
from provisor.applications.refusals import ConfigurationRefusal
from provisor.console import notices
from provisor.console.application_sign_in.forms import SingleSignOnForm
from provisor.console.applications.frame import frame
from provisor.console.guard import actor_of, requires
from provisor.console.mapping.access import refuse_readers
from provisor.console.my.wording import methods_in_words
from provisor.console.refusals import place_errors, sentence_of

_WRONG = 422
#: The latest sign-ins that the page lists.
_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.READ)
def sign_in(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Show it; a POST saves it. The secret is on the page that follows the first saving, and never again."""
    context = frame(request, application_id, "sign-in")
    application = context["application"]
    if request.method != "POST":
        return _page(request, context, SingleSignOnForm(None, single_sign_on.find(application.pk)))
    refuse_readers(request)
    form = SingleSignOnForm(request.POST, single_sign_on.find(application.pk))
    if not form.is_valid():
        return _page(request, context, form, status=_WRONG)
    try:
        row, secret = single_sign_on.configure(application.pk, form.cleaned_data, actor=actor_of(request))
    except ConfigurationRefusal as refusal:
        place_errors(form, refusal)
        return _page(request, context, form, status=_WRONG)
    if secret:
        return _page(request, context, SingleSignOnForm(None, row), secret=secret)
    notices.done(request, _("Single sign-on of %(name)s was saved.") % {"name": application.name})
    return redirect("application-sign-in", application_id)


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def renew(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Another secret, shown this once; the old one has ended."""
    context = frame(request, application_id, "sign-in")
    try:
        row, secret = single_sign_on.renew_secret(application_id, actor=actor_of(request))
    except ConfigurationRefusal as refusal:
        notices.refused(request, sentence_of(refusal))
        return redirect("application-sign-in", application_id)
    return _page(request, context, SingleSignOnForm(None, row), secret=secret)


@require_POST
@requires(Permission.MANAGE_APPLICATIONS)
def switch_off(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """End the client and all its tokens."""
    try:
        single_sign_on.remove(application_id, actor=actor_of(request))
    except ConfigurationRefusal as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, _("Single sign-on is off: its client and every token of it have ended."))
    return redirect("application-sign-in", application_id)


def _page(
    request: HttpRequest,
    context: dict[str, Any],
    form: SingleSignOnForm,
    *,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    application = context["application"]
    origin = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    openings = Opening.objects.filter(application_id=application.pk).select_related("user").order_by("-at")
    more = {
        "form": form,
        "found": single_sign_on.find(application.pk),
        "secret": secret,
        "issuer": origin,
        "discovery": f"{origin}{reverse('idp:oidc:configuration')}",
        "openings": [(row, methods_in_words(row.methods)) for row in openings[:_SHOWN]],
    }
    return render(request, "console/application_sign_in/page.html", {**context, **more}, status=status)
