"""The works of an import: reading a long file for its preview, and doing it."""

from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.access.models import Account
from provisor.access.principals import of_account
from provisor.console.long_work.results import result
from provisor.console.long_work.running import Progress, start
from provisor.console.models import Work
from provisor.console.users.importing.files import Upload
from provisor.console.users.importing.kinds import Kind
from provisor.console.users.importing.preview import preview
from provisor.directory.csv_import import Report

#: Bytes of a file that is read within the answer; a longer one is a work.
AT_ONCE: Final = 128 * 1024


def address_of(kind: Kind, upload: Upload) -> str:
    """The page of an uploaded file."""
    return f"{reverse(kind.address)}?file={upload.id}"


def import_kind(kind: Kind) -> str:
    """The kind of the work that imports."""
    return f"import-{kind.name}"


def start_preview(kind: Kind, upload: Upload, account: Account) -> Work:
    """Read a long file in a work; its note gets the preview."""
    actor = of_account(account).actor

    def read(_progress: Progress) -> dict[str, Any]:
        upload.remember(preview=preview(kind, upload.read(), actor=actor))
        links = [(_("See what it would do"), address_of(kind, upload))]
        return result(_("The file was read. Nothing was imported yet."), links=links)

    title = _("Reading %(name)s") % {"name": upload.name}
    return start(f"import-{kind.name}-preview", title, account, {"again": reverse(kind.address)}, read)


def start_import(kind: Kind, upload: Upload, account: Account, *, all_or_nothing: bool) -> Work:
    """Import the file in a work; the file is deleted when it is done."""
    actor = of_account(account).actor

    def work(progress: Progress) -> dict[str, Any]:
        report = kind.run(upload.read(), actor=actor, all_or_nothing=all_or_nothing, progress=progress)
        upload.discard()
        return _result(kind, report, all_or_nothing=all_or_nothing)

    order = {
        "file": upload.name,
        "all_or_nothing": all_or_nothing,
        "again": address_of(kind, upload),
        "stopped": _stopped(all_or_nothing=all_or_nothing),
    }
    title = _("Importing %(name)s") % {"name": upload.name}
    begun = start(import_kind(kind), title, account, order, work)
    upload.remember(work=str(begun.pk))
    return begun


def _stopped(*, all_or_nothing: bool) -> str:
    if all_or_nothing:
        return _("Nothing was written.")
    return _("What was done stays. Imported again, the file goes on with the rest.")


def _result(kind: Kind, report: Report, *, all_or_nothing: bool) -> dict[str, Any]:
    again = () if not report.refused else ((_("Import a corrected file"), reverse(kind.address)),)
    return result(
        _sentence(report, all_or_nothing=all_or_nothing),
        links=[(str(kind.list_title), reverse(kind.listed)), *again],
        caption=_("Lines that were left out"),
        header=[_("Line"), _("Why"), _("What to do")],
        rows=[(one.line, one.reason, one.hint) for one in report.refused],
    )


def _sentence(report: Report, *, all_or_nothing: bool) -> str:
    refused = ngettext(
        "%(count)s line was refused", "%(count)s lines were refused", len(report.refused)
    ) % {"count": f"{len(report.refused):,}"}  # fmt: skip
    if all_or_nothing and report.refused:
        return _("Nothing was imported: %(refused)s, and you asked for all or nothing.") % {
            "refused": refused
        }
    counts = {
        "created": f"{report.created:,}",
        "updated": f"{report.updated:,}",
        "deleted": f"{report.deleted:,}",
        "unchanged": f"{report.unchanged:,}",
    }
    done = (
        _("%(created)s new, %(updated)s changed, %(deleted)s deleted, %(unchanged)s were so already") % counts
    )
    return f"{done}; {refused}." if report.refused else f"{done}."
