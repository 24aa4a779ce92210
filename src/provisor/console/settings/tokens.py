"""API tokens: the list, making one (shown once), and revoking."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from provisor.access import tokens as services
from provisor.access.models import Account, Token
from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.guard import actor_of, confirmed, may, requires
from provisor.console.keyset import page_of
from provisor.console.refusals import REFUSALS, place_errors, sentence_of
from provisor.console.settings import bounds
from provisor.console.settings.access_forms import TokenForm


def _account(request: HttpRequest) -> Account:
    assert isinstance(request.user, Account)
    return request.user


@require_safe
@requires(Permission.READ)
def token_list(request: HttpRequest) -> HttpResponse:
    """One's own tokens, the newest first; with `?whose=all` everybody's, for those who may see that."""
    account = _account(request)
    sees_all = may(request, Permission.READ_AUDIT)
    everybody = sees_all and request.GET.get("whose") == "all"
    found = Token.objects.select_related("account")
    page = page_of(found if everybody else found.filter(account=account), request, "-id")
    said = bounds.told(page.rows)
    context = {
        "page": page,
        "rows": [(one, said[one.pk]) for one in page.rows],
        "sees_all": sees_all,
        "everybody": everybody,
        "now": timezone.now(),
    }
    return render(request, "console/settings/tokens.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ISSUE_TOKENS)
@confirmed
def create_token(request: HttpRequest) -> HttpResponse:
    """Make a token. The answer to the form is the one page that ever shows it: it is kept nowhere."""
    account = _account(request)
    for_others = may(request, Permission.MANAGE_ACCESS)
    form = TokenForm(request.POST if request.method == "POST" else None, account, for_others=for_others)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            token, plain = services.issue(
                given.get("account") or account, given["name"], given["role"], actor_of(request), expires_at=form.expires_at(),
                use=given["use"] or Token.Use.ALL, applications=bounds.asked(form),
            )  # fmt: skip
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            answer = render(
                request,
                "console/settings/token_shown.html",
                {"token": token, "plain": plain, "said": bounds.told([token])[token.pk]},
                status=201,
            )
            answer.headers["Cache-Control"] = "no-store"
            return answer
    return render(
        request, "console/settings/create_token.html", {"form": form}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ISSUE_TOKENS)
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Ask, then end the token at once and for good. Those of others are for whoever manages access."""
    account = _account(request)
    token = Token.objects.select_related("account").filter(pk=token_id).first()
    if token is None:
        raise Http404
    if token.account_id != account.pk and not may(request, Permission.MANAGE_ACCESS):
        raise PermissionDenied
    if request.method != "POST":
        return render(request, "console/settings/revoke_token.html", {"token": token})
    try:
        services.revoke(token_id, actor_of(request))
    except REFUSALS as refusal:
        notices.refused(request, sentence_of(refusal))
    else:
        said = _("The token “%(name)s” is revoked: what uses it is refused from now on.")
        notices.done(request, said % {"name": token.name})
    return redirect("tokens")
