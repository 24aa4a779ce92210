"""Inviting people of the directory to My apps: one from their page, or everybody of a group who has no account yet."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.access.portal_accounts import invite, invite_all, without_account
from provisor.console import notices
from provisor.console.guard import actor_of, requires
from provisor.console.long_work.results import result
from provisor.console.long_work.running import Progress, start
from provisor.console.refusals import REFUSALS, sentence_of
from provisor.directory.everyone import everyone
from provisor.directory.models import Group
from provisor.directory.names import fold
from provisor.directory.queries import groups, users

_WRONG = 422


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
def invite_user(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Ask, then write to them. Where no e-mail can leave, the link is shown this once, to be handed over."""
    user = users().filter(pk=user_id).first()
    if user is None:
        raise Http404
    context: dict[str, Any] = {"person": user, "mail": settings.EMAIL_IS_SET}
    if request.method != "POST":
        return render(request, "console/users/invite.html", context)
    try:
        invitation = invite(user.pk, actor_of(request), origin=_origin(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
        return redirect("user", user_id)
    if not settings.EMAIL_IS_SET:
        return render(request, "console/users/invited.html", {**context, "invitation": invitation})
    said = _("A letter is on its way to %(email)s.") % {"email": invitation.account.email}
    notices.done(request, said)
    return redirect("user", user_id)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
def invite_group(request: HttpRequest) -> HttpResponse:
    """Say how many would be written to, then do it as a work that can be watched and stopped."""
    name = (request.POST.get("to_group") or request.GET.get("to_group") or "").replace("\0", "").strip()
    group = _group(name)
    count = without_account(group.pk).count() if group else 0
    context = {"name": name, "group": group, "count": count, "mail": settings.EMAIL_IS_SET}
    if request.method != "POST" or group is None or not settings.EMAIL_IS_SET:
        wrong = request.method == "POST"
        return render(request, "console/users/invite_group.html", context, status=_WRONG if wrong else 200)
    if request.POST.get("seen") != str(count):
        return render(
            request, "console/users/invite_group.html", {**context, "overtaken": True}, status=_WRONG
        )
    return _start(request, group)


def _start(request: HttpRequest, group: Group) -> HttpResponse:
    assert isinstance(request.user, Account)
    ids = list(without_account(group.pk).order_by("user_name_key").values_list("id", flat=True))
    actor, origin = actor_of(request), _origin(request)

    def work(progress: Progress) -> dict[str, Any]:
        outcome = invite_all(ids, actor, origin=origin, report=progress)
        invited = outcome.pop("", 0)
        rows = [[reason, count] for reason, count in outcome.most_common()]
        return result(
            _invited(invited),
            links=[(_("Users"), reverse("users"))],
            header=[_("Not invited, because"), _("Users")],
            rows=rows,
        )

    title = _("Invite %(group)s to My apps") % {"group": group.display_name}
    order = {"group": group.display_name, "users": len(ids), "stopped": _("Who was invited stays invited.")}
    begun = start("users-invite", title, request.user, order, work)
    return redirect("work", begun.pk)


def _invited(count: int) -> str:
    return ngettext("%(count)s user was invited.", "%(count)s users were invited.", count) % {
        "count": f"{count:,}"
    }


def _group(name: str) -> Group | None:
    return groups().filter(display_name_key=fold(name)).first() if name else everyone()


def _origin(request: HttpRequest) -> str:
    return str(settings.PUBLIC_URL) or request.build_absolute_uri("/").rstrip("/")
