"""Reading for a rehearsal: the touched links of one application, as they stand at one moment."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from provisor.applications.models import Application
from provisor.mapping.problems import MappingRefused
from provisor.planning.operation import Kind, Known
from provisor.provisioning.brake import brake
from provisor.provisioning.fold.grants import Grants, read_grants
from provisor.provisioning.keys import Key, to_key, to_text
from provisor.provisioning.passes import engine_sql as sql
from provisor.provisioning.passes.context import Context, declared_attributes
from provisor.provisioning.passes.delete_after import expire
from provisor.provisioning.passes.phases import Phase
from provisor.provisioning.passes.take import read_link
from provisor.provisioning.passes.work import DueLink
from provisor.provisioning.rehearsal import rehearsal_sql
from provisor.provisioning.rehearsal.rehearsal_context import context_of

#: In the order of a pass.
BRAKED = (Phase.ACCOUNT_REMOVALS, Phase.MEMBER_REMOVALS, Phase.GROUP_DELETIONS)
#: Identifiers of one statement: both databases take more.
MARKS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One link without what it is rendered from: enough to plan for a leaver, not for a change of attributes."""

    id: int
    kind: Kind
    local_id: Key
    in_scope: bool
    cause: str
    state: str
    known: Known
    #: The application confirmed that the account is not active.
    inactive: bool
    name: str
    #: In scope although no policy brings its user: the membership switch is off.
    frozen: bool
    excluded: bool

    @property
    def is_due(self) -> bool:
        """Whether a pass would look at it, or would have held it."""
        return self.state in {"due", "held"}

    @property
    def is_live(self) -> bool:
        """Whether an account of ours is there, active as far as is known."""
        return self.known.remote_id is not None and not self.known.observed_only and not self.inactive


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStanding:
    """One member with whom something is to be done in one pushed group."""

    link_id: int
    user_id: Key
    #: The field of `Counts`: members_added, members_removed or members_held.
    count: str
    has_account: bool
    name: str
    group: str


@dataclass(slots=True, kw_only=True)
class Moment:
    """One application at one moment: what a pass would find."""

    #: None when a pass could not begin, or the application is not there; `problem` says why.
    context: Context | None
    problem: str = ""
    standings: dict[int, Standing] = field(default_factory=dict)
    #: The links whose plan depends on their values, with everything that they are rendered from.
    links: dict[int, DueLink] = field(default_factory=dict)
    grants: Grants = field(default_factory=dict)
    members: dict[tuple[int, Key], MemberStanding] = field(default_factory=dict)


class Reader:
    """Reads applications of one rehearsal at one moment. What they share is read once for all of them."""

    def __init__(self, cursor: Any, applications: Sequence[Application], now: int) -> None:
        self._cursor, self._now = cursor, now
        self._custom = declared_attributes() if applications else []
        self._removals = _removals(cursor, [to_key(each.id) for each in applications])

    def after(self, application: Application, floor: int) -> Moment:
        """Read what the change touched: the links that entries after journal entry `floor` made due.

        Lets expire what would, and applies the brake, as a pass does.
        """
        cursor, where = self._cursor, [to_key(application.id), floor]
        resting = application.delete_after_days is not None
        if resting:
            cursor.execute(rehearsal_sql.REST, where)
        moment = self._begin(application)
        if resting:
            cursor.execute(rehearsal_sql.REST_NO_MORE, where)
        moment.standings = _standings(cursor, moment.context, rehearsal_sql.TOUCHED, where)
        if moment.context is not None:
            _read_links(cursor, moment, moment.context, _to_plan(moment, moment.context))
            _read_members(cursor, moment, moment.context)
        return moment

    def before(self, application: Application | None, after: Moment) -> Moment:
        """Read how the same links stood before the change."""
        if application is None:
            return Moment(context=None)
        moment = self._begin(application, after.context)
        for some in _cut(list(after.standings)):
            moment.standings |= _standings(self._cursor, moment.context, _these(some), some)
        if moment.context is not None:
            due = (id_ for id_ in after.links if id_ in moment.standings and moment.standings[id_].is_due)
            _read_links(self._cursor, moment, moment.context, due)
            _read_members(self._cursor, moment, moment.context)
        return moment

    def _begin(self, application: Application, known: Context | None = None) -> Moment:
        """Let expire what would, and apply the brake. `known` is the context of the other moment."""
        try:
            context = known if _is_of(known, application) else context_of(application, self._custom)
        except MappingRefused as refused:
            return Moment(context=None, problem=str(refused))
        assert context is not None
        resting = application.delete_after_days is not None
        if resting:
            expire(self._now)
        for phase in BRAKED:
            if resting or (context.key, phase) in self._removals:
                brake.hold_what_crosses(self._cursor, context, phase, self._now)
        return Moment(context=context)


