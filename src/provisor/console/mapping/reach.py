"""What a change of an application would do to all its accounts: the rehearsal, and the first ones attribute by attribute."""

import hashlib
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisor.applications.applications import update_application
from provisor.applications.models import Application
from provisor.audit.actor import Actor
from provisor.console.mapping.preview import shown
from provisor.planning.operation import Operation
from provisor.provisioning.fold.grants import read_grants
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.context import load_context
from provisor.provisioning.passes.group_work import plan_group_attributes
from provisor.provisioning.passes.take import read_link
from provisor.provisioning.passes.user_work import plan_user_work
from provisor.provisioning.passes.work import DueLink
from provisor.provisioning.rehearsal.rehearsal import LIMIT, Reach, Rehearsal, rehearse, sentence
from provisor.scim.path import MISSING

#: Accounts that are shown attribute by attribute.
SHOWN: Final = 20
#: From so many accounts on, a change is asked about before it is saved.
LARGE: Final = 25

_CHANGED: Final = ("updates", "reactivates", "groups_updated")
_DESTRUCTIVE: Final = ("deletes", "deactivates", "groups_deleted", "held", "members_removed", "failed")
_BUILDING: Final = (
    "creates",
    "adopts",
    "updates",
    "reactivates",
    "groups_created",
    "groups_updated",
    "members_added",
    "reached",
)


_TOUCHED: Final = (
    *(name for name in _BUILDING if name != "members_added"),
    "deletes",
    "deactivates",
    "groups_deleted",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One attribute of one account; None where there is no value."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account or group that would be changed."""

    name: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldChange:
    """What saving would do. `seal` stands for exactly this effect: a confirmation counts only for it."""

    sentence: str
    accounts: tuple[Account, ...]
    #: Names of those for whom nothing could be sent any more, and of those who would get an account.
    failing: tuple[str, ...]
    created: tuple[str, ...]
    #: How exact it is, in words; "" where everything was planned.
    bounds: str
    asks: bool
    seal: str
    #: The words of the button that saves it.
    button: str


def would_change(
    application: Application,
    changes: Mapping[str, Any],
    actor: Actor,
    *,
    version: int | None = None,
    may_loosen: bool = False,
) -> WouldChange:
    """Rehearse saving these changes. Raises what the service raises; nothing is written."""
    rehearsal = rehearse(
        lambda: update_application(
            application.id, changes, actor=actor, version=version, may_loosen=may_loosen
        ),
        detail=SHOWN,
    )
    reach = next((each for each in rehearsal.reaches if each.application_id == application.id), None)
    text = sentence(rehearsal)
    return WouldChange(
        sentence=text,
        accounts=tuple(_accounts(application, changes, reach)) if reach else (),
        failing=_names(reach, "failed"),
        created=_names(reach, "creates"),
        bounds=_bounds(rehearsal),
        asks=asks(rehearsal, reach),
        seal=hashlib.sha256(text.encode()).hexdigest()[:16],
        button=_button(rehearsal),
    )


def asks(rehearsal: Rehearsal, reach: Reach | None) -> bool:
    """Whether a person should see the number once more: it takes something away, or it is large, and it is sent."""
    if reach is None or reach.mode == "observe":
        return False
    totals = rehearsal.totals
    takes = any(getattr(totals, name) for name in _DESTRUCTIVE)
    return takes or sum(getattr(totals, name) for name in _BUILDING) >= LARGE


def _bounds(rehearsal: Rehearsal) -> str:
    if not rehearsal.planned or rehearsal.planned >= rehearsal.touched:
        return ""
    counts = {"planned": f"{rehearsal.planned:,}", "touched": f"{rehearsal.touched:,}", "limit": f"{LIMIT:,}"}
    return (
        _(
            "The first %(planned)s of %(touched)s accounts and groups were planned exactly; the others count as at most."
        )
        % counts
    )


def _names(reach: Reach | None, count: str) -> tuple[str, ...]:
    return tuple(named.name for named in reach.names.get(count, ())) if reach else ()


def _accounts(application: Application, changes: Mapping[str, Any], reach: Reach) -> Iterator[Account]:
    """Plan the first ones by the planner of the pass, with the settings as they would be."""
    ids = [named.link_id for count in _CHANGED for named in reach.names.get(count, ()) if named.link_id][
        :SHOWN
    ]
    if not ids:
        return
    draft = copy(application)
    for name, value in changes.items():
        old = getattr(application, name)
        setattr(draft, name, {**old, **value} if isinstance(old, dict) else value)
    context = load_context(draft)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql.LINKS} WHERE l.id IN ({', '.join(['%s'] * len(ids))}) ORDER BY l.id", ids)
        links = [read_link(row) for row in cursor.fetchall()]
        grants = read_grants(cursor, context, [link.local_id for link in links if link.kind == "user"])
    for link in links:
        work = (
            plan_user_work(context, link, grants)
            if link.kind == "user"
            else plan_group_attributes(context, link)
        )
        if work.plan.operation is not None:
            yield Account(name=link.name, differences=tuple(_differences(link, work.plan.operation)))


def _differences(link: DueLink, operation: Operation) -> Iterator[Difference]:
    sent = link.sent or {}
    for change in operation.changes:
        yield Difference(
            path=change.path,
            before=shown(sent[change.path]) if change.path in sent else None,
            after=None if change.value is MISSING or change.value is None else shown(change.value),
        )


def _button(rehearsal: Rehearsal) -> str:
    """What the button says that saves all the same: with the number, as every act does."""
    count = sum(getattr(rehearsal.totals, name) for name in _TOUCHED)
    if not count:
        return _("Save all the same")
    words = ngettext(
        "Save and change %(count)s account or group", "Save and change %(count)s accounts and groups", count
    )
    return words % {"count": f"{count:,}"}
