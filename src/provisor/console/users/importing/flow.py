"""The steps of an import, the same for users and groups: upload, preview, import."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisor.access.models import Account
from provisor.console import notices
from provisor.console.forms import ConsoleForm
from provisor.console.guard import actor_of
from provisor.console.long_work.reading import Standing, standing
from provisor.console.long_work.running import progress_of
from provisor.console.refusals import place_errors
from provisor.console.users.importing import doing, files
from provisor.console.users.importing.files import Upload
from provisor.console.users.importing.kinds import Kind
from provisor.console.users.importing.preview import preview
from provisor.directory.csv_file import LARGEST_FILE
from provisor.directory.csv_import import FileRefused

_MIB = 1024**2


class UploadForm(ConsoleForm):
    """The file. What is in it is judged by the preview."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        allow_empty_file=True,
        help_text=gettext_lazy("UTF-8, separated by commas, semicolons or tabs; at most 64 MiB."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        error_messages={"required": gettext_lazy("Choose a file first.")},
    )

    def clean_file(self) -> Any:
        """Refuse one that is too large before anything is kept of it."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            size = f"{file.size / _MIB:,.0f}"
            raise forms.ValidationError(
                _("The file has %(size)s MiB, and 64 MiB is the most. Cut it into several files.")
                % {"size": size}
            )
        return file


def answer(request: HttpRequest, kind: Kind) -> HttpResponse:
    """The page of the import, or what was posted there."""
    if request.method == "POST" and request.POST.get("act") in {"import", "discard"}:
        return _decided(request, kind)
    if request.method == "POST":
        return _uploaded(request, kind)
    if "file" not in request.GET:
        return _page(request, kind, UploadForm())
    upload = _upload(request, kind, request.GET["file"])
    if upload is None:
        return _gone(request, kind)
    work = _work_of(upload)
    if work is not None and work.work.kind == doing.import_kind(kind) and not work.running:
        # What it would do now is another thing than before the import that broke off.
        _read(request, kind, upload)
        return redirect(doing.address_of(kind, upload))
    preview_of = upload.note.get("preview")
    context = {
        "kind": kind,
        "upload": upload,
        "preview": preview_of,
        "numbers": _numbers(preview_of) if preview_of else {},
        "standing": work,
    }
    return render(request, "console/users/import_preview.html", context)


def _numbers(found: dict[str, Any]) -> dict[str, str]:
    """Return the counts of a preview as people read them, with `changes` for what an import would touch."""
    counts = found["counts"] | {"refused": found["refused_count"]}
    counts["changes"] = sum(found["counts"][name] for name in ("created", "updated", "deleted"))
    return {name: f"{count:,}" for name, count in counts.items()}


def _page(request: HttpRequest, kind: Kind, form: UploadForm, status: int = 200) -> HttpResponse:
    context = {"kind": kind, "form": form, "columns": kind.columns()}
    return render(request, "console/users/import.html", context, status=status)


def _uploaded(request: HttpRequest, kind: Kind) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, kind, form, 422)
    file = form.cleaned_data["file"]
    upload = files.keep(file, account=_account(request).pk, kind=kind.name)
    try:
        _read(request, kind, upload)
    except FileRefused as refusal:
        upload.discard()
        place_errors(form, refusal)
        return _page(request, kind, form, 422)
    return redirect(doing.address_of(kind, upload))


def _read(request: HttpRequest, kind: Kind, upload: Upload) -> None:
    """Make the preview: within the answer, or of a long file in a work. Raises `FileRefused`."""
    if upload.size > doing.AT_ONCE:
        upload.remember(preview=None)
        upload.remember(work=str(doing.start_preview(kind, upload, _account(request)).pk))
    else:
        found = preview(kind, upload.read(), actor=actor_of(request))
        upload.remember(preview=found, work=None)


def _work_of(upload: Upload) -> Standing | None:
    return standing(upload.note["work"]) if upload.note.get("work") else None


def _decided(request: HttpRequest, kind: Kind) -> HttpResponse:
    upload = _upload(request, kind, request.POST.get("file", ""))
    if upload is None:
        return _gone(request, kind)
    if _is_busy(upload):
        return redirect("work", upload.note["work"])
    if request.POST["act"] == "discard":
        upload.discard()
        notices.done(request, _("%(name)s was discarded. Nothing was imported.") % {"name": upload.name})
        return redirect(kind.address)
    all_or_nothing = bool(request.POST.get("all_or_nothing"))
    work = doing.start_import(kind, upload, _account(request), all_or_nothing=all_or_nothing)
    return redirect("work", work.pk)


def _is_busy(upload: Upload) -> bool:
    """A second click finds the work of the first."""
    work = _work_of(upload)
    return work is not None and progress_of(work.work.pk) is not None


def _gone(request: HttpRequest, kind: Kind) -> HttpResponse:
    notices.mind(
        request,
        _(
            "That file is not here any more: it was imported, discarded, or older than a day. Choose it again."
        ),
    )
    return redirect(kind.address)


def _upload(request: HttpRequest, kind: Kind, text: str) -> Upload | None:
    return files.found(text, account=_account(request).pk, kind=kind.name)


def _account(request: HttpRequest) -> Account:
    assert isinstance(request.user, Account)
    return request.user
