"""Creating and replacing many users at once, in runs of one transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from provisor.audit.actor import Actor
from provisor.audit.record import Act, record, record_many
from provisor.directory import journal, names
from provisor.directory.changes import change, refuse_stale
from provisor.directory.documents import USER_COLUMNS, differences, fill_user
from provisor.directory.everyone import everyone
from provisor.directory.journal import Line, Touch
from provisor.directory.models import Membership, Pending, User
from provisor.directory.protection import let_go
from provisor.directory.queries import users
from provisor.directory.references import existing_managers, manager_of, name_is_taken
from provisor.directory.refusal import DirectoryRefusal, RefusalKind
from provisor.directory.schema import ResourceSchema, normalise, user_schema
from provisor.directory.statements import columns_of, insert, update
from provisor.directory.values import shown
from provisor.identifiers import uuid7

#: Users of one transaction: large enough to be quick, small enough that other writers get their turn in between.
RUN = 1000

#: A refused item: its index in the list that was given, and why.
Refused = tuple[int, DirectoryRefusal]
#: A user as read, and the normalised document they shall have.
Replacement = tuple[User, dict[str, Any]]


@dataclass(slots=True, kw_only=True)
class BulkOutcome:
    """What became of a list: the index of each created user with their id, and of each refused one with why."""

    created: dict[int, UUID] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


def create_users(
    resources: Sequence[dict[str, Any]], *, actor: Actor, ids: Sequence[UUID] | None = None
) -> BulkOutcome:
    """Create users from RFC 7643 resources, all that can be: a refused one holds up no other.

    Each run of 1,000 is one transaction with one audit entry; every user has a journal entry of their own. `ids` are
    the ids they shall have, one for each resource, so that a manager may be one who comes before in the list; left
    out, new ones are made. Put a transaction around the call to have all or nothing.
    """
    schema = user_schema()
    outcome = BulkOutcome()
    for start in range(0, len(resources), RUN):
        with change():
            run = _Run(
                start, resources[start : start + RUN], None if ids is None else ids[start : start + RUN]
            )
            _create(run.read(schema), outcome, actor)
            outcome.refused += run.refused
    return outcome


class _Run:
    """The part of a list that goes in one transaction."""

    def __init__(self, start: int, resources: Sequence[dict[str, Any]], ids: Sequence[UUID] | None) -> None:
        self.start = start
        self.resources = resources
        self.ids = ids
        self.refused: list[Refused] = []

    def read(self, schema: ResourceSchema) -> dict[int, User]:
        """Return the users that can be created, by their index in the whole list."""
        documents = self._free(self._documents(schema))
        managers = existing_managers(documents.values())
        now = timezone.now()
        made: dict[int, User] = {}
        for index, document in documents.items():
            user = User(id=self._id(index), created_at=now, updated_at=now)
            try:
                fill_user(user, document, manager_of(document, user.id, managers))
            except DirectoryRefusal as refusal:
                self.refused.append((index, refusal))
            else:
                made[index] = user
                managers.add(user.id)
        self.refused.sort(key=lambda item: item[0])
        return made

    def _id(self, index: int) -> UUID:
        return uuid7() if self.ids is None else self.ids[index - self.start]

    def _documents(self, schema: ResourceSchema) -> dict[int, dict[str, Any]]:
        documents: dict[int, dict[str, Any]] = {}
        for index, resource in enumerate(self.resources, self.start):
            try:
                documents[index] = normalise(resource, schema)
            except DirectoryRefusal as refusal:
                self.refused.append((index, refusal))
        return documents

    def _free(self, documents: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """Leave out those whose name a user of the directory, or one before in the list, has."""
        keys = {index: names.fold(document["userName"]) for index, document in documents.items()}
        taken = users().filter(user_name_key__in=list(keys.values()))
        holders = dict(taken.values_list("user_name_key", "user_name"))
        free: dict[int, dict[str, Any]] = {}
        for index, document in documents.items():
            holder = holders.get(keys[index])
            if holder is None:
                holders[keys[index]] = document["userName"]
                free[index] = document
            else:
                self.refused.append((index, name_is_taken(document["userName"], holder)))
        return free


def _create(made: dict[int, User], outcome: BulkOutcome, actor: Actor) -> None:
    if not made:
        return
    fresh = list(made.values())
    group_id = everyone().id
    columns = tuple(columns_of(User))
    insert(User, columns, ([getattr(user, column) for column in columns] for user in fresh))
    insert(Membership, ("group_id", "user_id"), ((group_id, user.id) for user in fresh))
    lines = [_created(user, group_id) for user in fresh]
    journal.record_many("user.created", actor=actor, lines=lines)
    ids = [str(user.id) for user in fresh]
    record(actor, "users.created", after={"count": len(ids), "users": ids})
    outcome.created.update({index: user.id for index, user in made.items()})


def _created(user: User, group_id: UUID) -> Line:
    touched = (
        Touch(kind=Pending.Kind.USER, subject_id=user.id),
        Touch(kind=Pending.Kind.MEMBER, subject_id=group_id, other_id=user.id),
    )
    return Line(subject_id=user.id, detail={"userName": user.user_name}, touched=touched)


def replace_users(
    replacements: Sequence[Replacement], *, actor: Actor, event: str = "user.updated"
) -> list[Refused]:
    """Give each user their new document, if it differs; return those who were changed or deleted since they were read.

    Documents are normalised, and their user names differ from the old ones in spelling at most. Each run of 1,000 is
    one transaction, in which every user has a journal entry and an audit entry. Put a transaction around the call
    to have all or nothing.
    """
    refused: list[Refused] = []
    for start in range(0, len(replacements), RUN):
        with change():
            run = dict(enumerate(replacements[start : start + RUN], start))
            refused += _replace(run, actor, event)
    return refused


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A user with the document they get, and what differs."""

    user: User
    document: dict[str, Any]
    manager_id: UUID | None
    before: dict[str, Any]
    after: dict[str, Any]


