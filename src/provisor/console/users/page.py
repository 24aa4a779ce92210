"""One user's page."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from provisor.access.permissions import Permission
from provisor.console.guard import requires
from provisor.console.users.person import read_person
from provisor.console.users.signing_in import read_signing_in
from provisor.console.users.timeline import read_timeline
from provisor.directory.models import User


@require_safe
@requires(Permission.READ)
def user_page(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Profile, groups, applications and timeline; of a deleted user what is left."""
    user = User.objects.select_related("manager", "account").filter(id=user_id).first()
    if user is None:
        raise Http404(
            _("There is no such user. Who was deleted goes once no application has the account any more.")
        )
    person = read_person(user)
    groups = [each.group.id for each in person.direct if not each.group.is_everyone]
    context = {
        "person": person,
        "signing_in": read_signing_in(user, [each.application for each in person.applications]),
        "timeline": read_timeline(user.id, groups, request.GET.get("before", "")),
        "is_newest": "before" not in request.GET,
    }
    return render(request, "console/users/user.html", context)
