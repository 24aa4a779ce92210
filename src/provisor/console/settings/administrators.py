"""Who may sign in here: the list, and adding somebody."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from provisor.access.accounts import create_account
from provisor.access.models import Account, Role
from provisor.access.permissions import Permission
from provisor.access.rules import second_factor_required
from provisor.console import notices
from provisor.console.guard import actor_of, confirmed, requires
from provisor.console.keyset import page_of
from provisor.console.refusals import REFUSALS, place_errors
from provisor.console.settings import bounds
from provisor.console.settings.access_forms import AddAdministratorForm
from provisor.console.settings.roles import labels, table


@require_safe
@requires(Permission.READ_AUDIT)
def administrators(request: HttpRequest) -> HttpResponse:
    """Every account that administers by e-mail, and what each role may do."""
    text = request.GET.get("q", "").replace("\0", "").strip().lower()[:100]
    found = (
        Account.objects.exclude(role=Role.MEMBER)
        .select_related("directory_user")
        .annotate(live_tokens=Count("tokens", filter=Q(tokens__revoked_at=None)))
    )
    if text:
        found = found.filter(Q(email__contains=text) | Q(name__icontains=text))
    page = page_of(found, request, "email")
    said = bounds.told(page.rows)
    rows = [(one, said[one.pk]) for one in page.rows]
    context = {"page": page, "rows": rows, "text": text, "roles": labels(), "table": table()}
    context["second_factor_required"] = second_factor_required()
    return render(request, "console/settings/administrators.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_ACCESS)
@confirmed
def add_administrator(request: HttpRequest) -> HttpResponse:
    """A new account with its role and first password."""
    form = AddAdministratorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            account = create_account(
                given["email"],
                given["password"],
                given["role"],
                actor_of(request),
                name=given["name"],
                applications=bounds.asked(form),
            )
        except REFUSALS as refusal:
            place_errors(form, refusal)
        else:
            said = _("%(email)s can sign in now, as %(role)s.")
            notices.done(request, said % {"email": account.email, "role": account.get_role_display()})
            return redirect("administrators")
    context = {"form": form, "roles": labels(), "table": table()}
    return render(
        request, "console/settings/add_administrator.html", context, status=422 if form.errors else 200
    )
