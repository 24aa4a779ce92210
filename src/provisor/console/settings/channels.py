"""Where notices go: add, change, try and remove an e-mail address or a webhook."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.guard import actor_of, requires
from provisor.console.refusals import REFUSALS, is_conflict, place_errors, sentence_of
from provisor.console.settings.channel_forms import ChannelForm, EmailForm, WebhookForm
from provisor.notices import channels as services
from provisor.notices.models import Channel
from provisor.notices.trying import send_test

_WRONG = 422


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
def add_email(request: HttpRequest) -> HttpResponse:
    """Let notices go to an e-mail address."""
    form = EmailForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            channel = services.add_email(form.cleaned_data["address"], form.events, actor=actor_of(request))
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            notices.done(request, _("Notices go to %(address)s from now on.") % {"address": channel.address})
            return redirect("notifications")
    return _form(request, form, "email")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
def add_webhook(request: HttpRequest) -> HttpResponse:
    """Let notices go to a webhook. The answer to the form is the one page that ever shows its secret."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            channel, secret = services.add_webhook(
                form.cleaned_data["url"], form.events, actor=actor_of(request)
            )
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            context = {"channel": channel, "secret": secret}
            answer = render(request, "console/settings/hook_secret.html", context, status=201)
            answer.headers["Cache-Control"] = "no-store"
            return answer
    return _form(request, form, "webhook")


def _form(request: HttpRequest, form: forms.Form, kind: str) -> HttpResponse:
    context = {"form": form, "kind": kind}
    return render(
        request, "console/settings/add_channel.html", context, status=_WRONG if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
def change(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Choose what a channel hears of."""
    channel = _found(channel_id)
    form = ChannelForm(request.POST if request.method == "POST" else None, channel)
    if request.method == "POST" and form.is_valid():
        try:
            services.choose_events(
                channel_id, form.events, enabled=form.cleaned_data["enabled"],
                actor=actor_of(request), version=form.cleaned_data["edition"],
            )  # fmt: skip
        except REFUSALS as refusal:
            if is_conflict(refusal):
                form.data = {**request.POST.dict(), "edition": str(channel.version)}
            place_errors(form, refusal)
        else:
            notices.done(request, _("What goes to %(address)s was changed.") % {"address": channel.address})
            return redirect("notifications")
    context = {"form": form, "channel": channel}
    return render(
        request, "console/settings/change_channel.html", context, status=_WRONG if form.errors else 200
    )


@require_POST
@requires(Permission.MANAGE_ACCESS)
def try_out(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Put a test notice on its way; what came of it is in the list of deliveries."""
    channel = _found(channel_id)
    send_test(channel, actor=actor_of(request))
    said = _("A test notice is on its way to %(address)s. What came of it is under Deliveries in a moment.")
    notices.done(request, said % {"address": channel.address})
    return redirect("notifications")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
def remove(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Ask, then forget the channel."""
    channel = _found(channel_id)
    if request.method != "POST":
        return render(request, "console/settings/remove_channel.html", {"channel": channel})
    try:
        services.remove_channel(channel_id, actor=actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        notices.done(request, _("Nothing goes to %(address)s any more.") % {"address": channel.address})
    return redirect("notifications")


def _found(channel_id: UUID) -> Channel:
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise Http404
    return channel