def _is_of(context: Context | None, application: Application) -> bool:
    """Whether it is the context of this application still: every change of one counts its version up."""
    return context is not None and context.version == application.version


def _removals(cursor: Any, applications: Sequence[Key]) -> set[tuple[Key, int]]:
    """Return the applications and phases in which anything is to be removed: of others nothing can be held."""
    if not applications:
        return set()
    cursor.execute(rehearsal_sql.REMOVALS.format(marks=_marks(applications)), [*applications, *applications])
    return {(application, phase) for application, phase in cursor.fetchall()}


def _standings(
    cursor: Any, context: Context | None, where: str, values: Sequence[Any]
) -> dict[int, Standing]:
    frozen = rehearsal_sql.FROZEN if context is not None and not context.membership else "FALSE"
    document = "u.resource" if context is not None and context.protects else "NULL"
    select = rehearsal_sql.STANDINGS.format(frozen=frozen, document=document)
    cursor.execute(select + where, values)
    return {row[0]: _standing(row, context) for row in cursor.fetchall()}


def _standing(row: Sequence[Any], context: Context | None) -> Standing:
    id_, kind, local_id, in_scope, cause, state, remote_id, origin, doubt, active, name, frozen = row[:12]
    return Standing(
        id=id_, kind=kind, local_id=local_id, in_scope=bool(in_scope), cause=cause, state=state,
        known=_known(remote_id, origin, doubt, active), inactive=_is_false(active), name=name or to_text(local_id),
        frozen=bool(frozen), excluded=context is not None and _is_excluded(context, local_id, row[12], row[13]),
    )  # fmt: skip


def _known(remote_id: str | None, origin: str, doubt: Any, active: Any) -> Known:
    """Return what planning a leaver asks of a link."""
    written: dict[str, Any] = _loaded(doubt) or {}
    return Known(
        remote_id=remote_id,
        sent=None if active is None else {"active": not _is_false(active)},
        doubt=frozenset(written.get("paths", ())),
        created_in_doubt=bool(written.get("create")),
        deleted_in_doubt=bool(written.get("delete")),
        observed_only=origin == "observed",
    )


def _is_false(active: Any) -> bool:
    """Read a boolean taken out of JSON: SQLite gives 0, PostgreSQL the word."""
    return active in (0, "false")


def _is_excluded(context: Context, local_id: Key, active: Any, document: Any) -> bool:
    if document is None:
        return False
    return context.excluded({**_loaded(document), "id": to_text(local_id), "active": bool(active)})


def _loaded(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def _to_plan(moment: Moment, context: Context) -> Iterator[int]:
    """Yield the links whose plan needs rendering."""
    return (each.id for each in moment.standings.values() if needs_rendering(each, context))


def needs_rendering(standing: Standing, context: Context) -> bool:
    """Tell whether the plan depends on the values that the mapping renders."""
    alone = standing.excluded or standing.state == "held" or standing.known.observed_only
    return standing.in_scope and not alone and context.dialect.has(standing.kind)


def _read_links(cursor: Any, moment: Moment, context: Context, ids: Iterable[int]) -> None:
    for some in _cut(list(ids)):
        cursor.execute(f"{sql.LINKS} {_these(some)}", some)
        links = [read_link(row) for row in cursor.fetchall()]
        moment.links |= {link.id: link for link in links}
        people = [link.local_id for link in links if link.kind == "user"]
        moment.grants |= read_grants(cursor, context, people)


def _read_members(cursor: Any, moment: Moment, context: Context) -> None:
    if not (context.membership and context.dialect.groups):
        return
    groups = [each.id for each in moment.standings.values() if each.kind == "group" and each.in_scope]
    for some in _cut(groups):
        cursor.execute(rehearsal_sql.MEMBERS.format(marks=_marks(some)), some)
        for link_id, user_id, wanted, held, has_account, name, group in cursor.fetchall():
            moment.members[link_id, user_id] = MemberStanding(
                link_id=link_id, user_id=user_id, count=_count(wanted, held), has_account=bool(has_account),
                name=name or to_text(user_id), group=group,
            )  # fmt: skip


def _count(wanted: Any, held: Any) -> str:
    if wanted:
        return "members_added"
    return "members_held" if held else "members_removed"


def _cut(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + MARKS] for start in range(0, len(ids), MARKS))


def _these(ids: Collection[int]) -> str:
    return rehearsal_sql.THESE.format(marks=_marks(ids))


def _marks(ids: Collection[object]) -> str:
    return ", ".join(["%s"] * len(ids))
