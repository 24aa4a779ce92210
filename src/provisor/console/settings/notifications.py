"""Notices: where they go, what is the matter now, what became of each; and whether e-mail can leave at all."""

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.audit.record import record
from provisor.console import notices
from provisor.console.guard import actor_of, may, requires
from provisor.console.keyset import page_of
from provisor.notices import queries
from provisor.notices.events import EVENTS
from provisor.provisioning.homes.home import engine_runs

#: Reasons that are shown at once.
_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.READ)
def notifications(request: HttpRequest) -> HttpResponse:
    """Everything about notices, and (POST, for owners) a test message to oneself."""
    account = request.user
    assert isinstance(account, Account)
    may_test = may(request, Permission.MANAGE_ACCESS)
    if request.method == "POST":
        if not may_test:
            return HttpResponse(_("Only an owner may send a test message."), status=403)
        _test(request, account)
        return redirect("notifications")
    context = {
        "is_set": settings.EMAIL_IS_SET,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "may_test": may_test,
        "channels": [(each, [EVENTS[name].label for name in each.events if name in EVENTS]) for each in queries.channels()],
        "reasons": queries.lasting_reasons()[:_SHOWN],
        "page": page_of(queries.deliveries(), request, "-id"),
        "engine_runs": engine_runs(),
        **_server(),
    }  # fmt: skip
    return render(request, "console/settings/notifications.html", context)


def _server() -> dict[str, object]:
    """Where messages go first; the password stays where it is."""
    if not settings.EMAIL_IS_SET:
        return {}
    secure = "TLS" if settings.EMAIL_USE_SSL else "STARTTLS" if settings.EMAIL_USE_TLS else ""
    return {"host": settings.EMAIL_HOST, "port": settings.EMAIL_PORT, "secure": secure, "signs_in": bool(settings.EMAIL_HOST_USER)}  # fmt: skip


def _test(request: HttpRequest, account: Account) -> None:
    if not settings.EMAIL_IS_SET:
        notices.refused(
            request, _("No mail server is set, so nothing was sent. Set PROVISOR_EMAIL_URL and restart.")
        )
        return
    with transaction.atomic():
        record(actor_of(request), "email.tested", subject_id=account.pk, subject_label=account.email)
    try:
        send_mail(
            _("Test message of Provisor"),
            _("This is the test message that you asked for. E-mail of Provisor arrives here."),
            settings.DEFAULT_FROM_EMAIL,
            [account.email],
        )
    except (SMTPException, OSError) as error:
        said = _(
            "The mail server did not take the message: %(reason)s. Check PROVISOR_EMAIL_URL and PROVISOR_EMAIL_FROM."
        )
        notices.refused(request, said % {"reason": _reason(error)})
    else:
        said = _(
            "The mail server took a message to %(email)s. Look whether it arrives, in the folder for spam too."
        )
        notices.done(request, said % {"email": account.email})


def _reason(error: Exception) -> str:
    """What the server said, in one line and of a length that a notice takes."""
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
