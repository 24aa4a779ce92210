"""The accounts and groups of an application: searched, filtered, paged, exported."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from provisor.console import words
from provisor.console.applications.named import Named, groups_called, names_of, users_called
from provisor.console.forms import ConsoleForm
from provisor.console.keyset import Page, page_of
from provisor.directory.queries import as_id
from provisor.provisioning.drift.group_deletion import is_left_there
from provisor.provisioning.models import Kind, Link

#: States that another try may help.
RETRIED: Final = frozenset({"failed", "conflict", "missing", "due", "waiting", "excluded"})
_CHUNK: Final = 1_000


class LinkFilter(ConsoleForm):
    """What the list shows; a reason is that of the overview, word for word."""

    q = forms.CharField(label=_("Name or id"), required=False, max_length=255)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Every state")), *((name, words.state(name)) for name in Link.State.values)],
    )
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=4_000, widget=forms.HiddenInput, strip=False
    )


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One account or group, with its name in the directory."""

    link: Link
    named: Named | None

    @property
    def name(self) -> str:
        return self.named.name if self.named else str(self.link.local_id)

    @property
    def left_there(self) -> bool:
        """Whether it is a group that no policy pushes any more, and that stays there."""
        return is_left_there(self.link) and self.link.cause != Link.Cause.DELETED

    @property
    def leaves(self) -> bool:
        """Whether it is still to be taken away."""
        return self.link.state not in (Link.State.RELEASED, Link.State.MISSING)

    @property
    def can_retry(self) -> bool:
        """Whether another try may help."""
        return self.link.state in RETRIED - {"excluded"}


def links_of(application_id: UUID, kind: str, form: LinkFilter) -> QuerySet[Link]:
    """The links that the filter asks for; a wrong value of the filter is left out."""
    form.is_valid()
    chosen = form.cleaned_data
    found = Link.objects.filter(application=application_id, kind=kind)
    if chosen.get("state"):
        found = found.filter(state=chosen["state"])
    if chosen.get("reason"):
        found = found.filter(reason=chosen["reason"])
    if text := (chosen.get("q") or "").strip():
        found = _called(found, kind, text)
    return found


def _called(found: QuerySet[Link], kind: str, text: str) -> QuerySet[Link]:
    """Keep those whose name, or id here or there, the text is. With OR between them SQLite reads every link."""
    by_id = as_id(text)
    there = found.filter(remote_id=text)
    if by_id is not None:
        here = found.filter(local_id=by_id)
    else:
        called: QuerySet[Any] = users_called(text) if kind == Kind.USER else groups_called(text)
        here = found.filter(local_id__in=called.values("id"))
    return found.filter(id__in=here.values("id").union(there.values("id")))


def page_of_links(found: QuerySet[Link], request: HttpRequest, *, narrowed: bool) -> Page[Link]:
    """One page, in an order that the index of what is asked for has already."""
    found = found.defer("sent", "observed", "intent", "doubt")
    return page_of(found, request, "id") if narrowed else page_of(found, request, "local_id")


def rows_of(links: Iterable[Link]) -> list[LinkRow]:
    """Links with their names; one query for all of them."""
    kept = list(links)
    names = names_of(each.local_id for each in kept)
    return [LinkRow(each, names.get(each.local_id)) for each in kept]


HEADER: Final = (
    "name", "display name", "id here", "id there", "state", "reason", "in scope", "cause", "origin", "tries", "changed",
)  # fmt: skip


def lines_of(found: QuerySet[Link]) -> Iterator[list[Any]]:
    """Rows of the export, read in parts while they are sent."""
    found = found.defer("sent", "observed", "intent", "doubt").order_by("id")
    last = 0
    while part := rows_of(found.filter(id__gt=last)[:_CHUNK]):
        for row in part:
            link = row.link
            yield [
                row.name, row.named.note if row.named else "", link.local_id, link.remote_id, words.state(link.state),
                link.reason, "yes" if link.in_scope else "no", link.cause, link.origin, link.attempts,
                moment(link.changed_at),
            ]  # fmt: skip
        last = part[-1].link.id


def moment(milliseconds: int | None) -> str:
    """Unix milliseconds as ISO 8601 in UTC; empty where there is none."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="seconds") if milliseconds else ""  # fmt: skip
