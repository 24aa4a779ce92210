"""Adding a user, and changing one."""

from collections.abc import Sequence
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from provisor.access.permissions import Permission
from provisor.console import notices
from provisor.console.guard import actor_of, requires
from provisor.console.refusals import REFUSALS, is_conflict, place_errors
from provisor.console.users.choosing import group_boxes
from provisor.console.users.editions import changes_since
from provisor.console.users.forms import UserForm, initial_of, user_form
from provisor.directory import names
from provisor.directory.changes import change
from provisor.directory.memberships import add_members
from provisor.directory.models import User
from provisor.directory.queries import as_id, get_user, users
from provisor.directory.refusal import DirectoryRefusal
from provisor.directory.users import create_user, replace_user
from provisor.provisioning.rehearsal.rehearsal import rehearse, sentence


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def add_user(request: HttpRequest) -> HttpResponse:
    """A new user, into groups at once; says which applications they reach."""
    form = user_form()(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = _added(request, form)
        if added is not None:
            return redirect("user", added.id)
    return _page(request, form, boxes=group_boxes(request.POST.getlist("groups")))


def _added(request: HttpRequest, form: UserForm) -> User | None:
    document = form.document()
    joined = f"{form.cleaned_data['given_name']} {form.cleaned_data['family_name']}".strip()
    if joined and not document.get("displayName"):
        document["displayName"] = joined
    chosen = [one for text in request.POST.getlist("groups") if (one := as_id(text)) is not None]

    def create() -> User:
        with change():
            user = create_user(document, actor=actor_of(request))
            for group_id in chosen:
                add_members(group_id, [user.id], actor=actor_of(request))
        return user

    try:
        told = sentence(rehearse(create, detail=0))
        user = create()
    except REFUSALS as refusal:
        place_errors(form, refusal, form.places)
        return None
    notices.done(request, _("%(name)s was added. %(reach)s") % {"name": _called(user), "reach": told})
    return user


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_DIRECTORY)
def edit_user(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Change a user; of two who change the same, the second is told."""
    try:
        user = get_user(user_id)
    except DirectoryRefusal as refusal:
        raise Http404(refusal.reason) from None
    made = user_form(edition=True)
    if request.method != "POST":
        return _page(request, made(initial=initial_of(user, made)), user=user)
    form = made(request.POST)
    if form.is_valid():
        try:
            return _changed(request, form, user)
        except REFUSALS as refusal:
            if is_conflict(refusal):
                return _conflict(request, made, user_id)
            place_errors(form, refusal, form.places)
    return _page(request, form, user=user)


def _changed(request: HttpRequest, form: UserForm, user: User) -> HttpResponse:
    document, edition = form.document(user.resource), form.cleaned_data["edition"]

    def replace() -> User:
        return replace_user(user.id, document, actor=actor_of(request), version=edition)

    told = sentence(rehearse(replace, detail=0))
    changed = replace()
    if changed.version == edition:
        notices.done(request, _("Nothing was different, so nothing was changed."))
    else:
        notices.done(
            request, _("%(name)s was changed. %(reach)s") % {"name": _called(changed), "reach": told}
        )
    return redirect("user", user.id)


def _conflict(request: HttpRequest, made: type[UserForm], user_id: UUID) -> HttpResponse:
    """Keep what was typed, say what the other one changed, and let the next save overwrite it knowingly."""
    user = get_user(user_id)
    data = request.POST.copy()
    seen = data.get("edition", "")
    data["edition"] = str(user.version)
    form = made(data)
    changes = changes_since(user, int(seen), made, data)
    return _page(request, form, user=user, changes=changes, status=409)


def _page(
    request: HttpRequest,
    form: UserForm,
    *,
    user: User | None = None,
    boxes: Sequence[object] = (),
    changes: Sequence[object] = (),
    status: int | None = None,
) -> HttpResponse:
    form.is_valid()
    context = {
        "form": form,
        "person": user,
        "boxes": boxes,
        "changes": changes,
        "holder": _holder(form, user),
    }
    answer = 422 if form.is_bound and form.errors else 200
    return render(request, "console/users/user_form.html", context, status=status or answer)


def _holder(form: UserForm, user: User | None) -> User | None:
    """Return whose the user name is, when the form has it from somebody else."""
    text = str(form["user_name"].value() or "").replace("\0", "")
    if not form.is_bound or "user_name" not in form.errors or not text:
        return None
    found = users().filter(user_name_key=names.fold(text))
    return found.exclude(id=user.id).first() if user else found.first()


def _called(user: User) -> str:
    return user.display_name or user.user_name