def _replace(run: dict[int, Replacement], actor: Actor, event: str) -> list[Refused]:
    versions = dict(users().filter(id__in=[user.id for user, _ in run.values()]).values_list("id", "version"))
    managers = existing_managers(document for _, document in run.values())
    refused: list[Refused] = []
    changes: list[_Change] = []
    for index, (user, document) in run.items():
        try:
            _refuse_changed(user, versions)
            changes.append(_change(user, document, managers))
        except DirectoryRefusal as refusal:
            refused.append((index, refusal))
    _write([one for one in changes if one.before or one.after], actor, event)
    return refused


def _change(user: User, document: dict[str, Any], managers: set[UUID]) -> _Change:
    document.setdefault("active", user.active)
    manager_id = manager_of(document, user.id, managers)
    before, after = differences(user.resource, document)
    return _Change(user=user, document=document, manager_id=manager_id, before=before, after=after)


def _refuse_changed(user: User, versions: dict[UUID, int]) -> None:
    current = versions.get(user.id)
    if current is None:
        reason = f"The user {shown(user.user_name)} was deleted in the meantime."
        raise DirectoryRefusal("userName", reason, RefusalKind.MISSING)
    read, user.version = user.version, current
    refuse_stale(user, read, "user")


def _write(changes: list[_Change], actor: Actor, event: str) -> None:
    if not changes:
        return
    let_go([one.user.id for one in changes if one.user.active and not one.document["active"]])
    for one in changes:
        fill_user(one.user, one.document, one.manager_id)
    _update_rows([one.user for one in changes])
    journal.record_many(event, actor=actor, lines=[_updated(one) for one in changes])
    record_many(actor, [_act(one, event) for one in changes])


def _updated(change: _Change) -> Line:
    user = change.user
    return Line(
        subject_id=user.id,
        detail={"userName": user.user_name, "attributes": sorted({*change.before, *change.after})},
        touched=(Touch(kind=Pending.Kind.USER, subject_id=user.id),),
    )


def _act(change: _Change, event: str) -> Act:
    user = change.user
    return Act(
        act=event,
        subject_id=str(user.id),
        subject_label=user.user_name,
        before=change.before,
        after=change.after,
    )


def _update_rows(changed: list[User]) -> None:
    now = timezone.now()
    for user in changed:
        user.version += 1
        user.updated_at = now
    columns = (*USER_COLUMNS, "version", "updated_at")
    update(User, columns, ([getattr(user, column) for column in (*columns, "id")] for user in changed))
