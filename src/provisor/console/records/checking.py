"""Verifying the audit record: started here, done beside the answers, and its outcome kept for the page."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from provisor.access.models import Account
from provisor.access.permissions import Permission
from provisor.audit.anchoring import known_anchors
from provisor.audit.anchors import AnchorsUnreadableError
from provisor.audit.models import AuditHead
from provisor.audit.verify import Verification, verify
from provisor.console.forms import ConsoleForm
from provisor.console.guard import requires
from provisor.console.long_work.results import result
from provisor.console.long_work.running import Progress, start
from provisor.console.models import Work
from provisor.notices.audited import note_verification

KIND: Final = "audit-verify"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class VerifyForm(ConsoleForm):
    """The head of an earlier check, if somebody kept one."""

    anchor = forms.CharField(
        label=gettext_lazy("Head of an earlier check"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Kept outside of Provisor, it shows also whether the end was cut off and re-written since."),
        widget=forms.TextInput(attrs={"class": "code-field", "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip

    def clean_anchor(self) -> str:
        """Return the digest in lower case."""
        text: str = self.cleaned_data["anchor"].strip().lower()
        if text and not _DIGEST.fullmatch(text):
            raise ValidationError(
                _("A head has 64 characters, 0 to 9 and a to f. Copy the whole of it, or leave it out.")
            )
        return text


@dataclass(frozen=True, slots=True)
class Check:
    """What is known of the chain: how long it is now, and how the latest verification ended."""

    entries: int
    #: Entries that were found whole; None while nobody has verified it here.
    verified: int | None = None
    ok: bool = False
    problem: str = ""
    head: str = ""
    at: datetime | None = None

    @property
    def since(self) -> int:
        """Entries that came after the verification."""
        return max(self.entries - (self.verified or 0), 0)


def latest_check() -> Check:
    """The chain as it was last verified from the console; two queries."""
    entries = AuditHead.objects.filter(id=1).values_list("entries", flat=True).first() or 0
    work = (
        Work.objects.filter(kind=KIND, state=Work.State.FINISHED).order_by("-started_at").only("result", "ended_at").first()
    )  # fmt: skip
    if work is None or "verified" not in work.result:
        return Check(entries)
    found = work.result
    return Check(entries, found["verified"], found["ok"], found["problem"], found["head"], work.ended_at)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.READ_AUDIT)
def verify_audit(request: HttpRequest) -> HttpResponse:
    """Ask for an anchor, then verify the whole chain; its progress and outcome have a page of their own."""
    form = VerifyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, Account)
        anchor = form.cleaned_data["anchor"]
        work = start(
            KIND,
            _("Verify the audit record"),
            request.user,
            {"anchor": anchor},
            lambda step: _verify(step, anchor),
        )
        return redirect("work", work.id)
    context = {"form": form, "check": latest_check()}
    return render(request, "console/records/verify.html", context, status=422 if form.errors else 200)


def _verify(progress: Progress, anchor: str) -> dict[str, Any]:
    """Read the whole chain; it can be stopped at any time, since nothing is written."""
    try:
        anchors = known_anchors()
    except AnchorsUnreadableError as error:
        found = Verification(ok=False, entries=0, problem=str(error))
    else:
        found = verify(anchor=anchor, anchors=anchors, progress=progress)
    note_verification(found)
    progress.done = progress.total = found.entries
    told = result(_said(found), links=[(_("To the audit record"), reverse("audit"))])
    return {**told, "ok": found.ok, "verified": found.entries, "problem": found.problem, "head": found.head}


def _said(found: Verification) -> str:
    if not found.ok:
        return _("The audit record is broken. %(problem)s") % {"problem": found.problem}
    return _("The audit record is whole: %(count)s entries. Its head is %(head)s. Keep the head outside of Provisor.") % {
        "count": f"{found.entries:,}",
        "head": found.head,
    }  # fmt: skip
